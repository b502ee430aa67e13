package convoy.data.sources;

import convoy.core.Location;

/**
 * A part whose pictures are files of their own, which a folder or a table leads to. To find one of
 * them is to look at all: who reads them later is told of them, see {@link FoundPictures}.
 */
public sealed interface LoosePart extends SourcePart permits FolderPart, ListPart {

  /**
   * A picture's file.
   *
   * @param name of the picture
   */
  Location file(String name);
}
