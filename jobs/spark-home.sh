# Sourced by submit.sh and cluster.sh: where Spark, Java and the jar are; builds what is missing or older than its sources.
home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jar="$home/target/convoy-0.1.0-SNAPSHOT-job.jar"
java=${JAVA_HOME:+$JAVA_HOME/bin/}java

build_if_changed() {
  if [ ! -f "$jar" ] || [ ! -d "$home/target/spark-home/jars" ] ||
    [ -n "$(find "$home/src/main" "$home/pom.xml" "$home"/conf/*.yaml -type f -newer "$jar" | head -n 1)" ]; then
    echo "Building Convoy ..." >&2
    # Without what only tests need.
    (cd "$home" && ./mvnw -q -Djobs -Dmaven.test.skip package) >&2
  fi
}

# Jars that few jobs need are fetched when one does: file or folder to be there, words, options.
fetch_if_missing() {
  if [ ! -e "$home/target/$1" ] || [ "$home/pom.xml" -nt "$home/target/$1" ]; then
    echo "Fetching $2 ..." >&2
    (cd "$home" && ./mvnw -q "${@:3}" package) >&2
    touch "$home/target/$1"
  fi
}

fetch_dl4j() {
  local profiles=dl4j
  if [ "$(uname -sm)" = "Linux x86_64" ]; then
    profiles=dl4j,dl4j-linux-x86_64
  fi
  fetch_if_missing convoy-dl4j.jar "Deeplearning4j" -Djobs -Dmaven.test.skip "-P$profiles"
}

use_embedded_spark() {
  export SPARK_HOME="$home/target/spark-home" SPARK_SCALA_VERSION=2.12
  export SPARK_LOCAL_IP=${SPARK_LOCAL_IP:-127.0.0.1}
}
