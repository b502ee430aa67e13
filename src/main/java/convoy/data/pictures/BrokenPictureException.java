package convoy.data.pictures;

/** These bytes are no whole picture; the message says why, without saying where they come from. */
public final class BrokenPictureException extends Exception {

  public BrokenPictureException(String reason) {
    super(reason);
  }

  public BrokenPictureException(String reason, Throwable cause) {
    super(reason, cause);
  }
}
