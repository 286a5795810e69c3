"""What every layer of `shared.layers` must do, as one function for their tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from shared.testing import assert_close, normal, rng


def check_layer(
    make: Callable[..., keras.layers.Layer],
    *input_shapes: tuple[int, ...],
    low_precision: bool = True,
) -> None:
    """Check config, shapes, precision and saving of a layer.

    Args:
        make: builds the layer from keyword arguments (`name`, `dtype`).
        input_shapes: with the batch; several for a layer that takes a list.
        low_precision: whether the result in bfloat16 must resemble float32's.
    """
    generator = rng(7)
    arrays = [normal(generator, shape, dtype=np.float32) for shape in input_shapes]

    def one_or_list(values: list[Any]) -> Any:
        return values[0] if len(values) == 1 else values

    x = one_or_list(arrays)
    layer = make(name="layer")
    expected = layer(x, training=False)
    shapes = keras.tree.map_structure(lambda t: tuple(t.shape), expected)

    registered = keras.saving.get_registered_name(type(layer))
    assert registered == f"course>{type(layer).__name__}"

    given = one_or_list([tuple(shape) for shape in input_shapes])
    computed = make(name="layer").compute_output_shape(given)
    assert keras.tree.flatten(computed) == keras.tree.flatten(shapes)

    # Built on open sizes, called on known ones, saved, loaded.
    inputs = [keras.Input((None, None, shape[-1])) for shape in input_shapes]
    symbolic = layer(one_or_list(inputs))
    for tensor, shape in zip(
        keras.tree.flatten(symbolic),
        [t.shape for t in keras.tree.flatten(expected)],
        strict=True,
    ):
        assert tensor.shape[0] is None
        assert tensor.shape[-1] == shape[-1]
    # A layer that has seen one size takes another, also one that it learns only
    # when it runs.
    larger = [np.concatenate([array] * 2, axis=1)[:, :-1] for array in arrays]
    wanted = make(name="layer").compute_output_shape(
        one_or_list([array.shape for array in larger])
    )
    results = [layer(one_or_list(larger), training=False)]
    if len(input_shapes) == 1 and len(input_shapes[0]) == 4:
        spec = tf.TensorSpec((None, None, None, input_shapes[0][-1]), tf.float32)
        traced = tf.function(lambda image: layer(image, training=False), [spec])
        results.append(traced(larger[0]))
    for result in results:
        sizes = keras.tree.map_structure(lambda t: tuple(t.shape), result)
        assert keras.tree.flatten(sizes) == keras.tree.flatten(wanted)
    for first, last in zip(
        *map(keras.tree.flatten, (results[0], results[-1])), strict=True
    ):
        assert_close(np.asarray(last), np.asarray(first))

    config = layer.get_config()
    again = type(layer).from_config(config)
    assert again.get_config() == config
    again(x, training=False)
    again.set_weights(layer.get_weights())
    for actual, wanted in zip(
        keras.tree.flatten(again(x, training=False)),
        keras.tree.flatten(expected),
        strict=True,
    ):
        assert_close(np.asarray(actual), np.asarray(wanted))

    if low_precision:
        low = make(name="layer", dtype="mixed_bfloat16")
        low(x, training=False)
        low.set_weights(layer.get_weights())
        assert all(weight.dtype == "float32" for weight in low.trainable_weights)
        for actual, wanted in zip(
            keras.tree.flatten(low(x, training=False)),
            keras.tree.flatten(expected),
            strict=True,
        ):
            assert keras.backend.standardize_dtype(actual.dtype) == "bfloat16"
            # bfloat16 keeps 8 bits; a few roundings pile up inside a block.
            wide = np.asarray(keras.ops.cast(actual, "float32"))
            scale = float(np.abs(np.asarray(wanted)).max())
            assert_close(wide, np.asarray(wanted), rtol=0, atol=0.06 * scale)
