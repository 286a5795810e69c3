"""The usual ending of a classifier."""

from __future__ import annotations

from typing import Any

import keras


def classifier(
    x: Any,
    classes: int,
    *,
    classifier_activation: Any = None,
    dropout: float = 0.0,
    name: str = "predictions",
) -> Any:
    """Add global average pooling, dropout and the last dense layer.

    Args:
        x: Keras tensor `(N, H, W, C)`.
        classes: number of outputs.
        classifier_activation: None for logits.
        dropout: share of features dropped in training; 0 adds no layer.
        name: of the dense layer.

    Returns:
        Keras tensor `(N, classes)`.
    """
    x = keras.layers.GlobalAveragePooling2D(name="average")(x)
    return logits(
        x,
        classes,
        classifier_activation=classifier_activation,
        dropout=dropout,
        name=name,
    )


def logits(
    x: Any,
    classes: int,
    *,
    classifier_activation: Any = None,
    dropout: float = 0.0,
    name: str = "predictions",
) -> Any:
    """Add dropout and the last dense layer to features `(N, C)`.

    Under mixed precision this layer computes in float32: a softmax over a thousand
    classes loses too much in float16.
    """
    if dropout:
        x = keras.layers.Dropout(dropout, name=f"{name}_dropout")(x)
    low = keras.config.dtype_policy().compute_dtype in ("float16", "bfloat16")
    return keras.layers.Dense(
        classes,
        activation=classifier_activation,
        dtype="float32" if low else None,
        name=name,
    )(x)
