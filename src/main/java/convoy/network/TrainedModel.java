package convoy.network;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.Provenance;
import convoy.core.UserException;
import convoy.data.pictures.ImageTransform;
import convoy.data.sources.LabelIndex;
import java.io.Serializable;
import java.util.List;
import java.util.Locale;

/**
 * A network with its weights and all that is needed to ask it: how pictures become inputs and what
 * the outputs are called. A folder is a model when {@code model.json} is there, which is written
 * last; {@code model.safetensors} has the parameters by name.
 */
public final class TrainedModel {
  /** Of the folder. 1 had the parameters in the order of one engine. */
  public static final int FORMAT = 2;

  private static final String DESCRIPTION = "model.json";
  private static final String PARAMETERS = "model.safetensors";

  /**
   * What {@code model.json} says.
   *
   * @param format {@link #FORMAT}
   * @param convoy version and commit that wrote it
   * @param sha256 of {@code model.safetensors}
   * @param epoch after which the weights were taken, from 1
   * @param validationTop1Error a fraction
   */
  public record Description(
      int format,
      String convoy,
      NetworkSpec network,
      ImageTransform transform,
      LabelIndex labels,
      String sha256,
      int epoch,
      double validationTop1Error)
      implements Serializable {}

  private final Description description;
  private final byte[] parameters;

  private TrainedModel(Description description, byte[] parameters) {
    this.description = description;
    this.parameters = parameters;
  }

  public Description description() {
    return description;
  }

  /** Little-endian 32-bit floats in the order of {@link StateLayout}. */
  public byte[] parameters() {
    return parameters;
  }

  /** A model that is not stored yet. */
  public static Description description(
      NetworkSpec network,
      ImageTransform transform,
      LabelIndex labels,
      int epoch,
      double validationTop1Error) {
    return new Description(
        FORMAT, Provenance.version(), network, transform, labels, "", epoch, validationTop1Error);
  }

  /** Writes a model; the digest of the description is filled in. */
  public static void write(Location folder, Description description, byte[] parameters) {
    folder.child(DESCRIPTION).delete();
    String sha256 =
        NamedParameters.write(
            folder.child(PARAMETERS), StateLayout.of(description.network()), parameters);
    Description complete =
        new Description(
            description.format(),
            description.convoy(),
            description.network(),
            description.transform(),
            description.labels(),
            sha256,
            description.epoch(),
            description.validationTop1Error());
    folder.child(DESCRIPTION).writeText(Documents.toJson(complete));
  }

  /** Which of a run's models is meant. */
  public enum Kind {
    /** Of the epoch with the lowest validation error. */
    BEST,
    LAST
  }

  /** The model that a path means: a model folder itself, or a run's model. */
  public static Location find(String path, Kind kind) {
    Location folder = Location.of(path);
    String name = kind.name().toLowerCase(Locale.ROOT);
    for (Location candidate : List.of(folder, folder.child("models").child(name))) {
      if (isIn(candidate)) {
        return candidate;
      }
    }
    throw new UserException(
        "Cannot use model %s: neither it nor its models/%s has a model.json. Name a run or model folder that is complete."
            .formatted(folder, name));
  }

  public static boolean isIn(Location folder) {
    return folder.child(DESCRIPTION).exists();
  }

  /**
   * What a model is, without its weights.
   *
   * @throws UserException if the folder is of another format
   */
  public static Description describe(Location folder) {
    Location file = folder.child(DESCRIPTION);
    Documents document = Documents.parse(file.uri(), file.readText());
    document.requireFormat(file.uri(), "model", FORMAT);
    return document.bind(file.uri(), Description.class);
  }

  public static TrainedModel read(Location folder) {
    Description description = describe(folder);
    return new TrainedModel(
        description,
        named(folder, description)
            .inOrderOf(
                StateLayout.of(description.network()), description.network().architecture()));
  }

  static NamedParameters named(Location folder, Description description) {
    NamedParameters named = NamedParameters.read(folder.child(PARAMETERS));
    if (!named.sha256().equals(description.sha256())) {
      throw new UserException(
          "Cannot use model %s: the sha256 of %s is not the one in %s. Fetch it again."
              .formatted(folder, PARAMETERS, DESCRIPTION));
    }
    return named;
  }
}
