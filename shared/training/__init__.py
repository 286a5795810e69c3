"""Training: any Keras classifier, by a recipe, on one device or many.

    result = train(model, (x_train, y_train), "lenet5", validation=(x_test, y_test))

Importing this package imports no TensorFlow; its names do when they are first used.
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
