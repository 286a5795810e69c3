"""Parallel branches as data: the wiring language of the inception family.

A chain is a tuple of steps (`Conv`, `Pool`, `Fork`), applied one after the other; a
`Fork` holds chains that see the same input and are concatenated along the channels.
A stem, a module or a whole trunk is such a tuple:

    (Conv(64), Fork(((Conv(96, 3),), (Pool("max"), Conv(32)))))
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

import keras

from shared.layers.composite import CompositeLayer
from shared.layers.fused_batch_normalization import FusedBatchNormalization

__all__ = [
    "Conv",
    "Fork",
    "InceptionModule",
    "Pool",
    "Style",
    "branches",
    "chain",
    "widths",
]


@dataclass(frozen=True)
class Conv:
    """A convolution in the module's style; `linear` drops its activation."""

    filters: int
    kernel_size: int | tuple[int, int] = 1
    strides: int = 1
    padding: str = "same"
    linear: bool = False


@dataclass(frozen=True)
class Pool:
    """A pooling, 3x3 unless told. Averages leave the padding out of their count."""

    kind: str
    strides: int = 1
    padding: str = "same"
    pool_size: int = 3

    def __post_init__(self) -> None:
        if self.kind not in ("max", "average"):
            raise ValueError(f"kind must be 'max' or 'average', got {self.kind!r}")


@dataclass(frozen=True)
class Fork:
    """Chains on one input, concatenated. An empty chain passes the input on."""

    chains: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Style:
    """How every convolution of a module is written.

    Attributes:
        batch_normalization: normalise after each convolution.
        use_bias: bias of the convolutions; None: only where nothing normalises, since
            beta does the work of a bias.
        scale: whether the normalisation has a gamma.
        epsilon: added to the variance.
        momentum: of the moving averages.
        activation: after each convolution that is not linear.
    """

    batch_normalization: bool = True
    use_bias: bool | None = None
    scale: bool = True
    epsilon: float = 1e-3
    momentum: float = 0.99
    activation: str = "relu"

    def convolve(self, x: Any, step: Conv) -> Any:
        """Add one convolution, with what follows it, to a graph."""
        return self.finish(self.convolution(step)(x), step)

    def convolution(self, step: Conv) -> keras.layers.Conv2D:
        """The convolution alone."""
        automatic = not self.batch_normalization
        return keras.layers.Conv2D(
            step.filters,
            step.kernel_size,
            strides=step.strides,
            padding=step.padding,
            use_bias=automatic if self.use_bias is None else self.use_bias,
            kernel_initializer="he_normal",
        )

    def finish(self, x: Any, step: Conv) -> Any:
        """What follows the convolution: normalisation and activation."""
        if self.batch_normalization:
            x = FusedBatchNormalization(
                scale=self.scale, epsilon=self.epsilon, momentum=self.momentum
            )(x)
        if not step.linear:
            x = keras.layers.Activation(self.activation)(x)
        return x


def chain(x: Any, steps: tuple[Any, ...], style: Style) -> Any:
    """Apply the steps to the Keras tensor `x` `(N, H, W, C)`, in turn."""
    for step in steps:
        match step:
            case Conv():
                x = style.convolve(x, step)
            case Pool("max"):
                x = _pooling(keras.layers.MaxPooling2D, step)(x)
            case Pool("average"):
                x = _pooling(keras.layers.AveragePooling2D, step)(x)
            case Fork(chains):
                x = branches(x, chains, style)
            case _:
                raise TypeError(f"steps: expected Conv, Pool or Fork, got {step!r}")
    return x


def branches(x: Any, chains: tuple[tuple[Any, ...], ...], style: Style) -> Any:
    """Apply each chain to `x` and concatenate what comes out, in order."""
    return keras.layers.Concatenate()([chain(x, steps, style) for steps in chains])


def widths(name: str, value: Any, length: int) -> tuple[int, ...]:
    """The channels of `length` convolutions in a row, checked.

    Raises:
        ValueError: `value` is not that many positive integers.
    """
    given = tuple(value) if isinstance(value, list | tuple) else ()
    if len(given) != length or not all(isinstance(n, int) and n > 0 for n in given):
        raise ValueError(
            f"{name} must be {length} positive integers, the channels of its "
            f"convolutions in turn; got {value!r}"
        )
    return given


def _pooling(layer: Any, step: Pool) -> keras.layers.Layer:
    return layer(step.pool_size, strides=step.strides, padding=step.padding)


class InceptionModule(CompositeLayer):
    """Base of the inception modules: a subclass says which chains run side by side.

    Besides its own arguments every module takes the fields of `Style` by name:
    `batch_normalization, use_bias, scale, epsilon, momentum, activation`.

    Input: `(N, H, W, C)`. Output: `(N, H', W', sum of the branches' channels)`.
    """

    STYLE = Style()

    def __init__(self, **kwargs: Any) -> None:
        names = [field.name for field in fields(Style)]
        given = {name: kwargs.pop(name) for name in names if name in kwargs}
        super().__init__(**kwargs)
        self.style = Style(**{**asdict(self.STYLE), **given})

    def chains(self) -> tuple[tuple[Any, ...], ...]:
        """The branches, in the order of their output channels."""
        raise NotImplementedError(f"{type(self).__name__} does not define chains()")

    def graph(self, inputs: Any) -> Any:
        return branches(inputs, self.chains(), self.style)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | asdict(self.style)
