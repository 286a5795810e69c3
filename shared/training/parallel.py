"""One model on two devices, and one batch in several parts.

AlexNet was trained on two cards of 3 GB, each with half of every layer (L51);
`shared.models.build("alexnet_two_tower", devices=two_devices())` is that net. What
lies where and what has to cross between the devices is read off the traced graph.
Where one device is all there is, the batch can be computed in parts instead:
`accumulated_gradients`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from shared.training.strategies import strategy


def two_devices() -> tuple[str, str]:
    """The first two GPUs, or two logical devices on the CPU.

    Raises:
        StrategyError: there are no two GPUs, and TensorFlow has computed something
            before its CPU could be divided.
    """
    # Physical ones: asking for logical devices would end the chance to divide the CPU.
    if len(tf.config.list_physical_devices("GPU")) >= 2:
        return "GPU:0", "GPU:1"
    strategy("cpu:2")  # divides the CPU, as it does for its replicas
    return "CPU:0", "CPU:1"


def _short(device: str) -> str:
    """ "CPU:1" of "/job:localhost/replica:0/task:0/device:CPU:1"; "" of ""."""
    return device.rpartition("device:")[2] if "device:" in device else device[1:]


def placement(model: keras.Model) -> Any:
    """Where a model's parameters live.

    Returns:
        A `pandas.DataFrame` with a row per weight, indexed by its path: `device`,
        `parameters`, `bytes`.
    """
    import pandas as pd

    rows = [
        {
            "weight": weight.path,
            "device": _short(weight.value.device),
            "parameters": int(np.prod(weight.shape)),
            "bytes": int(np.prod(weight.shape)) * tf.as_dtype(weight.dtype).size,
        }
        for weight in model.weights
    ]
    return pd.DataFrame(rows).set_index("weight")


def crossings(
    model: keras.Model, input_shape: tuple[int, int, int] | None = None
) -> Any:
    """What has to be copied from one device to another in a forward pass.

    Operations that were put nowhere run where TensorFlow's default is: the first
    device. Parameters do not cross: they lie where they are used.

    Args:
        model: a Keras model with layers on several devices.
        input_shape: `(H, W, C)`, needed only where the model leaves sizes open.

    Returns:
        A `pandas.DataFrame` with a row per copied tensor: `tensor`, `source`,
        `target`, `bytes_per_image`. A tensor that several operations of a device
        read is copied there once.
    """
    import pandas as pd

    shape = (1, *(input_shape or model.inputs[0].shape[1:]))
    signature = tf.TensorSpec(shape, model.inputs[0].dtype)
    graph = (
        tf.function(lambda x: model(x, training=False))
        .get_concrete_function(signature)
        .graph
    )
    first = "GPU:0" if tf.config.list_logical_devices("GPU") else "CPU:0"
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for operation in graph.get_operations():
        target = _short(operation.device) or first
        for tensor in operation.inputs:
            source = _short(tensor.op.device) or first
            # Weights are read where they lie, constants are made where they are used.
            local = tensor.op.type in ("Const", "ReadVariableOp")
            sized = tensor.shape.is_fully_defined() and tensor.dtype != tf.resource
            if source == target or local or not sized:
                continue
            rows[tensor.name, target] = {
                "tensor": tensor.name,
                "source": source,
                "target": target,
                "bytes_per_image": tensor.shape.num_elements() * tensor.dtype.size,
            }
    columns = ["tensor", "source", "target", "bytes_per_image"]
    return pd.DataFrame(list(rows.values()), columns=columns)


Loss = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def accumulated_gradients(
    model: keras.Model, loss: Loss, x: Any, y: Any, micro_batch_size: int
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """The gradients of a batch, computed in parts: one part's activations at a time.

    They are those of the whole batch (up to rounding), the last part may be shorter.
    Batch normalisation is the exception: it normalises each part by itself.

    Args:
        model: a Keras model, called with `training=True`.
        loss: `loss(y, outputs)` gives each image's loss `(n,)`, or their mean.
        x: images `(N, H, W, C)`.
        y: labels `(N, ...)`.
        micro_batch_size: images per part.

    Returns:
        The mean loss, and a gradient for each trainable variable.

    Raises:
        ValueError: micro_batch_size is not positive.
    """
    if micro_batch_size < 1:
        raise ValueError(f"micro_batch_size must be 1 or more, got {micro_batch_size}")
    x, y = tf.convert_to_tensor(x), tf.convert_to_tensor(y)
    variables = model.trainable_variables
    count = tf.shape(x)[0]

    def part(start: tf.Tensor, total: tf.Tensor, sums: list[tf.Tensor]) -> tuple:
        piece = slice(start, start + micro_batch_size)
        share = tf.cast(tf.shape(x[piece])[0], tf.float32) / tf.cast(count, tf.float32)
        with tf.GradientTape() as tape:
            each = loss(y[piece], model(x[piece], training=True))
            value = share * tf.reduce_mean(each)
        gradients = tape.gradient(
            value, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        added = [old + new for old, new in zip(sums, gradients, strict=True)]
        return start + micro_batch_size, total + value, added

    zeros = [tf.zeros(variable.shape, variable.dtype) for variable in variables]
    # One part after the other: parallel parts would all keep their activations.
    _, total, gradients = tf.while_loop(
        lambda start, *_: start < count,
        part,
        (tf.constant(0), tf.constant(0.0), zeros),
        parallel_iterations=1,
        maximum_iterations=None,
    )
    return total, gradients


def accumulating_step(
    model: keras.Model, optimizer: Any, loss: Loss, micro_batch_size: int
) -> Callable[[Any, Any], tf.Tensor]:
    """A compiled step on a whole batch that computes it in parts.

    Returns:
        `step(x, y)`: updates the model and returns the mean loss.
    """
    optimizer.build(model.trainable_variables)

    @tf.function(reduce_retracing=True)
    def step(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        value, gradients = accumulated_gradients(model, loss, x, y, micro_batch_size)
        optimizer.apply(gradients, model.trainable_variables)
        return value

    return step
