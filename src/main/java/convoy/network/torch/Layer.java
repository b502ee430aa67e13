package convoy.network.torch;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** What a layer does with its inputs. */
@FunctionalInterface
interface Layer {
  Tensor forward(List<Tensor> inputs, Pass pass);
}
