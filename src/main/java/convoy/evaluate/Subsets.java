package convoy.evaluate;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Which of some members are taken together to see what more of them gain. */
final class Subsets {
  private static final int ALL_OF = 7;
  private static final int ORDERS = 16;

  private Subsets() {}

  /**
   * All of seven members and fewer; of more the beginnings of sixteen orders that are drawn, always
   * the same.
   */
  static List<List<Integer>> of(int members) {
    return members <= ALL_OF ? all(members) : drawn(members);
  }

  private static List<List<Integer>> all(int members) {
    return IntStream.range(1, 1 << members)
        .mapToObj(
            bits ->
                IntStream.range(0, members)
                    .filter(member -> (bits >> member & 1) == 1)
                    .boxed()
                    .toList())
        .toList();
  }

  private static List<List<Integer>> drawn(int members) {
    Random random = new Random(1);
    List<List<Integer>> subsets = new ArrayList<>();
    for (int i = 0; i < ORDERS; i++) {
      List<Integer> order = new ArrayList<>(IntStream.range(0, members).boxed().toList());
      Collections.shuffle(order, random);
      for (int size = 1; size <= members; size++) {
        subsets.add(List.copyOf(order.subList(0, size)));
      }
    }
    return subsets;
  }
}
