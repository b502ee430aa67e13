#!/usr/bin/env bash
# bench.sh [OPTIONS]: see bench.sh --help and conf/bench.yaml.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/submit.sh" bench "$@"
