package convoy.data.shards;

import java.io.Serializable;
import java.util.List;

/**
 * Where each picture of a shard is, so that one can be read without the others. Lies beside the tar
 * as {@code <tar>.index.json}.
 */
public record ShardIndex(List<Entry> entries) implements Serializable {

  /**
   * @param key of the example in the tar: its members are {@code <key>.jpg} or {@code <key>.png}
   *     and {@code <key>.cls}
   * @param label number of the class
   * @param offset of the picture's bytes in the tar
   * @param name of the picture in the source
   */
  public record Entry(String key, int label, long offset, int length, String name)
      implements Serializable {}

  /** Of the index beside a shard. */
  public static String path(String tar) {
    return tar + ".index.json";
  }
}
