"""Small networks that several studies train."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def small_cnn(
    data: Any,
    filters: tuple[int, ...] = (16, 32, 64),
    *,
    kernels: tuple[int, ...] = (3,),
    batch_norm: bool = True,
    flatten: bool = False,
) -> Callable[[], Any]:
    """A function that builds a plain convolutional net with logits, as `train` takes.

    Per stage: a convolution for each of `kernels`, with ReLU; pooling by 2 between
    stages; at the end a dense layer.

    Args:
        data: whose images and classes it is for.
        filters: of the stages.
        kernels: sizes of the convolutions of every stage.
        batch_norm: normalise after each convolution.
        flatten: whether the dense layer reads every position, and so overfits few
            images, or the mean of each map.
    """
    classes = int(data.y.max()) + 1

    def build() -> Any:
        import keras

        from shared.layers.fused_batch_normalization import FusedBatchNormalization

        layers = keras.layers
        x = inputs = keras.Input(data.image_shape)
        for stage, width in enumerate(filters):
            for index, kernel in enumerate(kernels):
                name = f"conv{stage + 1}_{index + 1}"
                x = layers.Conv2D(
                    width,
                    kernel,
                    padding="same",
                    use_bias=not batch_norm,
                    kernel_initializer="he_normal",
                    name=name,
                )(x)
                if batch_norm:
                    x = FusedBatchNormalization(momentum=0.9, name=f"{name}_bn")(x)
                x = layers.ReLU(name=f"{name}_relu")(x)
            if stage < len(filters) - 1:
                x = layers.MaxPooling2D(2, name=f"pool{stage + 1}")(x)
        if flatten:
            x = layers.Flatten(name="flatten")(x)
        else:
            x = layers.GlobalAveragePooling2D(name="mean")(x)
        return keras.Model(inputs, layers.Dense(classes, name="logits")(x))

    return build


def mlp(data: Any, units: int = 128) -> Callable[[], Any]:
    """A function that builds a net of one hidden dense layer, with logits."""
    classes = int(data.y.max()) + 1

    def build() -> Any:
        import keras

        layers = keras.layers
        return keras.Sequential(
            [
                keras.Input(data.image_shape),
                layers.Flatten(),
                layers.Dense(units, activation="relu"),
                layers.Dense(classes),
            ]
        )

    return build
