package convoy.evaluate;

import convoy.cluster.ClusterJob;
import convoy.core.Location;
import convoy.data.pictures.ImageTransform;
import convoy.data.reading.Minibatch;
import convoy.data.reading.MinibatchReader;
import convoy.data.reading.PictureShelf;
import convoy.data.reading.PictureStore;
import convoy.network.ModelState;
import convoy.network.Replicas;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** One stretch of a split, {@code from} to {@code to}: every member, then every ensemble. */
record PredictionTask(
    String split, int number, int from, int to, Predictor.Options options, int classes)
    implements Serializable {

  List<Tally> run(PictureShelf pictures, Predictor.Question question) {
    PictureStore store = pictures.store(split);
    List<Member> members = question.members();
    List<String> names = question.names();
    List<Tally> result = names.stream().map(name -> new Tally(classes)).toList();
    // Members one after the other: a replica at a time is in memory, and pictures stay decoded.
    List<List<float[]>> answers =
        members.stream().map(member -> answers(member, question.views().all(), store)).toList();
    StringBuilder lines = new StringBuilder(header(names));
    List<ScoreFile.Row> scores = new ArrayList<>();
    for (int i = 0; i < to - from; i++) {
      int position = i;
      List<float[]> ofMembers = answers.stream().map(list -> list.get(position)).toList();
      List<float[]> all = new ArrayList<>(ofMembers);
      question.ensembles().forEach(ensemble -> all.add(ensemble.answer(ofMembers)));
      for (int t = 0; t < all.size(); t++) {
        result.get(t).add(from + i, store.label(from + i), all.get(t));
      }
      // Validation asks for no files after every epoch, and should not pay for them.
      String name = question.files().isEmpty() ? "" : store.entry(from + i).name();
      if (!question.files().isEmpty()) {
        lines.append(line(name, from + i, store.label(from + i), all));
      }
      if (!question.scores().isEmpty()) {
        scores.add(new ScoreFile.Row(from + i, name, store.label(from + i), ofMembers));
      }
    }
    String part = "part-%05d".formatted(number);
    for (Location folder : question.files()) {
      folder.child(part + ".csv").writeBytes(lines.toString().getBytes(StandardCharsets.UTF_8));
    }
    for (Location folder : question.scores()) {
      ScoreFile.write(
          folder.child(part + ".parquet"), members.stream().map(Member::name).toList(), scores);
    }
    return result;
  }

  private List<float[]> answers(
      Member member, List<ImageTransform.View> views, PictureStore store) {
    List<int[]> minibatches = new ArrayList<>();
    for (int start = from; start < to; start += options.minibatch()) {
      minibatches.add(IntStream.range(start, Math.min(to, start + options.minibatch())).toArray());
    }
    return Replicas.use(
        new Replicas.Kind(member.network(), options.backend(), ClusterJob.gpu()),
        "predictions of " + member.name(),
        options.deadline(),
        network -> {
          network.restore(ModelState.atRest(member.parameters().read()));
          List<float[]> answers = new ArrayList<>();
          // Classes that it does not know come after those that it does.
          IntStream.range(from, to).forEach(example -> answers.add(new float[classes]));
          for (ImageTransform.View view : views) {
            var inputs = MinibatchReader.Inputs.plain(member.transform(), view);
            try (MinibatchReader reader = new MinibatchReader(store, inputs, minibatches)) {
              int first = 0;
              while (reader.hasNext()) {
                Minibatch minibatch = reader.next();
                float[] probabilities =
                    network.probabilities(minibatch.inputs(), minibatch.examples());
                add(probabilities, member.network().classes(), views.size(), answers, first);
                first += minibatch.examples();
              }
            }
          }
          return answers;
        });
  }

  /** Adds a view's part to the means. */
  private static void add(
      float[] probabilities, int known, int views, List<float[]> answers, int first) {
    for (int i = 0; i < probabilities.length; i++) {
      answers.get(first + i / known)[i % known] += probabilities[i] / views;
    }
  }

  private static String header(List<String> names) {
    StringBuilder header = new StringBuilder("example,name,label");
    names.forEach(name -> header.append(",%1$s,%1$s-probability".formatted(name)));
    return header.append('\n').toString();
  }

  /** The first choice of each and its probability; -1 for none. */
  private static String line(String name, int example, int label, List<float[]> answers) {
    StringBuilder line = new StringBuilder();
    line.append("%d,\"%s\",%d".formatted(example, name.replace("\"", "\"\""), label));
    for (float[] probabilities : answers) {
      int first = Tally.answer(probabilities);
      float probability = first < 0 ? Float.NaN : probabilities[first];
      line.append(String.format(Locale.ROOT, ",%d,%.6f", first, probability));
    }
    return line.append('\n').toString();
  }
}
