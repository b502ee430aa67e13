package convoy.convolution;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Makes one value of each window, channel by channel; without weights. Padding is left out: it is
 * never the largest and does not count in the average.
 */
public record Pooling(Kind kind, Area area) {

  /** What becomes of a window. */
  public enum Kind {
    MAX,
    AVERAGE
  }

  /** Takes an output and the places of the input in its window. */
  @FunctionalInterface
  private interface Places {
    void visit(int output, int[] places);
  }

  public Shape output(Shape input) {
    return area.output(input);
  }

  public ReceptiveField receptiveField(ReceptiveField before) {
    return before.through(area);
  }

  public Tensor value(Tensor input) {
    Tensor output = Tensor.zeros(output(input.shape()));
    eachWindow(
        input.shape(),
        (z, places) ->
            output.add(
                z,
                switch (kind) {
                  case MAX -> input.value(largest(input, places));
                  case AVERAGE ->
                      Arrays.stream(places).mapToDouble(input::value).sum() / places.length;
                }));
    return output;
  }

  /** Of several largest values the first has the whole gradient. */
  public Tensor inputGradient(Tensor input, Tensor outputGradient) {
    Tensor gradient = Tensor.zeros(input.shape());
    eachWindow(
        input.shape(),
        (z, places) -> {
          switch (kind) {
            case MAX -> gradient.add(largest(input, places), outputGradient.value(z));
            case AVERAGE -> {
              for (int place : places) {
                gradient.add(place, outputGradient.value(z) / places.length);
              }
            }
          }
        });
    return gradient;
  }

  private static int largest(Tensor input, int[] places) {
    return Arrays.stream(places)
        .reduce((a, b) -> input.value(b) > input.value(a) ? b : a)
        .orElse(Products.ZERO);
  }

  private void eachWindow(Shape input, Places places) {
    Shape z = output(input);
    for (int i = 0; i < z.size(0); i++) {
      for (int j = 0; j < z.size(1); j++) {
        for (int k = 0; k < z.size(2); k++) {
          places.visit(z.at(i, j, k), window(input, i, j, k));
        }
      }
    }
  }

  private int[] window(Shape input, int i, int j, int k) {
    return IntStream.range(0, area.size())
        .map(
            element ->
                input.at(
                    i,
                    area.rows().at(j, element / area.columns().size()),
                    area.columns().at(k, element % area.columns().size())))
        .filter(place -> place != Products.ZERO)
        .toArray();
  }
}
