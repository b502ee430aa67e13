package convoy.data.reading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import convoy.data.pictures.Augmentation;
import convoy.data.pictures.Augmentation.ColorJitter;
import convoy.data.pictures.Augmentation.Crop;
import convoy.data.pictures.ImageTransform;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class MixingTest {
  private static final ImageTransform TRANSFORM =
      new ImageTransform(10, 10, 1, List.of(0.0), List.of(1.0));
  private static final int[] LABELS = {2, 0, 1};

  private static Minibatch mixed(double mixup, double cutmix, int... examples) {
    Augmentation how =
        new Augmentation(Crop.CENTER, 1, 0, 0, false, ColorJitter.NONE, 0, 0, mixup, cutmix);
    // Each input has one value, that of its place.
    float[] inputs = new float[300];
    for (int i = 0; i < 300; i++) {
      inputs[i] = i / 100;
    }
    return new Mixing(how, TRANSFORM, 7).mix(inputs, LABELS.clone(), examples);
  }

  @Test
  void mixupBlendsEachInputWithTheNextByTheShareOfItsLabel() {
    Minibatch minibatch = mixed(0.4, 0, 11, 12, 13);
    float[] targets = minibatch.targets(3, 0);
    for (int i = 0; i < 3; i++) {
      int next = (i + 1) % 3;
      float own = targets[i * 3 + LABELS[i]];
      assertThat(own).isBetween(0f, 1f);
      assertThat(targets[i * 3 + LABELS[next]]).isCloseTo(1 - own, within(1e-6f));
      for (int k = 0; k < 100; k++) {
        assertThat(minibatch.inputs()[i * 100 + k])
            .isCloseTo(own * i + (1 - own) * next, within(1e-5f));
      }
    }
  }

  @Test
  void cutmixPastesARectangleOfTheAreaThatTheOthersLabelHas() {
    Minibatch minibatch = mixed(0, 1, 11, 12, 13);
    float[] targets = minibatch.targets(3, 0);
    int pasted = 0;
    for (int i = 0; i < 3; i++) {
      int own = 0;
      for (int k = 0; k < 100; k++) {
        float value = minibatch.inputs()[i * 100 + k];
        assertThat(value).isIn((float) i, (float) ((i + 1) % 3));
        own += value == i ? 1 : 0;
      }
      assertThat(targets[i * 3 + LABELS[i]]).isCloseTo(own / 100f, within(1e-5f));
      pasted += 100 - own;
    }
    assertThat(pasted).isPositive();
  }

  @Test
  void sharesFollowFromTheExampleAndHaveTheirDistribution() {
    assertThat(mixed(1, 1, 5, 6, 7).inputs()).isEqualTo(mixed(1, 1, 5, 6, 7).inputs());
    // Beta(1, 1) is uniform: a mean of 1/2, a deviation of 0.289.
    double[] shares = new double[900];
    for (int i = 0; i < 300; i++) {
      Minibatch minibatch = mixed(1, 0, 3 * i, 3 * i + 1, 3 * i + 2);
      for (int k = 0; k < 3; k++) {
        shares[3 * i + k] = minibatch.targets(3, 0)[k * 3 + LABELS[k]];
      }
    }
    double mean = Arrays.stream(shares).average().orElseThrow();
    double variance =
        Arrays.stream(shares).map(s -> (s - mean) * (s - mean)).average().orElseThrow();
    assertThat(mean).isCloseTo(0.5, within(0.03));
    assertThat(Math.sqrt(variance)).isCloseTo(0.289, within(0.02));
  }

  @Test
  void smoothingSpreadsAPartOverAllClasses() {
    float[] targets = new Minibatch(new float[0], new int[] {1}).targets(4, 0.2);
    assertThat(targets).containsExactly(new float[] {0.05f, 0.85f, 0.05f, 0.05f}, within(1e-6f));
  }
}
