#!/usr/bin/env bash
# start.sh [OPTIONS OF JUPYTER]: opens the notebooks in Jupyter Lab, or in its predecessor where that
# is what the machine has, on this machine's loopback address.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/jupyter.sh"
find_jupyter lab notebook
write_kernel
exec "$jupyter" "$part" --ip=127.0.0.1 --notebook-dir="$home/notebooks" "$@"
