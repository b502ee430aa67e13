/**
 * Floor 5: Convoy as stages of Spark ML pipelines, on DataFrames with pictures. {@link
 * convoy.ml.CnnClassifier} trains with the trainer of the jobs, {@link convoy.ml.CnnModel} is one
 * of their model folders.
 */
package convoy.ml;
