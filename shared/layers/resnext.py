"""The ResNeXt block in its three equivalent forms (arXiv:1611.05431, Figure 3)."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from shared.layers.residual import ResidualBlock, Unit

__all__ = ["ResNeXtBlock"]

FORMS = ("split", "concatenated", "grouped")


@keras.saving.register_keras_serializable(package="course")
class ResNeXtBlock(ResidualBlock):
    """A bottleneck of `cardinality` branches, each `width` channels wide.

    The three forms compute the same function with the same number of weights:

    - `"split"` (Figure 3a): each branch is 1x1, 3x3, 1x1; the branches are summed;
    - `"concatenated"` (3b): each branch is 1x1, 3x3; they are concatenated and share
      one 1x1;
    - `"grouped"` (3c): 1x1, one grouped 3x3, 1x1. The models use this one.

    Normalisation and ReLU follow each convolution; in `"split"` the last normalisation
    follows the sum, as the paper says. The 3x3 has the stride. `copy_weights` carries
    the weights from one form to another.

    Args:
        filters: channels of the output.
        strides: step along height and width.
        cardinality: number of branches, C in the paper.
        width: channels of one branch, d in the paper.
        form: "split", "concatenated" or "grouped".
        kwargs: further arguments of `ResidualBlock`, without `preactivation`,
            `use_bias` and `dropout`.

    Raises:
        ValueError: `form` is none of the three, or `preactivation`, `use_bias` or
            `dropout` is asked for.
    """

    def __init__(
        self,
        filters: int,
        strides: int = 1,
        *,
        cardinality: int = 32,
        width: int = 4,
        form: str = "grouped",
        **kwargs: Any,
    ) -> None:
        super().__init__(filters, strides, **kwargs)
        if form not in FORMS:
            raise ValueError(f"form must be one of {FORMS}, got {form!r}")
        for argument in ("preactivation", "use_bias", "dropout"):
            if getattr(self, argument):
                raise ValueError(
                    f"{argument} is not for a ResNeXtBlock, got "
                    f"{getattr(self, argument)!r}: leave it out"
                )
        self.cardinality = cardinality
        self.width = width
        self.form = form

    def units(self) -> tuple[Unit, ...]:
        width = self.cardinality * self.width
        return (
            Unit(width, 1),
            Unit(width, 3, self.strides, self.cardinality),
            Unit(self.filters, 1),
        )

    def _branch(self, x: Any) -> Any:
        if self.form == "grouped":
            return super()._branch(x)
        ends = [self._narrow(x, branch) for branch in range(self.cardinality)]
        merge = keras.layers.Add if self.form == "split" else keras.layers.Concatenate
        # Keras's merging layers refuse a single tensor.
        x = merge(name="merge")(ends) if len(ends) > 1 else ends[0]
        if self.form == "concatenated":
            x = self._convolve(x, Unit(self.filters, 1), "conv3")
        return self._normalize(x, "bn3")

    def _narrow(self, x: Any, branch: int) -> Any:
        units = [Unit(self.width, 1), Unit(self.width, 3, self.strides)]
        for index, unit in enumerate(units, start=1):
            x = self._convolve(x, unit, f"conv{index}.{branch}")
            x = self._normalize(x, f"bn{index}.{branch}")
            x = self._relu(x, f"relu{index}.{branch}")
        if self.form == "split":
            x = self._convolve(x, Unit(self.filters, 1), f"conv3.{branch}")
        return x

    def _parts(self) -> dict[tuple[str, int], list[Any]]:
        """Variables that together make one of the grouped form, in branch order."""
        parts: dict[tuple[str, int], list[Any]] = {}
        for layer in self.network.layers:
            base = layer.name.partition(".")[0]
            for index, variable in enumerate(layer.weights):
                parts.setdefault((base, index), []).append(variable)
        return parts

    def copy_weights(self, source: ResNeXtBlock) -> None:
        """Take over the weights of a block of the same size in any form.

        Args:
            source: a built block; this block must be built as well.

        Raises:
            ValueError: the blocks differ in more than their form.
        """
        wanted, given = self._parts(), source._parts()
        if wanted.keys() != given.keys():
            raise ValueError(
                "source must be a block with the same layers; the two differ in "
                f"{sorted(name for name, _ in wanted.keys() ^ given.keys())}"
            )
        for key, variables in wanted.items():
            # A branch owns output channels, but input channels of the last 1x1.
            axis = 2 if key[0] == "conv3" else -1
            whole = np.concatenate([np.asarray(part) for part in given[key]], axis)
            pieces = np.split(whole, len(variables), axis)
            for variable, piece in zip(variables, pieces, strict=True):
                variable.assign(piece)
