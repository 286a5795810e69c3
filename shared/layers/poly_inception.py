"""Poly-Inception modules of PolyNet (arXiv:1611.05725): sums of compositions.

With an Inception-ResNet branch F and the identity I, a residual block is I + F. The
paper's modules add higher orders:

* "poly": `I + F + F²`, the same F applied again;
* "mpoly": `I + F + G F`, a new G on top of F;
* "way": `I + F + G`, two in parallel (2-way).

`order` generalises each to n terms (poly-3: `I + F + F² + F³`).
"""

from __future__ import annotations

from typing import Any

import keras

from shared.layers.branches import Conv, InceptionModule, Style, branches
from shared.layers.inception_resnet import (
    InceptionResNetA,
    InceptionResNetB,
    InceptionResNetC,
)

__all__ = ["PolyInception"]

BLOCKS = {"A": InceptionResNetA, "B": InceptionResNetB, "C": InceptionResNetC}
FORMS = ("poly", "mpoly", "way")


class _SharedConvolutions:
    """A style that makes its convolutions once and applies them again after `rewind`.

    Normalisations are made afresh at each application.
    """

    def __init__(self, style: Style) -> None:
        self.style = style
        self.made: list[keras.layers.Conv2D] = []
        self.position = 0

    def rewind(self) -> None:
        self.position = 0

    def convolve(self, x: Any, step: Conv) -> Any:
        if self.position == len(self.made):
            self.made.append(self.style.convolution(step))
        x = self.made[self.position](x)
        self.position += 1
        return self.style.finish(x, step)


@keras.saving.register_keras_serializable(package="course")
class PolyInception(InceptionModule):
    """`relu(x + residual_scale * (sum of order terms))`.

    F is the branch of Inception-ResNet-v2's block A, B or C, its widening 1x1
    convolution normalised. Between the terms of "poly" and "mpoly" stands a ReLU.

    The paper writes F² as one operator used twice. The released network shares the
    inner convolutions of F only: every application has batch normalisations of its
    own, since its inputs are distributed otherwise, and its own widening convolution.
    This layer builds the release.

    Input and output: `(N, H, W, C)`.

    Args:
        block: "A", "B" or "C".
        form: "poly", "mpoly" or "way".
        order: number of terms besides the identity.
        residual_scale: factor on each term.
        kwargs: the fields of `Style`, and what every Keras layer takes.
    """

    STYLE = Style(epsilon=1e-5)

    def __init__(
        self,
        block: str,
        form: str,
        order: int = 2,
        residual_scale: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if block not in BLOCKS:
            raise ValueError(f"block must be one of {sorted(BLOCKS)}, got {block!r}")
        if form not in FORMS:
            raise ValueError(f"form must be one of {FORMS}, got {form!r}")
        if order < 1:
            raise ValueError(f"order must be 1 or more, got {order}")
        self.block = block
        self.form = form
        self.order = order
        self.residual_scale = residual_scale

    def chains(self) -> tuple[tuple[Any, ...], ...]:
        return BLOCKS[self.block]().chains()

    def graph(self, inputs: Any) -> Any:
        shared = _SharedConvolutions(self.style)
        style: Any = shared if self.form == "poly" else self.style
        widen = Conv(inputs.shape[-1], linear=True)
        terms, x = [], inputs
        for index in range(self.order):
            if self.form == "way":
                x = inputs
            elif index:
                x = keras.layers.Activation("relu")(x)
            shared.rewind()
            x = self.style.convolve(branches(x, self.chains(), style), widen)
            terms.append(keras.layers.Rescaling(self.residual_scale)(x))
        return keras.layers.Activation("relu")(keras.layers.Add()([inputs, *terms]))
