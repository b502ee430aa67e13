package convoy.network.torch;

import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** For how long what is made by libtorch lives, and whether it remembers how it was made. */
final class Scopes {

  private Scopes() {}

  /** Frees every tensor that the work makes when it ends. */
  static <T> T freeing(Supplier<T> work) {
    PointerScope scope = new PointerScope();
    try {
      return work.get();
    } finally {
      scope.close();
    }
  }

  /** Frees every tensor that the work makes but its result, which lives on as those around it. */
  static Tensor keeping(Supplier<Tensor> work) {
    PointerScope around = PointerScope.getInnerScope();
    PointerScope scope = new PointerScope();
    try {
      Tensor result = work.get();
      if (around != null) {
        around.attach(result);
      } else {
        result.retainReference();
      }
      return result;
    } finally {
      scope.close();
    }
  }

  /** Work that no gradient goes through. */
  static <T> T withoutGradient(Supplier<T> work) {
    NoGradGuard guard = new NoGradGuard();
    try {
      return work.get();
    } finally {
      guard.close();
    }
  }
}
