/**
 * The engine Deeplearning4j, for the networks that it has all layers of. The only door to DL4J and
 * ND4J.
 */
package convoy.network.dl4j;
