package convoy.core;

import java.util.Map;
import java.util.ServiceLoader;

/** Settings of Hadoop that are not in its own files; found as a service. */
public interface HadoopSettings {

  /** Whether the libraries that they come from are there. */
  boolean isThere();

  /** What they are of: with another one, they may be others. */
  Object source();

  /** By Hadoop's names. */
  Map<String, String> all();

  /** Those that are there, or none. */
  static HadoopSettings found() {
    return ServiceLoader.load(HadoopSettings.class, HadoopSettings.class.getClassLoader()).stream()
        .map(ServiceLoader.Provider::get)
        .filter(HadoopSettings::isThere)
        .findFirst()
        .orElse(new None());
  }

  /** Hadoop's files say all. */
  final class None implements HadoopSettings {
    @Override
    public boolean isThere() {
      return true;
    }

    @Override
    public Object source() {
      return "files";
    }

    @Override
    public Map<String, String> all() {
      return Map.of();
    }
  }
}
