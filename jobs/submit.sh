#!/usr/bin/env bash
# submit.sh JOB [OPTIONS]: runs a job through spark-submit. The only file that knows where Spark
# and the jar are. With SPARK_HOME set, that Spark is used; otherwise the one that the build has
# put together from Maven's jars.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/spark-home.sh"
build_if_changed

job=$1
shift
settings=
if [ -z "${SPARK_HOME:-}" ]; then
  settings="$home/conf/spark/local.conf"
fi
arguments=("$@")
for ((i = 0; i < ${#arguments[@]}; i++)); do
  case "${arguments[i]}" in
    --spark) settings=${arguments[i + 1]:?--spark needs a file} ;;
    --spark=*) settings=${arguments[i]#--spark=} ;;
  esac
done
if [ -n "$settings" ] && [ ! -f "$settings" ]; then
  echo "error: Cannot read Spark settings $settings: there is no such file. Name one of conf/spark." >&2
  exit 3
fi

# asked PATTERN WORD...: whether a setting, or a file of settings beside its comments, says so.
asked() {
  local pattern=$1 word file
  for word in "${@:2}"; do
    file=${word#--*=}
    if [[ "$word" =~ $pattern ]] || { [ -f "$file" ] && sed 's/#.*//' "$file" | grep -Eq "$pattern"; }; then
      return 0
    fi
  done
  return 1
}
added=()
if asked "engine[\"']?[[:space:]]*[:=][[:space:]]*[\"']?dl4j" "$@"; then
  fetch_dl4j
  added+=("$home/target/convoy-dl4j.jar")
fi
if [ -z "${SPARK_HOME:-}" ] && asked 's3a:' "$@" ${settings:+"$settings"}; then
  fetch_if_missing s3 "S3's libraries" -Djobs -Dmaven.test.skip -Ps3
  added+=("$home"/target/s3/*.jar)
fi
joined() {
  local IFS=$1
  echo "${added[*]}"
}

# One thread a replica, in this JVM and (through spark.executorEnv) in executors.
export OMP_NUM_THREADS=1
submitted=true
case "$job" in
  describe | registry | watch) submitted=false ;;
  # Trainings, like those of jobs/train.sh.
  bench) asked "suite[\"']?[[:space:]]*[:=][[:space:]]*[\"']?policies" "$@" || submitted=false ;;
esac
if [ $submitted = false ]; then
  # Nothing to submit; Spark's folder has the jars that ours leaves out.
  class_path="$jar:${SPARK_HOME:-$home/target/spark-home}/jars/*"
  engines=()
  if [ "$job" = bench ]; then
    fetch_if_missing bench "what is measured against" -DskipTests -Pbench
    fetch_dl4j
    engines+=("-Dconvoy.bench.dl4j=$home/target/convoy-dl4j.jar")
    # Without Convoy's own libtorch: a process has one.
    spark_jars="${SPARK_HOME:-$home/target/spark-home}/jars/*"
    engines+=("-Dconvoy.bench.djl=$home/target/classes:$home/target/test-classes:$home/target/bench/*:$spark_jars")
    engines+=("-Dconvoy.bench.dl4j-spark=$home/target/classes:$home/target/test-classes:$home/target/bench-dl4j-spark/*:$spark_jars")
  fi
  exec "$java" -Djava.awt.headless=true "-Dlog4j2.configurationFile=file:$home/conf/log4j2.properties" \
    ${engines[@]+"${engines[@]}"} -cp "$class_path${added:+:$(joined :)}" convoy.job.Main "$job" "$@"
fi
options=(
  --class convoy.job.Main
  --driver-java-options "-Djava.awt.headless=true \"-Dlog4j2.configurationFile=$home/conf/log4j2.properties\""
)
if [ ${#added[@]} -gt 0 ]; then
  options+=(--jars "$(joined ,)")
fi
# Without a file, a Spark installation's own spark-defaults.conf holds.
if [ -n "$settings" ]; then
  options+=(--properties-file "$settings")
fi
if [ -n "${SPARK_HOME:-}" ]; then
  exec "$SPARK_HOME/bin/spark-submit" "${options[@]}" "$jar" "$job" "$@"
fi
use_embedded_spark
# What bin/spark-submit does: a first JVM works out the command line of the second.
mapfile -d '' -t command < <("$java" -Xmx128m -cp "$SPARK_HOME/jars/*" org.apache.spark.launcher.Main \
  org.apache.spark.deploy.SparkSubmit "${options[@]}" "$jar" "$job" "$@" && printf '%d\0' $?)
last=$((${#command[@]} - 1))
if [ $last -lt 0 ] || [ "${command[last]}" != 0 ]; then
  exit 1
fi
unset "command[last]"
# The launcher prints an empty word and an empty line before the command.
command=("${command[@]:1}")
command[0]=${command[0]#$'\n'}
exec "${command[@]}"
