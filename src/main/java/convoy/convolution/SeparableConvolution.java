package convoy.convolution;

/**
 * A depthwise convolution and a 1x1 convolution after it, without an activation between (Sifre,
 * 2014; Chollet, 2017). Linear in each of its two kernels, so not one sum of products.
 *
 * @param depthwise with a group a channel
 * @param pointwise 1x1
 */
public record SeparableConvolution(Convolution depthwise, Convolution pointwise) {

  public static SeparableConvolution of(int channels, int multiplier, int filters, Area area) {
    return new SeparableConvolution(
        Convolution.depthwise(channels, multiplier, area), Convolution.pointwise(filters));
  }

  public Shape output(Shape input) {
    return pointwise.output(depthwise.output(input));
  }

  public long parameters(Shape input) {
    return depthwise.weights(input).count() + pointwise.parameters(depthwise.output(input));
  }

  public long multiplications(Shape input) {
    return depthwise.multiplications(input) + pointwise.multiplications(depthwise.output(input));
  }

  /** That of the depthwise one: 1x1 sees one place. */
  public ReceptiveField receptiveField(ReceptiveField before, Shape input) {
    return depthwise.receptiveField(before, input);
  }

  public Tensor value(Tensor input, Tensor depthwiseWeights, Tensor pointwiseWeights) {
    return pointwise.value(depthwise.value(input, depthwiseWeights), pointwiseWeights);
  }

  public Tensor inputGradient(
      Shape input, Tensor depthwiseWeights, Tensor pointwiseWeights, Tensor outputGradient) {
    Tensor between =
        pointwise.inputGradient(depthwise.output(input), pointwiseWeights, outputGradient);
    return depthwise.inputGradient(input, depthwiseWeights, between);
  }

  public Tensor depthwiseGradient(Tensor input, Tensor pointwiseWeights, Tensor outputGradient) {
    return depthwise.weightGradient(
        input,
        pointwise.inputGradient(depthwise.output(input.shape()), pointwiseWeights, outputGradient));
  }

  public Tensor pointwiseGradient(Tensor input, Tensor depthwiseWeights, Tensor outputGradient) {
    return pointwise.weightGradient(depthwise.value(input, depthwiseWeights), outputGradient);
  }
}
