"""Loss and accuracy of a model on examples it is not trained on."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from shared.training.batches import Plan, batches
from shared.training.examples import Examples, check, examples
from shared.training.steps import advancer, evaluation_step


class Evaluator:
    """Evaluates a model on the same examples as often as it is called."""

    def __init__(
        self,
        model: keras.Model,
        source: Examples,
        strategy: tf.distribute.Strategy,
        *,
        centred: bool = False,
        batch_size: int = 256,
    ) -> None:
        batch_size = min(batch_size, source.size)
        self._steps = tf.constant(source.steps(batch_size), tf.int64)
        self._advance = advancer(strategy, evaluation_step(model, centred))
        # Endless and read in whole passes: one iterator serves all epochs.
        self._iterator = iter(batches(source, Plan(batch_size), strategy))

    def __call__(self) -> tuple[float, float]:
        """The mean loss, without label smoothing, and the accuracy."""
        _, totals = self._advance(self._iterator, self._steps)
        loss, correct, count, _ = (float(each) for each in totals)
        return loss / count, correct / count


def evaluate(
    model: keras.Model,
    data: Any,
    *,
    strategy: tf.distribute.Strategy | None = None,
    centred: bool = False,
    batch_size: int = 256,
) -> dict[str, float]:
    """Loss and accuracy of a model.

    Args:
        model: a classifier, with logits or a softmax at its end.
        data: `(x, y)` arrays or a `tf.data.Dataset` of `(image, label)`, as for
            `train`.
        strategy: the one that the model was made in.
        centred: as in the recipe that it was trained by.
        batch_size: images per step.

    Returns:
        "loss", the mean cross-entropy in nats, and "accuracy", a share of 1.
    """
    source = check(examples(data), model)
    evaluator = Evaluator(
        model,
        source,
        strategy or tf.distribute.get_strategy(),
        centred=centred,
        batch_size=batch_size,
    )
    loss, accuracy = evaluator()
    return {"loss": loss, "accuracy": accuracy}
