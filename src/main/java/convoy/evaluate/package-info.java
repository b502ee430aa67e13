/** Floor 3: what trained networks say about a split, and how right it is. */
package convoy.evaluate;
