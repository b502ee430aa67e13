package convoy.core;

import java.util.List;

/**
 * Something the operator can mend: wrong configuration, missing data, no permission. The message is
 * one line a problem, each of the form {@code Cannot <verb> <object>: <reason>. <what to do>}.
 */
public final class UserException extends RuntimeException {

  public UserException(String message) {
    super(message);
  }

  public UserException(String message, Throwable cause) {
    super(message, cause);
  }

  /** All problems at once, so that a configuration is mended in one go. */
  public static void throwIfAny(List<String> problems) {
    if (!problems.isEmpty()) {
      throw new UserException(String.join("\n", problems));
    }
  }
}
