#!/usr/bin/env bash
# evaluate.sh [OPTIONS]: see evaluate.sh --help and conf/evaluate.yaml.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/submit.sh" evaluate "$@"
