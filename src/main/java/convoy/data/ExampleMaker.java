package convoy.data;

/**
 * Makes the examples of one shard: checks, perhaps shrinks and encodes again.
 *
 * @param shard path of the tar
 * @param statistics are told of every picture
 */
record ExampleMaker(String shard, ShardTask.Options options, ChannelStatistics statistics) {

  /** From a picture file, which is kept as it is where it can be. */
  ShardWriter.Example ofFile(int position, int label, String name, byte[] file)
      throws BrokenPictureException {
    PictureDecoder.Decoded decoded = PictureDecoder.inspect(file);
    Picture shrunk = shrink(decoded.picture());
    boolean jpeg = PictureFormat.of(file) == PictureFormat.JPEG;
    byte[] kept =
        decoded.plain() && shrunk == decoded.picture()
            ? file
            : jpeg
                ? PictureEncoder.jpeg(shrunk, options.jpegQuality())
                : PictureEncoder.png(shrunk);
    return example(position, label, name, shrunk, jpeg ? "jpg" : "png", kept);
  }

  /** From samples; kept without loss. */
  ShardWriter.Example ofPicture(int position, int label, String name, Picture picture) {
    Picture shrunk = shrink(picture);
    return example(position, label, name, shrunk, "png", PictureEncoder.png(shrunk));
  }

  private ShardWriter.Example example(
      int position, int label, String name, Picture picture, String extension, byte[] file) {
    statistics.add(picture.withChannels(options.channels()));
    String plain = shard.substring(shard.lastIndexOf('/') + 1).replace(".tar", "");
    return new ShardWriter.Example(
        "%s-%06d".formatted(plain, position), label, name, extension, file);
  }

  private Picture shrink(Picture picture) {
    int side = Math.min(picture.height(), picture.width());
    if (options.shortSide() == 0 || side <= options.shortSide()) {
      return picture;
    }
    double factor = (double) options.shortSide() / side;
    return Resampler.resize(
        picture,
        (int) Math.max(options.shortSide(), Math.round(picture.height() * factor)),
        (int) Math.max(options.shortSide(), Math.round(picture.width() * factor)));
  }
}
