package convoy.data.shards;

import static java.nio.charset.StandardCharsets.UTF_8;

import convoy.core.Digests;
import convoy.core.Location;
import convoy.data.sources.FoundPictures;
import convoy.data.sources.LoosePart;
import convoy.data.sources.PartReader;
import convoy.data.sources.SourcePart.Skipped;
import convoy.data.sources.SourcePicture;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.Serializable;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.commons.io.output.CountingOutputStream;

/**
 * What tasks write down while they list a source: files of the output, which the driver never
 * holds.
 */
record ListingNotes(Location folder) implements Serializable {

  /** What the driver holds, once all is listed. */
  Location listing() {
    return folder.child("listing.json");
  }

  /** Files that were skipped, one a part that has some. */
  Location skipped() {
    return folder.child("skipped");
  }

  void skipped(int part, List<Skipped> files) {
    StringBuilder rows = new StringBuilder();
    files.forEach(file -> rows.append(NoteFile.row(file.name(), file.file(), file.reason())));
    skipped().child("part-%06d.tsv".formatted(part)).writeText(rows.toString());
  }

  /** The pictures of a part whose pictures are files, a row each. */
  Location found(int part) {
    return folder.child("found").child("part-%06d.jsonl".formatted(part));
  }

  /** Writes the rows of {@link #found}. */
  static final class Rows {
    private final CountingOutputStream out;
    private final DigestOutputStream digested;

    Rows(OutputStream out) {
      this.out = new CountingOutputStream(out);
      digested = new DigestOutputStream(this.out, Digests.sha256());
    }

    void add(SourcePicture picture) throws IOException {
      digested.write(FoundPictures.row(picture).getBytes(UTF_8));
    }

    /** Where the next row begins. */
    long mark() {
      return out.getByteCount();
    }

    /** Of the rows since the last call. */
    String digest() {
      return Digests.hex(digested.getMessageDigest().digest());
    }
  }

  /**
   * The pictures of a stretch, as they were written down; nothing if these are not the ones that
   * were counted, because another attempt at the listing found something else there since.
   *
   * @param from where its rows begin
   * @param digest of them
   */
  Optional<PartReader> open(LoosePart part, int number, long from, int pictures, String digest)
      throws IOException {
    List<String> rows = new ArrayList<>();
    MessageDigest read = Digests.sha256();
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(found(number).open(from, Long.MAX_VALUE), UTF_8))) {
      while (rows.size() < pictures) {
        String row = in.readLine();
        if (row == null) {
          return Optional.empty();
        }
        read.update((row + "\n").getBytes(UTF_8));
        rows.add(row);
      }
    }
    return Digests.hex(read.digest()).equals(digest)
        ? Optional.of(FoundPictures.open(part, rows))
        : Optional.empty();
  }

  void delete() {
    folder.delete();
  }
}
