/** The networks of the literature, a class each, as DL4J graphs. */
package convoy.network.architecture;
