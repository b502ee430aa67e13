package convoy.train;

import convoy.core.Location;
import convoy.data.DatasetManifest;
import convoy.data.ImageTransform;
import convoy.network.Backend;
import convoy.network.NetworkSpec;
import java.io.Serializable;
import java.util.List;

/**
 * What every round of a run has in common; sent to each executor once.
 *
 * @param shards of the training split
 * @param keptBytes of decoded pictures a JVM
 */
record TrainingTask(
    Location dataset,
    List<DatasetManifest.Shard> shards,
    NetworkSpec network,
    ImageTransform transform,
    ImageTransform.Augmentation augmentation,
    long seed,
    long keptBytes,
    int deadlineMinutes,
    Backend backend)
    implements Serializable {}
