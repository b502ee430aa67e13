/**
 * Floor 1: pictures: decoded, checked, turned, resized, augmented. The only door to the decoders.
 */
package convoy.data.pictures;
