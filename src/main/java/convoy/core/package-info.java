/**
 * Floor 0: where files are, what a configuration document means, what a run leaves behind. The only
 * door to Jackson and to Hadoop's file systems.
 */
package convoy.core;
