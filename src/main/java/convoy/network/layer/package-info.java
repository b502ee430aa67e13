/** Layers that DL4J lacks, or has but computes slowly. */
package convoy.network.layer;
