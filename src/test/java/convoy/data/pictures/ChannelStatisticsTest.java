package convoy.data.pictures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.apache.commons.math3.linear.RealMatrix;
import org.apache.commons.math3.stat.correlation.Covariance;
import org.junit.jupiter.api.Test;

class ChannelStatisticsTest {

  @Test
  void covariancesAreThoseOfAllPixelsTogether() {
    ChannelStatistics all = new ChannelStatistics(3);
    ChannelStatistics other = new ChannelStatistics(3);
    double[][] pixels = new double[2 * 20][3];
    for (int i = 0; i < 2; i++) {
      Picture noise = Pictures.noise(4, 5, 3, i);
      (i == 0 ? all : other).add(noise);
      for (int k = 0; k < 60; k++) {
        pixels[i * 20 + k / 3][k % 3] = noise.samples()[k] & 0xFF;
      }
    }
    all.add(other.toSums());
    RealMatrix expected = new Covariance(pixels, false).getCovarianceMatrix();
    for (int a = 0; a < 3; a++) {
      for (int b = 0; b < 3; b++) {
        assertThat(all.covariance().get(a).get(b)).isCloseTo(expected.getEntry(a, b), within(1e-6));
      }
      assertThat(all.standardDeviations().get(a))
          .isCloseTo(Math.sqrt(expected.getEntry(a, a)), within(1e-9));
    }
  }
}
