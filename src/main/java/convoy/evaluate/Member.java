package convoy.evaluate;

import convoy.data.ImageTransform;
import convoy.network.NetworkSpec;
import java.io.Serializable;

/**
 * A trained network that is asked.
 *
 * @param parameters little-endian 32-bit floats
 * @param weight in a weighted ensemble
 */
public record Member(
    String name, NetworkSpec network, ImageTransform transform, byte[] parameters, double weight)
    implements Serializable {}
