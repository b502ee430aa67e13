/** The networks of the literature, a class each, as graphs of layers apart from any engine. */
package convoy.network.architecture;
