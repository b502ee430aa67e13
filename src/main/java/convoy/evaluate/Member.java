package convoy.evaluate;

import convoy.data.ImageTransform;
import convoy.network.ModelState;
import convoy.network.NetworkSpec;
import java.io.Serializable;

/**
 * A trained network that is asked.
 *
 * @param weight in a weighted ensemble
 */
public record Member(
    String name, NetworkSpec network, ImageTransform transform, ModelState state, double weight)
    implements Serializable {}
