# Sourced by start.sh and run.sh: builds Convoy, fetches the Java kernel, finds or installs Jupyter.
source "$(dirname "${BASH_SOURCE[0]}")/../jobs/spark-home.sh"
build_if_changed
fetch_if_missing notebooks "the notebooks' Java kernel" -Djobs -Dmaven.test.skip -Pnotebooks
place="$home/target/notebooks"

# usable JUPYTER PART: whether this Jupyter has that part.
usable() { "$1" "$2" --version > /dev/null 2>&1; }

# find_jupyter PART...: the first of these that the machine has, into $jupyter and $part; where it
# has none, the first one is installed below target/.
find_jupyter() {
  for part in "$@"; do
    for jupyter in "$place/venv/bin/jupyter" jupyter /usr/bin/jupyter; do
      if usable "$jupyter" "$part"; then
        return
      fi
    done
  done
  echo "Installing Jupyter into target/notebooks/venv ..." >&2
  rm -rf "$place/venv"
  jupyter="$place/venv/bin/jupyter"
  part=$1
  if ! { python3 -m venv "$place/venv" && "$place/venv/bin/pip" install -q --retries 1 jupyterlab nbconvert &&
    usable "$jupyter" "$part"; } >&2; then
    rm -rf "$place/venv"
    echo "error: Cannot find or install Jupyter's $part. Install it (Debian: apt-get install jupyter-notebook jupyter-nbconvert)." >&2
    exit 3
  fi
}

# A kernel that has Convoy and the embedded Spark on its class path.
write_kernel() {
  local kernel="$place/kernels/convoy-java" jar_of_kernel opens= package
  jar_of_kernel=$(ls "$place"/rapaio-jupyter-kernel-*.jar)
  mkdir -p "$kernel"
  # First on the class path: the kernel's own would have every logger log all, at which Spark's
  # compiler fails.
  printf '%s\n' 'handlers = java.util.logging.ConsoleHandler' '.level = INFO' > "$kernel/logging.properties"
  # Likewise first: it mends one of the kernel's own classes.
  "${java%java}javac" -d "$kernel" "$home/notebooks/kernel/LoopThread.java"
  # What Spark opens for itself when spark-submit starts it.
  for package in java.lang java.lang.invoke java.lang.reflect java.io java.net java.nio java.util \
    java.util.concurrent java.util.concurrent.atomic sun.nio.ch sun.nio.cs sun.security.action sun.util.calendar; do
    opens+="\"--add-opens=java.base/$package=ALL-UNNAMED\", "
  done
  cat > "$kernel/kernel.json" << END
{
  "argv": ["$java", "-Xmx2g", "-Djava.awt.headless=true", $opens
    "-Dlog4j2.configurationFile=file:$home/conf/log4j2.properties", "-Dspark.master=local[2]",
    "-cp", "$kernel:$jar_of_kernel:$jar:$home/target/spark-home/jars/*",
    "org.rapaio.jupyter.kernel.MainApp", "{connection_file}"],
  "display_name": "Convoy (Java)",
  "language": "java",
  "interrupt_mode": "message",
  "env": {
    "RJK_CLASSPATH": "$jar;$home/target/spark-home/jars/*.jar",
    "RJK_COMPILER_OPTIONS": "",
    "RJK_TIMEOUT_MILLIS": "-1",
    "OMP_NUM_THREADS": "1",
    "SPARK_LOCAL_IP": "127.0.0.1"
  }
}
END
  export JUPYTER_PATH="$place"
}
