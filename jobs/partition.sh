#!/usr/bin/env bash
# partition.sh [OPTIONS]: see partition.sh --help and conf/partition.yaml.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/submit.sh" partition "$@"
