#!/usr/bin/env bash
# demo.sh [FOLDER]: the main job from nothing. Draws 4,600 pictures of ten shapes, partitions them,
# trains two members by parameter averaging on two workers, and evaluates both and their ensemble.
# Run again with the same folder (runs/demo), it goes on where it was stopped.
set -euo pipefail
jobs=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
conf="$jobs/../conf"
folder=${1:-runs/demo}

if [ ! -f "$folder/shapes/manifest.json" ]; then
  "$jobs/draw.sh" --set output="$folder/pictures"
  "$jobs/partition.sh" --config "$conf/partition/demo.yaml" \
    --set source.path="$folder/pictures" --set output="$folder/shapes"
fi
for member in 1 2; do
  "$jobs/train.sh" --config "$conf/train/demo.yaml" --set dataset="$folder/shapes" \
    --set seed="$member" --run "$folder/member-$member"
done
"$jobs/evaluate.sh" --set dataset="$folder/shapes" --set split=test \
  --set members="[$folder/member-1, $folder/member-2]" --run "$folder/evaluation"
