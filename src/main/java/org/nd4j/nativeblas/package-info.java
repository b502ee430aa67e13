/**
 * One class under a name that DL4J looks up by reflection; see {@link org.nd4j.nativeblas.Nd4jCpu}.
 */
package org.nd4j.nativeblas;
