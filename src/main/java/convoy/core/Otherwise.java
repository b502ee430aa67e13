package convoy.core;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * What a key means that is left out: of an element of a list, for which no reference document could
 * say it ({@code {type: convolution, filters: 16, size: 3}} has a stride of 1), and of a file that
 * was written when there was no such key.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Otherwise {

  /** As text; of a list as JSON. */
  String value();
}
