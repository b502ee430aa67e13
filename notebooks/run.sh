#!/usr/bin/env bash
# run.sh [FOLDER [NOTEBOOK...]]: executes the notebooks (all of them) without a browser and writes
# them with their outputs into FOLDER (runs/notebooks). Fails if any cell does.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/jupyter.sh"
find_jupyter nbconvert
write_kernel
output=${1:-runs/notebooks}
mkdir -p "$output"
output=$(cd "$output" && pwd)
shift || true
if [ $# -eq 0 ]; then
  set -- "$home"/notebooks/*.ipynb
fi
for notebook in "$@"; do
  "$jupyter" nbconvert --to notebook --execute --ExecutePreprocessor.kernel_name=convoy-java \
    --ExecutePreprocessor.startup_timeout=180 --ExecutePreprocessor.timeout=180 \
    --output-dir "$output" "$notebook"
done
