/** Floor 1: data sets of shards: their files, and how a source becomes one. */
package convoy.data.shards;
