/**
 * Floor 2: what a network is, its state, and how both are stored. The only door to DL4J and ND4J.
 */
package convoy.network;
