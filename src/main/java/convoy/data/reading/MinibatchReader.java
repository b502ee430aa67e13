package convoy.data.reading;

import convoy.core.Daemons;
import convoy.core.Seeds;
import convoy.core.UserException;
import convoy.data.pictures.Augmentation;
import convoy.data.pictures.Augmenter;
import convoy.data.pictures.ImageTransform;
import convoy.data.pictures.Picture;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The minibatches of a slice, decoded one ahead on a thread of its own while the network computes.
 */
public final class MinibatchReader implements Iterator<Minibatch>, AutoCloseable {
  private static final int DEADLINE_MINUTES = 60;

  /**
   * What makes an example's input.
   *
   * @param augmenter for training; empty for evaluation
   * @param view of evaluation
   * @param seed of the augmentation, already mixed with the epoch; the example's number is the
   *     rest, so the input does not depend on who reads it
   */
  public record Inputs(
      ImageTransform transform,
      Optional<Augmenter> augmenter,
      ImageTransform.View view,
      long seed) {

    /** As evaluation sees pictures. */
    public static Inputs plain(ImageTransform transform) {
      return plain(transform, ImageTransform.View.CENTER);
    }

    /** As evaluation sees pictures from elsewhere. */
    public static Inputs plain(ImageTransform transform, ImageTransform.View view) {
      return new Inputs(transform, Optional.empty(), view, 0);
    }

    public static Inputs augmented(Augmenter augmenter, long seed) {
      return new Inputs(
          augmenter.transform(), Optional.of(augmenter), ImageTransform.View.CENTER, seed);
    }
  }

  private final PictureStore store;
  private final Inputs inputs;
  private final Iterator<int[]> slices;
  private final ExecutorService thread;
  private Future<Minibatch> next;

  public MinibatchReader(PictureStore store, Inputs inputs, List<int[]> minibatches) {
    this.store = store;
    this.inputs = inputs;
    this.slices = minibatches.iterator();
    this.thread = Executors.newSingleThreadExecutor(Daemons.named("minibatch-reader"));
    advance();
  }

  @Override
  public boolean hasNext() {
    return next != null;
  }

  @Override
  public Minibatch next() {
    if (next == null) {
      throw new NoSuchElementException("The slice has no more minibatches");
    }
    try {
      Minibatch minibatch = next.get(DEADLINE_MINUTES, TimeUnit.MINUTES);
      advance();
      return minibatch;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException("Decoding failed", e.getCause());
    } catch (TimeoutException e) {
      throw new UserException(
          "Cannot read a minibatch: it took more than %d minutes. Look at the file system."
              .formatted(DEADLINE_MINUTES),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while reading a minibatch", e);
    }
  }

  /**
   * Leaves out the next minibatches; the one that is being decoded is not waited for.
   *
   * @param minibatches no more than there are
   */
  public void skip(int minibatches) {
    if (minibatches == 0) {
      return;
    }
    // The first of them has been taken from the slices already.
    for (int i = 1; i < minibatches; i++) {
      slices.next();
    }
    advance();
  }

  private void advance() {
    if (slices.hasNext()) {
      int[] examples = slices.next();
      next = thread.submit(() -> read(store, inputs, examples));
    } else {
      next = null;
    }
  }

  /** One minibatch, here and now. */
  public static Minibatch read(PictureStore store, Inputs inputs, int[] examples) {
    ImageTransform transform = inputs.transform();
    float[] values = new float[examples.length * transform.size()];
    int[] labels = new int[examples.length];
    for (int i = 0; i < examples.length; i++) {
      Picture picture = store.picture(examples[i]);
      labels[i] = store.label(examples[i]);
      int offset = i * transform.size();
      if (inputs.augmenter().isPresent()) {
        inputs
            .augmenter()
            .get()
            .apply(picture, Seeds.random(inputs.seed(), examples[i]), values, offset);
      } else {
        transform.apply(picture, inputs.view(), values, offset);
      }
    }
    return inputs
        .augmenter()
        .map(Augmenter::augmentation)
        .filter(Augmentation::mixes)
        .map(how -> new Mixing(how, transform, inputs.seed()).mix(values, labels, examples))
        .orElseGet(() -> new Minibatch(values, labels));
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
