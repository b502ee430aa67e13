package convoy.train;

import convoy.data.ImageTransform;
import convoy.network.Backend;
import convoy.network.NetworkSpec;
import java.io.Serializable;

/** What every round of a run has in common; sent to each executor once. */
record TrainingTask(
    NetworkSpec network,
    ImageTransform transform,
    ImageTransform.Augmentation augmentation,
    long seed,
    int deadlineMinutes,
    Backend backend)
    implements Serializable {}
