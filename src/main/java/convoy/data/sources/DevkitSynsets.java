package convoy.data.sources;

import convoy.core.Location;
import convoy.core.UserException;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import us.hebi.matlab.mat.format.Mat5;
import us.hebi.matlab.mat.types.MatFile;
import us.hebi.matlab.mat.types.Source;
import us.hebi.matlab.mat.types.Sources;
import us.hebi.matlab.mat.types.Struct;

/**
 * The classes of ImageNet's development kit ({@code meta.mat}, an array of structures in MATLAB's
 * format): their numbers, synsets and human names. Inner nodes of WordNet, which stand there, too,
 * are left out.
 *
 * @param byNumber synsets of the numbers in {@code ILSVRC2012_validation_ground_truth.txt}
 * @param names human names of synsets
 */
record DevkitSynsets(Map<Integer, String> byNumber, Map<String, String> names) {
  private static final String VARIABLE = "synsets";
  private static final String SYNSET = "WNID";
  private static final String NAME = "words";
  private static final String CHILDREN = "num_children";

  static boolean isMatFile(String file) {
    return PictureFiles.extension(file).equals("mat");
  }

  static DevkitSynsets read(Location file) {
    byte[] content = file.readBytes();
    try (Source source = Sources.wrap(content);
        MatFile mat = Mat5.newReader(source).readMat()) {
      return of(mat.getStruct(VARIABLE));
    } catch (IOException | RuntimeException e) {
      // The library tells broken files, other files and other variables by many exceptions.
      throw new UserException(
          "Cannot read synsets from %s: it has no array of structures %s with ILSVRC2012_ID, %s and %s (%s). Name the development kit's data/meta.mat, or a text of a synset a line."
              .formatted(file, VARIABLE, SYNSET, NAME, e),
          e);
    }
  }

  private static DevkitSynsets of(Struct rows) {
    String number = number(rows.getFieldNames());
    boolean tree = rows.getFieldNames().contains(CHILDREN);
    Map<Integer, String> byNumber = new HashMap<>();
    Map<String, String> names = new HashMap<>();
    for (int i = 0; i < rows.getNumElements(); i++) {
      if (!tree || rows.getMatrix(CHILDREN, i).getInt(0) == 0) {
        String synset = rows.getChar(SYNSET, i).getString();
        byNumber.put(rows.getMatrix(number, i).getInt(0), synset);
        names.put(synset, rows.getChar(NAME, i).getString());
      }
    }
    return new DevkitSynsets(byNumber, names);
  }

  /** Of the year's challenge. */
  private static String number(List<String> fields) {
    return fields.stream()
        .filter(field -> field.matches("ILSVRC\\d+_ID"))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("its fields are " + fields));
  }
}
