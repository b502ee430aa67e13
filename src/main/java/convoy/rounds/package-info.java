/**
 * Floor 4: rounds of local steps and averaging, and the checkpoints between them. {@link
 * convoy.rounds.Transport} is how workers average: among themselves, or through Spark.
 */
package convoy.rounds;
