#!/usr/bin/env bash
# registry.sh [OPTIONS]: see registry.sh --help and conf/registry.yaml.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/submit.sh" registry "$@"
