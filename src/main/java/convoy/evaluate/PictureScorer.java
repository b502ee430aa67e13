package convoy.evaluate;

import convoy.cluster.ClusterJob;
import convoy.data.pictures.ImageTransform;
import convoy.data.pictures.Picture;
import convoy.network.Backend;
import convoy.network.ModelState;
import convoy.network.Network;
import convoy.network.Replicas;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * Members that are asked about any pictures, a minibatch at a time; each has a replica to itself
 * until the scorer is closed. Used by one thread.
 */
public final class PictureScorer implements AutoCloseable {
  private final List<Asked> asked = new ArrayList<>();

  /** A member and its replica. */
  private record Asked(Member member, Replicas.Lease lease) {}

  /**
   * @param deadline of one minibatch
   */
  public PictureScorer(List<Member> members, Backend backend, Duration deadline) {
    try {
      for (Member member : members) {
        Replicas.Lease lease =
            Replicas.lend(new Replicas.Kind(member.network(), backend, ClusterJob.gpu()), deadline);
        asked.add(new Asked(member, lease));
        var unused =
            lease.use(
                "the restoring of " + member.name(),
                network -> {
                  network.restore(ModelState.atRest(member.parameters().read()));
                  return network;
                });
      }
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Probabilities of classes.
   *
   * @return of each member, of each picture
   */
  public List<List<float[]>> probabilities(List<Picture> pictures) {
    return asked.stream()
        .map(one -> ask(one, pictures, inputs -> n -> n.probabilities(inputs, pictures.size())))
        .toList();
  }

  /**
   * What a layer of the first member makes of pictures.
   *
   * @return of each picture, (channels, height, width) for a map
   */
  public List<float[]> activations(List<Picture> pictures, String layer) {
    return ask(
        asked.get(0),
        pictures,
        inputs -> n -> n.activations(inputs, pictures.size(), Set.of(layer)).get(layer));
  }

  private static List<float[]> ask(
      Asked one, List<Picture> pictures, Function<float[], Function<Network, float[]>> question) {
    ImageTransform transform = one.member.transform();
    float[] inputs = new float[pictures.size() * transform.size()];
    for (int i = 0; i < pictures.size(); i++) {
      transform.apply(pictures.get(i), inputs, i * transform.size());
    }
    float[] all = one.lease.use("answers of " + one.member.name(), question.apply(inputs));
    int length = all.length / pictures.size();
    List<float[]> answers = new ArrayList<>();
    for (int i = 0; i < pictures.size(); i++) {
      answers.add(Arrays.copyOfRange(all, i * length, (i + 1) * length));
    }
    return answers;
  }

  @Override
  public void close() {
    asked.forEach(one -> one.lease.close());
    asked.clear();
  }
}
