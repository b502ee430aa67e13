#!/usr/bin/env bash
# cluster.sh start [--workers N] [--cores N] [--memory SIZE] [--port PORT] | stop | status
# A real Spark standalone master and workers on this machine's loopback address, from the embedded
# Spark. Stops only what it started, by the process ids that it wrote down.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/spark-home.sh"
use_embedded_spark
export OMP_NUM_THREADS=1
# Not below target: mvn clean must not lose the ids of what runs.
state=${CONVOY_CLUSTER_DIR:-${TMPDIR:-/tmp}/convoy-cluster-$(id -un)}

usage() {
  sed -n '2,4s/^# //p' "${BASH_SOURCE[0]}" >&2
  exit 2
}

running() { # every process that was started and still runs: name and id
  local file
  for file in "$state"/*.pid; do
    # An id may have gone to another process since.
    if [ -f "$file" ] && grep -qs org.apache.spark.deploy "/proc/$(cat "$file")/cmdline"; then
      echo "$(basename "$file" .pid) $(cat "$file")"
    fi
  done
}

launch() { # name, class, arguments: a process in the background, its id and log in the state folder
  local name=$1
  shift
  (cd "$state" && exec setsid "$java" -Xmx512m -Djava.awt.headless=true \
    "-Dlog4j2.configurationFile=file:$home/conf/spark/daemon-log4j2.properties" \
    -cp "$SPARK_HOME/jars/*" "$@" >"$state/$name.log" 2>&1 </dev/null) &
  echo $! >"$state/$name.pid"
}

await() { # seconds, what, command: until the command succeeds
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" 2>/dev/null; do
    if [ $SECONDS -ge $deadline ]; then
      echo "error: Cannot start the cluster: waited for $what. See $state/*.log." >&2
      stop
      exit 3
    fi
    sleep 0.3
  done
}

registered() { [ "$(grep -c 'Registering worker' "$state/master.log")" -ge "$1" ]; }

start() {
  local workers=2 cores=1 memory=6g port=7077
  while [ $# -gt 0 ]; do
    case "$1" in
      --workers) workers=${2:?} ;;
      --cores) cores=${2:?} ;;
      --memory) memory=${2:?} ;;
      --port) port=${2:?} ;;
      *) usage ;;
    esac
    shift 2
  done
  build_if_changed
  if [ -n "$(running)" ]; then
    echo "error: Cannot start a cluster: one is running ($(running | tr '\n' ' ')). Run cluster.sh stop first." >&2
    exit 3
  fi
  mkdir -p "$state"
  rm -f "$state"/*.log "$state"/*.pid
  launch master org.apache.spark.deploy.master.Master --host 127.0.0.1 --port "$port" --webui-port 0
  await 60 "the master on port $port" grep -q "Starting Spark master" "$state/master.log"
  for ((i = 1; i <= workers; i++)); do
    launch "worker$i" org.apache.spark.deploy.worker.Worker --host 127.0.0.1 --webui-port 0 \
      --cores "$cores" --memory "$memory" --work-dir "$state/work" "spark://127.0.0.1:$port"
  done
  await 60 "$workers workers to register" registered "$workers"
  echo "spark://127.0.0.1:$port with $workers workers of $cores cores and $memory"
}

stop() {
  local name id
  running | while read -r name id; do
    kill "$id" 2>/dev/null || true
    for _ in $(seq 50); do
      kill -0 "$id" 2>/dev/null || break
      sleep 0.2
    done
    if kill -0 "$id" 2>/dev/null; then
      kill -9 "$id" 2>/dev/null || true
    fi
    echo "stopped $name" >&2
  done
  rm -f "$state"/*.pid
  # Each executor had a copy of the job; what it said is kept.
  [ ! -d "$state/work" ] || find "$state/work" -name '*.jar' -type f -delete
}

command=${1:-}
[ $# -gt 0 ] && shift
case "$command" in
  start) start "$@" ;;
  stop) stop ;;
  status) running ;;
  *) usage ;;
esac
