"""Training: any Keras classifier, by a recipe, on one device or many.

    from shared.training import recipe, strategy, train

    result = train(model, (x_train, y_train), "lenet5", validation=(x_test, y_test))
    result = train(model, data, recipe("resnet", epochs=10).scaled(1024),
                   strategy=strategy("mirrored"), checkpoint_dir="run")

What holds on one device, on several and on several machines alike:

- A step's loss is the mean over all its images, the last ones of an epoch included,
  wherever they were computed. So the weights do not depend on the number of replicas,
  beyond rounding; with batch normalisation, under `sync_batch_norm=True`.
- Which images a step reads, and how they are augmented, follows from the seed and the
  step's number. So a run that was stopped, or killed, goes on exactly.
- Trouble with the disk warns, and training goes on. Trouble with the numbers stops it
  and names the step and the layer.

`strategies` says where to train, `recipe_type` and `cookbook` how, `schedules` with
which rates; `data` describes the protocol of augmentation; `loop` has `train`. On the
command line: `python -m shared.training`. Importing this package imports no
TensorFlow; its names do when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shared.training.evaluation import evaluate
    from shared.training.loop import Result, train
    from shared.training.recipe_type import Recipe, recipe, recipes
    from shared.training.strategies import strategy

__all__ = ["Recipe", "Result", "evaluate", "recipe", "recipes", "strategy", "train"]

_HOMES = {
    "Recipe": "recipe_type",
    "Result": "loop",
    "evaluate": "evaluation",
    "recipe": "recipe_type",
    "recipes": "recipe_type",
    "strategy": "strategies",
    "train": "loop",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
