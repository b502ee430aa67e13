package convoy.data.sources;

/** One that can be opened again where it stands. */
public interface MarkedReader extends PartReader {

  /** Where the next picture begins; larger ones come later. */
  long mark();
}
