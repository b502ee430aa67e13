#!/usr/bin/env bash
# describe.sh [OPTIONS]: see describe.sh --help and conf/describe.yaml. Starts no Spark.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/submit.sh" describe "$@"
