package convoy.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SecretsTest {

  @Test
  void passwordsAndKeysAreBlankedAndNothingElse() {
    assertThat(Secrets.blanked("source.path=s3a://AKIA:xyz@bucket/a"))
        .isEqualTo("source.path=s3a://***@bucket/a");
    assertThat(Secrets.blanked("hdfs://user:pass@host:8020/a b"))
        .isEqualTo("hdfs://***@host:8020/a b");
    assertThat(Secrets.blanked("spark.hadoop.fs.s3a.secret.key=abc"))
        .isEqualTo("spark.hadoop.fs.s3a.secret.key=***");
    assertThat(Secrets.blanked("spark.hadoop.fs.s3a.access.key=abc x"))
        .isEqualTo("spark.hadoop.fs.s3a.access.key=*** x");
    for (String plain :
        new String[] {"--set", "training.epochs=3", "hdfs://host:8020/a@b", "key=1"}) {
      assertThat(Secrets.blanked(plain)).isEqualTo(plain);
    }
  }
}
