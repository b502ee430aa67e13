/**
 * Floor 2: what a network is, its state, how both are stored, and what runs it. Engines are rooms
 * of their own, found as services.
 */
package convoy.network;
