/**
 * Floor 1: images on their way from wherever they are to planned, decoded, augmented minibatches.
 * The only door to the image decoders.
 */
package convoy.data;
