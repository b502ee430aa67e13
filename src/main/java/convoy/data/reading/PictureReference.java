package convoy.data.reading;

import java.io.Serializable;

/**
 * Where one picture is.
 *
 * @param name for people
 * @param file that holds it, at bytes {@code offset} to {@code offset + length}
 */
public record PictureReference(String name, String file, long offset, long length)
    implements Serializable {}
