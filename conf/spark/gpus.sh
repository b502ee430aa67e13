#!/usr/bin/env bash
# The GPUs of this machine as Spark wants to be told: {"name": "gpu", "addresses": ["0", "1"]}.
set -euo pipefail
numbers=$(nvidia-smi --query-gpu=index --format=csv,noheader | sed 's/.*/"&"/' | paste -sd, -)
echo "{\"name\": \"gpu\", \"addresses\": [$numbers]}"
