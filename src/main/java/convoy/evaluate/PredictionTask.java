package convoy.evaluate;

import convoy.cluster.ClusterJob;
import convoy.data.reading.MinibatchReader;
import convoy.data.reading.PictureShelf;
import convoy.data.reading.PictureStore;
import convoy.network.ModelState;
import convoy.network.Replicas;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** One stretch of a split, {@code from} to {@code to}: every member, then every combination. */
record PredictionTask(
    String split, int number, int from, int to, Predictor.Options options, int classes)
    implements Serializable {

  List<Tally> run(PictureShelf pictures, Predictor.Question question) {
    PictureStore store = pictures.store(split);
    List<Member> members = question.members();
    int tallies = members.size() + question.combinations().size();
    List<Tally> result = IntStream.range(0, tallies).mapToObj(i -> new Tally(classes)).toList();
    // Members one after the other: a replica at a time is in memory, and pictures stay decoded.
    List<List<float[]>> answers = members.stream().map(member -> answers(member, store)).toList();
    List<Double> weights = members.stream().map(Member::weight).toList();
    StringBuilder rows = new StringBuilder(header(question));
    for (int i = 0; i < to - from; i++) {
      int position = i;
      List<float[]> ofMembers = answers.stream().map(list -> list.get(position)).toList();
      List<float[]> all = new ArrayList<>(ofMembers);
      question
          .combinations()
          .forEach(combination -> all.add(combination.combine(ofMembers, weights)));
      for (int t = 0; t < tallies; t++) {
        result.get(t).add(from + i, store.label(from + i), all.get(t));
      }
      // Validation asks for no file after every epoch, and should not pay for one.
      if (!question.predictions().isEmpty()) {
        rows.append(row(store, from + i, all));
      }
    }
    question
        .predictions()
        .forEach(
            folder ->
                folder
                    .child("part-%05d.csv".formatted(number))
                    .writeBytes(rows.toString().getBytes(StandardCharsets.UTF_8)));
    return result;
  }

  private List<float[]> answers(Member member, PictureStore store) {
    List<int[]> minibatches = new ArrayList<>();
    for (int start = from; start < to; start += options.minibatch()) {
      minibatches.add(IntStream.range(start, Math.min(to, start + options.minibatch())).toArray());
    }
    var inputs = MinibatchReader.Inputs.plain(member.transform());
    return Replicas.use(
        new Replicas.Kind(member.network(), options.backend(), ClusterJob.gpu()),
        "predictions of " + member.name(),
        options.deadline(),
        network -> {
          network.restore(ModelState.atRest(member.parameters().read()));
          List<float[]> answers = new ArrayList<>();
          try (MinibatchReader reader = new MinibatchReader(store, inputs, minibatches)) {
            while (reader.hasNext()) {
              var minibatch = reader.next();
              float[] probabilities =
                  network.probabilities(minibatch.inputs(), minibatch.examples());
              int known = member.network().classes();
              for (int i = 0; i < minibatch.examples(); i++) {
                float[] own = Arrays.copyOfRange(probabilities, i * known, (i + 1) * known);
                // Classes that it does not know come after those that it does.
                answers.add(Arrays.copyOf(own, classes));
              }
            }
          }
          return answers;
        });
  }

  private static String header(Predictor.Question question) {
    StringBuilder header = new StringBuilder("example,name,label");
    question
        .members()
        .forEach(member -> header.append(",%1$s,%1$s-probability".formatted(member.name())));
    question
        .combinations()
        .forEach(
            c ->
                header.append(
                    ",%1$s,%1$s-probability".formatted(c.name().toLowerCase(Locale.ROOT))));
    return header.append('\n').toString();
  }

  /** The first choice of each and its probability. */
  private static String row(PictureStore store, int example, List<float[]> answers) {
    StringBuilder row = new StringBuilder();
    String name = store.entry(example).name().replace("\"", "\"\"");
    row.append("%d,\"%s\",%d".formatted(example, name, store.label(example)));
    for (float[] probabilities : answers) {
      int first = Tally.first(probabilities);
      row.append(String.format(Locale.ROOT, ",%d,%.6f", first, probabilities[first]));
    }
    return row.append('\n').toString();
  }
}
