/**
 * Floor 4: rounds of local steps and averaging, epochs, schedules, checkpoints. {@link
 * convoy.train.ParameterAveragingTrainer} reads top-down.
 */
package convoy.train;
