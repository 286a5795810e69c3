"""What a recipe is, and finding one.

`recipe("resnet")` is one of `shared.training.cookbook`, `recipe("resnet", epochs=10)`
the same with a change, `recipe("resnet").scaled(1024)` the same for a larger batch.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from shared.training.errors import RecipeError
from shared.training.schedules import Constant, Schedule

CONSTANT = Constant()
OPTIMIZERS = ("sgd", "rmsprop", "adam", "adadelta")


@dataclass(frozen=True)
class Recipe:
    """Everything about a training run but the network, the data and the machine.

    Attributes:
        name: as in `recipe(name)`.
        about: one line for the list, with the source.
        optimizer: one of `OPTIMIZERS`.
        options: further arguments of the Keras optimizer, such as momentum.
        learning_rate: the highest rate of the run.
        schedule: how the rate changes.
        warmup_epochs: linear increase from 0 before that.
        batch_size: images per step, over all replicas.
        epochs: passes over the data.
        weight_decay: of kernels only, neither biases nor normalisations.
        decoupled: take the decay from the weights, rate x decay (arXiv:1711.05101),
            instead of adding its gradient to the loss's: L2.
        clip_norm: longest gradient, all variables together, or None.
        label_smoothing: share of the target spread over all classes.
        auxiliary_weight: weight in the loss of each output after the first.
        centred: uint8 images become -1 to 1 instead of 0 to 1.
        augment: `augment(images, seeds)`, see `shared.training.batches`.
        model, dataset: what `python -m shared.training NAME` trains, and on what.
        model_options: further arguments for building that model.
    """

    name: str
    about: str
    optimizer: str = "sgd"
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    learning_rate: float = 0.01
    schedule: Schedule = CONSTANT
    warmup_epochs: float = 0
    batch_size: int = 128
    epochs: int = 10
    weight_decay: float = 0.0
    decoupled: bool = False
    clip_norm: float | None = None
    label_smoothing: float = 0.0
    auxiliary_weight: float = 0.3
    centred: bool = False
    augment: Any = None
    model: str = ""
    dataset: str = ""
    model_options: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        for key in ("options", "model_options"):
            frozen = MappingProxyType(dict(getattr(self, key)))
            object.__setattr__(self, key, frozen)
        if self.optimizer not in OPTIMIZERS:
            raise RecipeError(
                f"optimizer must be one of {', '.join(OPTIMIZERS)}, "
                f"got {self.optimizer!r}"
            )
        for key in ("learning_rate", "batch_size", "epochs", "clip_norm"):
            value = getattr(self, key)
            if not (value is None and key == "clip_norm") and not value > 0:
                raise RecipeError(f"{key} must be above 0, got {value!r}")
        for key in ("weight_decay", "warmup_epochs", "auxiliary_weight"):
            if not getattr(self, key) >= 0:
                raise RecipeError(f"{key} must be 0 or more, got {getattr(self, key)}")
        if not 0 <= self.label_smoothing < 1:
            raise RecipeError(
                f"label_smoothing must be in [0, 1), got {self.label_smoothing}"
            )

    def scaled(self, batch_size: int, warmup_epochs: float = 5) -> Recipe:
        """This recipe for another batch: rate in proportion, warmed up if higher.

        With k times the batch there are k times fewer steps, so each is k times as
        long (arXiv:1706.02677); the first ones would diverge without the warm-up.
        """
        factor = batch_size / self.batch_size
        warmup = self.warmup_epochs
        if factor > 1:
            warmup = max(warmup, min(warmup_epochs, self.epochs / 4))
        return dataclasses.replace(
            self,
            batch_size=batch_size,
            learning_rate=self.learning_rate * factor,
            warmup_epochs=warmup,
        )


def recipe(name: str | Recipe, /, **changes: Any) -> Recipe:
    """The recipe called `name`, with `changes` to its attributes.

    Raises:
        RecipeError: no such recipe or attribute; the message lists near names.
    """
    from shared.training.cookbook import RECIPES

    if isinstance(name, Recipe):
        found = name
    elif name in RECIPES:
        found = RECIPES[name]
    else:
        near = difflib.get_close_matches(str(name), RECIPES, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else "recipes() lists them"
        raise RecipeError(f"name: no recipe {name!r}; {hint}")
    fields = {attribute.name for attribute in dataclasses.fields(Recipe)}
    if unknown := changes.keys() - fields:
        raise RecipeError(
            f"a recipe has no {', '.join(sorted(unknown))}; it has "
            f"{', '.join(sorted(fields))}"
        )
    return dataclasses.replace(found, **changes)


def recipes() -> tuple[str, ...]:
    """The names of all recipes."""
    from shared.training.cookbook import RECIPES

    return tuple(RECIPES)
