package convoy.data.shards;

import convoy.core.Digests;
import convoy.core.UserException;
import convoy.data.pictures.BrokenPictureException;
import convoy.data.pictures.ChannelStatistics;
import convoy.data.pictures.Picture;
import convoy.data.pictures.PictureDecoder;
import convoy.data.pictures.PictureEncoder;
import convoy.data.pictures.Resampler;
import convoy.data.shards.PartitionOptions.Images;
import convoy.data.sources.SourcePicture.RawPixels;
import java.io.Serializable;
import java.util.Optional;

/**
 * Checks pictures, perhaps shrinks them and encodes them again.
 *
 * @param shortSide to shrink to, in pixels; 0 keeps the size
 */
record PictureMaker(
    int channels, int shortSide, double jpegQuality, long mostPixels, long mostBytes)
    implements Serializable {
  private static final int DIGEST_LENGTH = 16;

  static PictureMaker of(Images images) {
    return new PictureMaker(
        images.channels(),
        images.shortSide().orElse(0),
        images.jpegQuality(),
        images.mostPixels(),
        images.mostBytes());
  }

  /**
   * Makes an example of a picture.
   *
   * @param name in the source, and the {@code file} that holds it
   * @param raw what the content is where it is no picture file
   */
  MadePicture make(String name, String file, int label, byte[] content, Optional<RawPixels> raw) {
    String digest = Digests.sha256(content).substring(0, DIGEST_LENGTH);
    try {
      MadePicture.Example example =
          raw.isPresent() ? ofSamples(label, raw.get(), content) : ofFile(label, content);
      return new MadePicture(name, file, digest, example, "");
    } catch (BrokenPictureException e) {
      return new MadePicture(name, file, digest, null, e.getMessage());
    } catch (OutOfMemoryError e) {
      // Never a verdict on the picture: with more memory it may be a good one.
      throw notEnoughHeap(name, file);
    }
  }

  /** Without the error as its cause: Spark would end the executor, and locally the job, at once. */
  static UserException notEnoughHeap(String name, String file) {
    return new UserException(
        "Cannot read %s (%s): a task has not enough heap for it. Raise spark.executor.memory, lower spark.executor.cores or images.most-megapixels, or remove the picture."
            .formatted(name, file));
  }

  /** A picture whose file is larger than allowed. */
  MadePicture tooLarge(String name, String file, long length) {
    return new MadePicture(
        name, file, "", null, "has %,d bytes, more than %,d".formatted(length, mostBytes));
  }

  /** Kept as it is where it can be. */
  private MadePicture.Example ofFile(int label, byte[] file) throws BrokenPictureException {
    PictureDecoder.Decoded decoded =
        PictureDecoder.inspect(file, new PictureDecoder.Limits(mostPixels, shortSide));
    Picture shrunk = shrink(decoded.picture());
    if (decoded.plain() && shrunk == decoded.picture()) {
      return example(label, shrunk, decoded.isJpeg(), file);
    }
    return example(
        label,
        shrunk,
        decoded.isJpeg(),
        decoded.isJpeg() ? PictureEncoder.jpeg(shrunk, jpegQuality) : PictureEncoder.png(shrunk));
  }

  /** Kept without loss. */
  private MadePicture.Example ofSamples(int label, RawPixels raw, byte[] planes) {
    byte[] samples = new byte[planes.length];
    int area = raw.height() * raw.width();
    for (int c = 0; c < raw.channels(); c++) {
      for (int i = 0; i < area; i++) {
        samples[i * raw.channels() + c] = planes[c * area + i];
      }
    }
    Picture picture = shrink(new Picture(raw.height(), raw.width(), raw.channels(), samples));
    return example(label, picture, false, PictureEncoder.png(picture));
  }

  private MadePicture.Example example(int label, Picture picture, boolean jpeg, byte[] file) {
    ChannelStatistics statistics = new ChannelStatistics(channels);
    statistics.add(picture.withChannels(channels));
    return new MadePicture.Example(label, jpeg ? "jpg" : "png", file, statistics);
  }

  private Picture shrink(Picture picture) {
    int side = Math.min(picture.height(), picture.width());
    int wanted = shortSide;
    if (wanted == 0 || side <= wanted) {
      return picture;
    }
    double factor = (double) wanted / side;
    return Resampler.resize(
        picture,
        (int) Math.max(wanted, Math.round(picture.height() * factor)),
        (int) Math.max(wanted, Math.round(picture.width() * factor)));
  }
}
