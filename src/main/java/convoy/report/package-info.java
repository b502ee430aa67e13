/** Floor 4: what an evaluation looks like to a person. Draws; computes nothing. */
package convoy.report;
