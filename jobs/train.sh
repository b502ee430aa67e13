#!/usr/bin/env bash
# train.sh [OPTIONS]: see train.sh --help and conf/train.yaml.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/submit.sh" train "$@"
