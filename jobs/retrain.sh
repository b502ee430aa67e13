#!/usr/bin/env bash
# retrain.sh [OPTIONS]: see retrain.sh --help and conf/retrain.yaml.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/submit.sh" retrain "$@"
