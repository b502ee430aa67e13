"""Airflow: Convoy's nightly retraining. Put it into the dags folder; it needs
apache-airflow-providers-apache-spark and a connection spark_default to the cluster.

The jar carries the reference configuration; the overlay is a file that the driver can read.
"""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator

JAR = "/opt/convoy/target/convoy-0.1.0-SNAPSHOT-job.jar"

with DAG(
    dag_id="convoy_retrain",
    schedule="30 2 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    # The registry refuses a second one anyhow.
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=10)},
    tags=["convoy"],
) as dag:
    retrain = SparkSubmitOperator(
        task_id="retrain",
        conn_id="spark_default",
        application=JAR,
        java_class="convoy.job.Main",
        application_args=["retrain", "--config", "/etc/convoy/retrain.yaml"],
        conf={"spark.executorEnv.OMP_NUM_THREADS": "1", "spark.driver.memory": "2g"},
        # Stopped at any point and run again it comes to the same end.
        execution_timeout=timedelta(hours=12),
    )
    prune = SparkSubmitOperator(
        task_id="prune",
        conn_id="spark_default",
        application=JAR,
        java_class="convoy.job.Main",
        application_args=["registry", "prune", "--keep", "10", "--config", "/etc/convoy/registry.yaml"],
    )
    retrain >> prune
