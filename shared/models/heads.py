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
    return keras.layers.Dense(
        classes, activation=classifier_activation, dtype=_output_dtype(), name=name
    )(x)


def averages(x: Any, *, classifier_activation: Any = None) -> Any:
    """Add the mean over each map, where the maps are the classes already.

    Args:
        x: Keras tensor `(N, H, W, classes)`.
        classifier_activation: None for logits.

    Returns:
        Keras tensor `(N, classes)`, float32 under mixed precision.
    """
    x = keras.layers.GlobalAveragePooling2D(dtype=_output_dtype(), name="predictions")(
        x
    )
    if classifier_activation is None:
        return x
    return keras.layers.Activation(
        classifier_activation, dtype=_output_dtype(), name="predictions_activation"
    )(x)


def _output_dtype() -> str | None:
    """float32 instead of half precision; otherwise the policy in force."""
    low = keras.config.dtype_policy().compute_dtype in ("float16", "bfloat16")
    return "float32" if low else None
