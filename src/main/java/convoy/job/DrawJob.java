package convoy.job;

import convoy.core.Checks;
import convoy.core.Location;
import convoy.data.pictures.ShapePictures;
import convoy.data.sources.SplitName;
import java.util.List;

/** Draws a small data set of shapes, for the demo and for whoever has no pictures at hand. */
final class DrawJob implements Job<DrawJob.Config> {

  /** {@code conf/draw.yaml} explains each key. */
  record Config(
      String output,
      int trainPerClass,
      int testPerClass,
      int side,
      long seed,
      ShapePictures.Layout layout) {
    Config {
      new Checks()
          .atLeast(1, "train-per-class", trainPerClass)
          .atLeast(1, "test-per-class", testPerClass)
          .atLeast(8, "side", side)
          .done();
    }
  }

  @Override
  public Class<Config> configType() {
    return Config.class;
  }

  @Override
  public List<String> problems(Config config) {
    return Location.of(config.output()).problemsWithWriting();
  }

  @Override
  public void run(Config config, Context context) {
    Location output = Location.of(config.output());
    ShapePictures.write(
        output,
        SplitName.TRAIN,
        config.trainPerClass(),
        config.side(),
        config.seed(),
        config.layout());
    ShapePictures.write(
        output,
        SplitName.TEST,
        config.testPerClass(),
        config.side(),
        config.seed(),
        config.layout());
    int classes = ShapePictures.classes().size();
    context
        .out()
        .printf(
            "Drew %,d pictures of %d classes in %s%n",
            classes * (config.trainPerClass() + config.testPerClass()), classes, output);
  }
}
