package convoy.evaluate;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.data.pictures.BrokenPictureException;
import convoy.data.pictures.Picture;
import convoy.data.pictures.PictureDecoder;
import convoy.network.Backend;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Labels pictures, part by part: a line of JSON a picture with its most probable classes, or with
 * the reason why it has none.
 *
 * @param classes human names, in order of the labels
 * @param top classes a picture
 * @param deadline of one minibatch
 */
public record Labeller(
    List<Member> members,
    Combination combination,
    List<String> classes,
    int top,
    int minibatch,
    Duration deadline,
    Backend backend)
    implements Serializable {
  public static final String NAME = "name";
  public static final String FILE = "file";
  public static final String REASON = "reason";

  /**
   * A picture file.
   *
   * @param file that holds it
   */
  public record Named(String name, String file, byte[] content) {}

  /** Key of the class, and of its probability, that comes {@code place}-th, from 1. */
  public static String classKey(int place) {
    return "class_" + place;
  }

  public static String probabilityKey(int place) {
    return "probability_" + place;
  }

  /**
   * Writes a part, whole or not at all.
   *
   * @return pictures in it
   */
  public long label(Location part, Iterator<Named> pictures) {
    long[] count = new long[1];
    try (PictureScorer scorer = new PictureScorer(members, backend, deadline)) {
      part.write(
          out -> {
            List<Named> names = new ArrayList<>();
            List<Picture> decoded = new ArrayList<>();
            while (pictures.hasNext()) {
              Named next = pictures.next();
              count[0]++;
              try {
                decoded.add(PictureDecoder.decode(next.content()));
                names.add(next);
              } catch (BrokenPictureException e) {
                line(out, row(next, Map.of(REASON, e.getMessage())));
              }
              if (decoded.size() == minibatch || !pictures.hasNext()) {
                flush(scorer, names, decoded, out);
              }
            }
            flush(scorer, names, decoded, out);
          });
    }
    return count[0];
  }

  private void flush(
      PictureScorer scorer, List<Named> names, List<Picture> decoded, OutputStream out)
      throws IOException {
    if (decoded.isEmpty()) {
      return;
    }
    List<List<float[]>> answers = scorer.probabilities(decoded);
    List<Double> weights = members.stream().map(Member::weight).toList();
    for (int i = 0; i < decoded.size(); i++) {
      int place = i;
      List<float[]> ofMembers = answers.stream().map(list -> list.get(place)).toList();
      float[] probabilities =
          members.size() == 1 ? ofMembers.get(0) : combination.combine(ofMembers, weights);
      line(out, row(names.get(i), best(probabilities)));
    }
    names.clear();
    decoded.clear();
  }

  private Map<String, Object> best(float[] probabilities) {
    List<Integer> order =
        IntStream.range(0, probabilities.length)
            .boxed()
            .sorted(Comparator.comparing((Integer c) -> -probabilities[c]))
            .limit(top)
            .toList();
    Map<String, Object> best = new LinkedHashMap<>();
    for (int i = 0; i < order.size(); i++) {
      best.put(classKey(i + 1), classes.get(order.get(i)));
      best.put(probabilityKey(i + 1), (double) probabilities[order.get(i)]);
    }
    return best;
  }

  private static Map<String, Object> row(Named picture, Map<String, ?> more) {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put(NAME, picture.name());
    row.put(FILE, picture.file());
    row.putAll(more);
    return row;
  }

  private static void line(OutputStream out, Map<String, Object> row) throws IOException {
    out.write(Documents.toJsonLine(row).getBytes(StandardCharsets.UTF_8));
  }
}
