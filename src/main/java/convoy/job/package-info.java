/** Floor 5: the command line; one class a job, which only composes the floors below. */
package convoy.job;
