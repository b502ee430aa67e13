package convoy.data.shards;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class PartitionNeedsTest {
  private static final OptionalLong FREE = OptionalLong.of(4L << 30);

  @Test
  void picturesThatMayNotFitTheDisksAreTold() {
    assertThat(PartitionNeeds.disks(5L << 30, FREE))
        .contains("4,096 MiB free", "5,120 MiB together", "That is more than is free");
    assertThat(PartitionNeeds.disks(4L << 30, FREE))
        .contains("4,096 MiB free", "4,096 MiB together")
        .doesNotContain("more than");
  }

  @Test
  void whatIsNotKnownIsLeftOut() {
    assertThat(PartitionNeeds.disks(0, FREE)).contains("free").doesNotContain("together", "more");
    assertThat(PartitionNeeds.disks(1L << 60, OptionalLong.empty()))
        .contains("together")
        .doesNotContain("free", "more");
  }
}
