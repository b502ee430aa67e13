/**
 * Floor 1: labelled pictures as the world keeps them. A source is cut into parts, and each part is
 * read forwards, once to count and once to make shards of it.
 */
package convoy.data.sources;
