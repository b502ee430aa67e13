package convoy.core;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 as lower-case hexadecimal text. */
public final class Digests {

  private Digests() {}

  public static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }

  public static String sha256(byte[] bytes) {
    return hex(sha256().digest(bytes));
  }

  /** Of a text's UTF-8 form. */
  public static String sha256(String text) {
    return sha256(text.getBytes(StandardCharsets.UTF_8));
  }

  /** A number from 0 to 1 that follows from the bytes alone, evenly spread: 52 bits of a digest. */
  public static double position(byte[] bytes) {
    return Long.parseLong(sha256(bytes).substring(0, 13), 16) / (double) (1L << 52);
  }

  public static String hex(byte[] digest) {
    return HexFormat.of().formatHex(digest);
  }
}
