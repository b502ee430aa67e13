# Sourced by submit.sh and cluster.sh: where Spark, Java and the jar are; builds what is missing or older than its sources.
home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jar="$home/target/convoy-0.1.0-SNAPSHOT-job.jar"
java=${JAVA_HOME:+$JAVA_HOME/bin/}java

build_if_changed() {
  if [ ! -f "$jar" ] || [ ! -d "$home/target/spark-home/jars" ] ||
    [ -n "$(find "$home/src/main" "$home/pom.xml" "$home"/conf/*.yaml -type f -newer "$jar" | head -n 1)" ]; then
    echo "Building Convoy ..." >&2
    (cd "$home" && ./mvnw -q -DskipTests package) >&2
  fi
}

use_embedded_spark() {
  export SPARK_HOME="$home/target/spark-home" SPARK_SCALA_VERSION=2.12
  export SPARK_LOCAL_IP=${SPARK_LOCAL_IP:-127.0.0.1}
}
