/**
 * Floor 4: dl4j-spark's programs on Convoy's rounds. {@link convoy.dl4jspark.ConvoyTrainingMaster}
 * takes the place of its own training masters.
 */
package convoy.dl4jspark;
