/**
 * Floor 4, two doors between Convoy and dl4j-spark: {@link convoy.dl4jspark.ConvoyTrainingMaster}
 * takes the place of its training masters in programs that are written for it, and its own training
 * master takes the place of Convoy's rounds in a training ({@code training.averaging}).
 */
package convoy.dl4jspark;
