package convoy.data.shards;

import java.io.Serializable;

/**
 * A picture of a table.
 *
 * @param split that it goes to
 * @param label number of its class
 * @param file as a picture file
 */
public record LabelledPicture(String split, int label, byte[] file) implements Serializable {}
