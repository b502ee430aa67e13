package convoy.network;

import convoy.core.Digests;
import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.UserException;
import convoy.data.ImageTransform;
import convoy.data.LabelIndex;

/**
 * A network with its weights and all that is needed to ask it: how pictures become inputs and what
 * the outputs are called. A folder is a model when {@code model.json} is there, which is written
 * last.
 */
public final class TrainedModel {
  private static final String DESCRIPTION = "model.json";
  private static final String PARAMETERS = "parameters.bin";

  /**
   * What {@code model.json} says.
   *
   * @param sha256 of {@code parameters.bin}
   * @param epoch after which the weights were taken, from 1
   * @param validationTop1Error a fraction
   */
  public record Description(
      NetworkSpec network,
      ImageTransform transform,
      LabelIndex labels,
      String sha256,
      int epoch,
      double validationTop1Error) {}

  private final Description description;
  private final byte[] parameters;

  private TrainedModel(Description description, byte[] parameters) {
    this.description = description;
    this.parameters = parameters;
  }

  public Description description() {
    return description;
  }

  /** Little-endian 32-bit floats. */
  public byte[] parameters() {
    return parameters;
  }

  /** Writes a model; the digest of the description is filled in. */
  public static void write(Location folder, Description description, byte[] parameters) {
    folder.child(DESCRIPTION).delete();
    folder.child(PARAMETERS).writeBytes(parameters);
    Description complete =
        new Description(
            description.network(),
            description.transform(),
            description.labels(),
            Digests.sha256(parameters),
            description.epoch(),
            description.validationTop1Error());
    folder.child(DESCRIPTION).writeText(Documents.toJson(complete));
  }

  public static boolean isIn(Location folder) {
    return folder.child(DESCRIPTION).exists();
  }

  /** What a model is, without its weights. */
  public static Description describe(Location folder) {
    return Documents.read(folder.child(DESCRIPTION), Description.class);
  }

  public static TrainedModel read(Location folder) {
    Description description = describe(folder);
    byte[] parameters = folder.child(PARAMETERS).readBytes();
    if (!Digests.sha256(parameters).equals(description.sha256())) {
      throw new UserException(
          "Cannot use model %s: the sha256 of %s is not the one in %s. Fetch it again."
              .formatted(folder, PARAMETERS, DESCRIPTION));
    }
    return new TrainedModel(description, parameters);
  }
}
