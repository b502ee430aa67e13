/** Floor 1: what a network reads: the plan of an epoch, and the minibatches of it. */
package convoy.data.reading;
