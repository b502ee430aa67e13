/** Floor 1: Spark itself: contexts with the settings that Convoy needs, jobs with deadlines. */
package convoy.cluster;
