#!/usr/bin/env bash
# watch.sh RUN [OPTIONS]: see watch.sh --help and conf/watch.yaml.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/submit.sh" watch "$@"
