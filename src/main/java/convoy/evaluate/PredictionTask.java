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
import java.util.Optional;
import java.util.stream.IntStream;

/** One stretch of a split, {@code from} to {@code to}: every member, then every ensemble. */
record PredictionTask(
    String split, int number, int from, int to, Predictor.Options options, int classes)
    implements Serializable {

  List<Tally> run(PictureShelf pictures, Predictor.Question question) {
    String part = "part-%05d".formatted(number);
    List<String> memberNames = question.members().stream().map(Member::name).toList();
    Optional<Location> kept =
        question.scores().stream().findFirst().map(folder -> folder.child(part + ".parquet"));
    boolean isThere = kept.filter(Location::exists).isPresent();
    List<ScoreFile.Row> rows =
        isThere ? ScoreFile.read(kept.get(), memberNames) : ask(pictures.store(split), question);
    List<String> names = question.names();
    List<Tally> result = names.stream().map(name -> new Tally(classes)).toList();
    StringBuilder lines = new StringBuilder(header(names));
    for (ScoreFile.Row row : rows) {
      List<float[]> all = new ArrayList<>(row.probabilities());
      question.ensembles().forEach(ensemble -> all.add(ensemble.answer(row.probabilities())));
      for (int t = 0; t < all.size(); t++) {
        result.get(t).add(row.example(), row.label(), all.get(t));
      }
      if (!question.files().isEmpty()) {
        lines.append(line(row.name(), row.example(), row.label(), all));
      }
    }
    for (Location folder : question.files()) {
      folder.child(part + ".csv").writeBytes(lines.toString().getBytes(StandardCharsets.UTF_8));
    }
    if (!isThere) {
      kept.ifPresent(file -> ScoreFile.write(file, memberNames, rows));
    }
    return result;
  }

  private List<ScoreFile.Row> ask(PictureStore store, Predictor.Question question) {
    // Members one after the other: a replica at a time is in memory, and pictures stay decoded.
    List<List<float[]>> answers =
        question.members().stream()
            .map(member -> answers(member, question.views().all(), store))
            .toList();
    // Validation asks for no files after every epoch, and should not pay for names.
    boolean named = !question.files().isEmpty() || !question.scores().isEmpty();
    return IntStream.range(0, to - from)
        .mapToObj(
            i ->
                new ScoreFile.Row(
                    from + i,
                    named ? store.entry(from + i).name() : "",
                    store.label(from + i),
                    answers.stream().map(list -> list.get(i)).toList()))
        .toList();
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
