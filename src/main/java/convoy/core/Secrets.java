package convoy.core;

import java.util.regex.Pattern;

/** Keeps what opens doors out of what is written down. */
public final class Secrets {
  private static final Pattern IN_ADDRESS = Pattern.compile("://[^/@\\s:]*:[^/@\\s]*@");
  private static final Pattern IN_SETTING =
      Pattern.compile(
          "(?i)((?:secret|password|token|access\\.key|account\\.key)[\\w.-]*[=:]\\s*)\\S+");

  private Secrets() {}

  /**
   * A text with user and password of {@code scheme://user:password@host}, and the values of
   * settings that are called secret, password, token or key, as stars.
   */
  public static String blanked(String text) {
    String addresses = IN_ADDRESS.matcher(text).replaceAll("://***@");
    return IN_SETTING.matcher(addresses).replaceAll("$1***");
  }
}
