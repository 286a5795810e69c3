"""Random changes to training images that leave their labels true.

    augment = augmentation(Shift(4), Flip(), dataset="cifar10")
    train(model, data, "wide_resnet", augment=augment)     # in the training loop
    images = augment(images, seeds)                        # a batch, seeds (N, 2)
    dataset = augment.on(dataset, seed=1)                  # any tf.data pipeline

What happens to an image follows from its seed alone: the same seed gives the same
image on any number of replicas and after an interruption. `LABEL_SAFE` says which
changes leave the labels of a data set true; the others are refused.
"""

from shared.training.augmentation.geometric import Crop, Flip, Rotate, Shift
from shared.training.augmentation.intensity import (
    AdaptiveEqualisation,
    ContrastStretch,
    Cutout,
)
from shared.training.augmentation.pipeline import Augmentation, augmentation
from shared.training.augmentation.safety import (
    LABEL_SAFE,
    AugmentationError,
    check_label_safe,
)

__all__ = [
    "LABEL_SAFE",
    "AdaptiveEqualisation",
    "Augmentation",
    "AugmentationError",
    "ContrastStretch",
    "Crop",
    "Cutout",
    "Flip",
    "Rotate",
    "Shift",
    "augmentation",
    "check_label_safe",
]
