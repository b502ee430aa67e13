package convoy.data;

import convoy.core.Location;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes one shard of a data set from references: reads, checks, perhaps shrinks and re-encodes, and
 * writes. Doing it again writes the same bytes, so Spark may retry it.
 *
 * @param references in the order in which the shard has them
 */
record ShardTask(
    Location dataset,
    String path,
    List<ImageReference> references,
    Map<String, Integer> labels,
    Options options)
    implements Serializable {

  /**
   * @param channels 1 gray, 3 colour
   * @param shortSide to shrink to, in pixels; 0 keeps the size
   */
  record Options(int channels, int shortSide, double jpegQuality) implements Serializable {}

  /** A picture that was set aside. */
  record Rejected(String file, String name, String reason) implements Serializable {}

  /** What became of the task. */
  record Result(
      DatasetManifest.Shard shard,
      List<Rejected> rejected,
      ChannelStatistics statistics,
      int[] classCounts)
      implements Serializable {}

  Result run() {
    List<Rejected> rejected = new ArrayList<>();
    ChannelStatistics statistics = new ChannelStatistics(options.channels());
    int[] classCounts = new int[labels.size()];
    Map<ImageReference, byte[]> contents = readAll();
    DatasetManifest.Shard shard =
        ShardWriter.write(
            dataset,
            path,
            sink -> {
              for (int i = 0; i < references.size(); i++) {
                ImageReference reference = references.get(i);
                try {
                  ShardWriter.Example example = example(i, contents.remove(reference), statistics);
                  sink.accept(example);
                  classCounts[example.label()]++;
                } catch (BrokenPictureException e) {
                  rejected.add(new Rejected(reference.file(), reference.path(), e.getMessage()));
                }
              }
            });
    return new Result(shard, rejected, statistics, classCounts);
  }

  /** Every file is read once and forwards, whatever the order of the references. */
  private Map<ImageReference, byte[]> readAll() {
    Map<ImageReference, byte[]> contents = new HashMap<>();
    List<ImageReference> inOrder = new ArrayList<>(references);
    inOrder.sort(Comparator.comparing(ImageReference::file).thenComparing(ImageReference::offset));
    try (ReferenceReader reader = new ReferenceReader()) {
      inOrder.forEach(reference -> contents.put(reference, reader.read(reference)));
    }
    return contents;
  }

  private ShardWriter.Example example(int position, byte[] content, ChannelStatistics statistics)
      throws BrokenPictureException {
    ImageReference reference = references.get(position);
    boolean raw = !reference.raw().equals(ImageReference.RawPixels.NONE);
    ExampleMaker maker = new ExampleMaker(path, options, statistics);
    int label = labels.get(reference.className());
    return raw
        ? maker.ofPicture(position, label, reference.path(), ofRaw(reference.raw(), content))
        : maker.ofFile(position, label, reference.path(), content);
  }

  /** From planes of samples to samples of pixels. */
  private static Picture ofRaw(ImageReference.RawPixels raw, byte[] planes) {
    byte[] samples = new byte[planes.length];
    int area = raw.height() * raw.width();
    for (int c = 0; c < raw.channels(); c++) {
      for (int i = 0; i < area; i++) {
        samples[i * raw.channels() + c] = planes[c * area + i];
      }
    }
    return new Picture(raw.height(), raw.width(), raw.channels(), samples);
  }
}
