#!/usr/bin/env bash
# draw.sh [OPTIONS]: see draw.sh --help and conf/draw.yaml.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/submit.sh" draw "$@"
