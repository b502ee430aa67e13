package convoy.job;

import convoy.core.Location;
import convoy.core.RunFolder;
import convoy.data.pictures.PictureEncoder;
import convoy.data.reading.MinibatchReader;
import convoy.data.reading.PictureShelf;
import convoy.data.reading.PictureStore;
import convoy.data.shards.DatasetManifest;
import convoy.data.sources.SplitName;
import convoy.report.ContactSheet;
import convoy.report.TrainingReport;
import convoy.train.TrainingConfig;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** What training will see: some pictures, a row each, as they are in the first epochs. */
final class AugmentedPictures {
  private static final int PICTURES = 6;
  private static final int EPOCHS = 10;
  private static final int SIDE = 96;

  /** Each picture is decoded once for all epochs. */
  private static final int DECODED_MEBIBYTES = 16;

  private AugmentedPictures() {}

  /** Writes the sheet into a run's folder where it is not there yet. */
  static void write(TrainingConfig config, RunFolder run) {
    Location sheet = run.file(TrainingReport.AUGMENTATION);
    if (sheet.exists()) {
      return;
    }
    Location dataset = Location.of(config.dataset());
    DatasetManifest manifest = DatasetManifest.read(dataset);
    try (PictureShelf shelf =
        new PictureShelf(dataset, manifest, PictureShelf.Room.ofMebibytes(DECODED_MEBIBYTES))) {
      PictureStore store = shelf.store(SplitName.TRAIN);
      // Shards are in no order: the first examples are as good as any, and in one file.
      int[] examples = IntStream.range(0, Math.min(PICTURES, store.examples())).toArray();
      List<float[]> epochs =
          IntStream.range(0, EPOCHS)
              .mapToObj(epoch -> config.inputs(manifest, epoch))
              .map(inputs -> MinibatchReader.read(store, inputs, examples).inputs())
              .toList();
      sheet.writeBytes(
          PictureEncoder.png(
              ContactSheet.inputs(
                  byPicture(epochs, examples.length),
                  config.inputs(manifest, 0).transform(),
                  EPOCHS,
                  SIDE)));
    }
  }

  /** From epochs of pictures to pictures of epochs. */
  private static List<float[]> byPicture(List<float[]> epochs, int pictures) {
    int size = epochs.get(0).length / pictures;
    return IntStream.range(0, pictures)
        .mapToObj(picture -> picture * size)
        .flatMap(
            from -> epochs.stream().map(inputs -> Arrays.copyOfRange(inputs, from, from + size)))
        .toList();
  }
}
