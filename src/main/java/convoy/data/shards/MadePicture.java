package convoy.data.shards;

import convoy.data.pictures.ChannelStatistics;
import java.io.Serializable;
import java.util.Optional;

/**
 * What became of a picture, on its way to its shard.
 *
 * @param name in the source, and the {@code file} that holds it
 * @param digest of its content in the source
 * @param example nothing where it was set aside
 * @param reason why it was, or an empty text
 */
record MadePicture(String name, String file, String digest, Example example, String reason)
    implements Serializable {

  /**
   * A picture that is kept.
   *
   * @param extension {@code jpg} or {@code png}
   * @param statistics of this picture
   */
  record Example(int label, String extension, byte[] content, ChannelStatistics statistics)
      implements Serializable {}

  Optional<Example> kept() {
    return Optional.ofNullable(example);
  }
}
