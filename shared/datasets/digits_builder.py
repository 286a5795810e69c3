"""The digits as a tensorflow-datasets builder: `tfds.load("digits")` after import."""

from __future__ import annotations

from collections.abc import Iterator

import tensorflow_datasets as tfds

from shared.datasets.catalog import info
from shared.datasets.digits import digits_arrays


class Digits(tfds.core.GeneratorBasedBuilder):
    """scikit-learn's handwritten digits, scaled to 28x28x1."""

    VERSION = tfds.core.Version(info("digits").version)

    def _info(self) -> tfds.core.DatasetInfo:
        facts = info("digits")
        return tfds.core.DatasetInfo(
            builder=self,
            description=facts.title,
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=facts.image_shape),
                    "label": tfds.features.ClassLabel(names=facts.class_names),
                }
            ),
            supervised_keys=("image", "label"),
            homepage="https://archive.ics.uci.edu/dataset/80",
            # Already shuffled: both ways of loading give one order.
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager: object) -> dict[str, Iterator]:
        return {name: self._generate_examples(name) for name in ("train", "test")}

    def _generate_examples(self, split: str) -> Iterator[tuple[int, dict]]:
        images, labels = digits_arrays(split)
        for key, (image, label) in enumerate(zip(images, labels, strict=True)):
            yield key, {"image": image, "label": int(label)}
