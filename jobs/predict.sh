#!/usr/bin/env bash
# predict.sh [OPTIONS]: see predict.sh --help and conf/predict.yaml.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/submit.sh" predict "$@"
