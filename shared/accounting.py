"""What a Keras model costs, layer by layer: parameters, multiply-adds, memory.

    table = layer_table(shared.models.build("vgg16"))
    totals(table)
    training_memory(table, optimizer="adam")

A multiply-add is one multiplication and one addition, counted for convolutions and
dense layers (biases, normalisation, activations and pooling are not counted, as in the
literature). Nothing is computed to fill the table: shapes are enough.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import keras

from shared.shapes import ReceptiveField, receptive_field
from shared.walk import Application, Shape, applications

_CONVOLUTIONS = (
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.Conv3D,
    keras.layers.DepthwiseConv1D,
    keras.layers.DepthwiseConv2D,
)
_SEPARABLE = (keras.layers.SeparableConv1D, keras.layers.SeparableConv2D)
_TRANSPOSED = (
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
)
# Their output is their input under another shape, or the same numbers at evaluation.
_VIEWS = (
    keras.layers.Flatten,
    keras.layers.Reshape,
    keras.layers.Dropout,
    keras.layers.SpatialDropout2D,
    keras.layers.Identity,
)
_WHOLE_IMAGE = (
    keras.layers.Flatten,
    keras.layers.GlobalAveragePooling2D,
    keras.layers.GlobalMaxPooling2D,
)
# Numbers that an optimizer keeps for each trainable parameter.
OPTIMIZER_SLOTS = {"sgd": 0, "momentum": 1, "adam": 2}


def _positions(shape: Shape) -> int:
    return math.prod(shape[1:-1])


def application_multiply_adds(application: Application) -> int:
    """Multiply-adds of one use of one layer, for one image."""
    layer = application.layer
    if hasattr(layer, "multiply_adds"):
        return int(layer.multiply_adds(application.inputs[0], application.outputs[0]))
    if isinstance(layer, _SEPARABLE):
        # Depthwise and pointwise run at the output's positions.
        weights = math.prod(layer.depthwise_kernel.shape)
        weights += math.prod(layer.pointwise_kernel.shape)
        return _positions(application.outputs[0]) * weights
    if isinstance(layer, _TRANSPOSED):
        # Each input position meets the whole kernel.
        return _positions(application.inputs[0]) * math.prod(layer.kernel.shape)
    if isinstance(layer, _CONVOLUTIONS):
        return _positions(application.outputs[0]) * math.prod(layer.kernel.shape)
    if isinstance(layer, keras.layers.Dense):
        positions = _positions(application.inputs[0])
        return positions * math.prod(layer.kernel.shape)
    return 0


def multiply_adds(model: Any, input_shape: Shape | None = None) -> int:
    """Multiply-adds of a model for one image.

    Args:
        model: a functional or sequential Keras model, or a built composite layer.
        input_shape: `(H, W, C)`, needed only where the model leaves sizes open.
    """
    return sum(
        application_multiply_adds(application)
        for application in applications(model, input_shape)
    )


def parameters(model: Any) -> tuple[int, int]:
    """Trainable and total parameters; moving averages count in the total only."""
    trainable = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    return trainable, sum(math.prod(weight.shape) for weight in model.weights)


def _parameter_kinds(layer: Any) -> dict[str, int]:
    """Parameters of a layer as weights, biases, batch_norm; how many are trained."""
    kinds = {"weights": 0, "biases": 0, "batch_norm": 0}
    variables = getattr(layer, "weights", [])
    for variable in variables:
        kind = "biases" if variable.name.endswith("bias") else "weights"
        if isinstance(layer, keras.layers.BatchNormalization):
            kind = "batch_norm"
        kinds[kind] += math.prod(variable.shape)
    trained = sum(
        math.prod(variable.shape)
        for variable in getattr(layer, "trainable_weights", [])
    )
    return kinds | {"parameters": sum(kinds.values()), "trainable": trained}


def _windows(application: Application) -> list[tuple[int, int, int]]:
    """Kernel, stride and dilation of a layer along height and along width."""
    layer = application.layer
    if isinstance(layer, _WHOLE_IMAGE):
        sizes = application.inputs[0][1:-1]
        return [(size, 1, 1) for size in sizes] or [(1, 1, 1)] * 2

    def pair(value: Any) -> tuple[int, int]:
        return (value, value) if isinstance(value, int) else tuple(value)

    kernel: Any = getattr(layer, "kernel_size", None)
    strides: Any = getattr(layer, "strides", None)
    if kernel is None:
        kernel = getattr(layer, "pool_size", None)
        strides = strides or kernel
    return list(
        zip(
            pair(kernel or 1),
            pair(strides or 1),
            pair(getattr(layer, "dilation_rate", 1)),
            strict=True,
        )
    )


def _next_fields(
    application: Application, sources: list[tuple[ReceptiveField, ...]]
) -> tuple[ReceptiveField, ...]:
    """What one output position sees along height and width."""
    fields = []
    enlarging = isinstance(application.layer, (keras.layers.UpSampling2D, *_TRANSPOSED))
    for axis, window in enumerate(_windows(application)):
        # Where branches meet, the position sees what the farthest-seeing branch sees.
        size = max(source[axis].size for source in sources)
        jump = max(source[axis].stride for source in sources)
        if enlarging:
            factor = application.outputs[0][axis + 1] // application.inputs[0][axis + 1]
            reach = -(-window[0] // factor)
            field = receptive_field([(size, jump), (reach, 1)])
            fields.append(replace(field, stride=max(jump // factor, 1)))
        else:
            # A stack of layers acts as one layer of its own field and stride.
            fields.append(receptive_field([(size, jump), window]))
    return tuple(fields)


def layer_table(model: Any, input_shape: Shape | None = None) -> Any:
    """The cost of each layer, in the order of computation, blocks opened.

    Args:
        model: a functional or sequential Keras model.
        input_shape: `(H, W, C)`, needed only where the model leaves sizes open.

    Returns:
        A `pandas.DataFrame`, one row per use of a layer, the input first, indexed by
        path ("block/conv1"), for one image:

        - `type`: the layer's class;
        - `output_shape`: without the batch;
        - `weights`, `biases`, `batch_norm`, their sum `parameters`, and `trainable`,
          those that are trained; a layer used again counts nothing the second time;
        - `multiply_adds`;
        - `activations`: numbers in the output; 0 for layers that pass their input on
          (flatten, reshape, dropout at evaluation);
        - `activation_bytes`: the same in the layer's own precision;
        - `receptive_height`, `receptive_width`: pixels of the input that one output
          sees, those outside the image counted;
        - `stride_height`, `stride_width`: pixels of the input between neighbouring
          outputs.

    Raises:
        ValueError: the model is no graph, or its input size is open.
    """
    import pandas as pd

    found = applications(model, input_shape)
    rows: list[dict[str, Any]] = []
    start = (ReceptiveField(1, 1, 0),) * 2
    fields: dict[str, tuple[ReceptiveField, ...]] = {"input": start}
    counted: set[int] = set()
    for tensor in model.inputs:
        shape = tuple(input_shape or tensor.shape[1:])
        rows.append(
            _row("input", "Input", shape, math.prod(shape), tensor.dtype, start)
        )
    for application in found:
        layer, path = application.layer, application.path
        sources = [fields[source] for source in application.sources] or [start]
        fields[path] = _next_fields(application, sources)
        dtype = getattr(layer, "compute_dtype", None) or "float32"
        numbers = 0
        if not isinstance(layer, _VIEWS):
            numbers = sum(math.prod(shape[1:]) for shape in application.outputs)
        shape = application.outputs[0][1:]
        row = _row(path, type(layer).__name__, shape, numbers, dtype, fields[path])
        if id(layer) not in counted:
            row |= _parameter_kinds(layer)
        counted.add(id(layer))
        rows.append(row | {"multiply_adds": application_multiply_adds(application)})
    return pd.DataFrame(rows).set_index("layer")


def _row(
    path: str,
    kind: str,
    shape: Shape,
    numbers: int,
    dtype: str,
    fields: tuple[ReceptiveField, ...],
) -> dict[str, Any]:
    bits = {"float64": 64, "float16": 16, "bfloat16": 16}.get(dtype, 32)
    return {
        "layer": path,
        "type": kind,
        "output_shape": shape,
        **dict.fromkeys(("weights", "biases", "batch_norm", "parameters"), 0),
        "trainable": 0,
        "multiply_adds": 0,
        "activations": numbers,
        "activation_bytes": numbers * bits // 8,
        "receptive_height": fields[0].size,
        "receptive_width": fields[-1].size,
        "stride_height": fields[0].stride,
        "stride_width": fields[-1].stride,
    }


def totals(table: Any) -> dict[str, int]:
    """The sums of a layer table's columns that may be summed."""
    columns = [name for name in table if table[name].dtype.kind == "i"]
    return {
        name: int(table[name].sum())
        for name in columns
        if not name.startswith(("receptive", "stride"))
    }


@dataclass(frozen=True)
class TrainingMemory:
    """Bytes that training holds at its fullest, after the forward pass.

    Attributes:
        parameters: the model itself, moving averages included.
        gradients: one per trained parameter.
        optimizer: the optimizer's own numbers.
        activations: kept for the backward pass.
        activation_gradients: as many again, if none is freed on the way.
    """

    parameters: int
    gradients: int
    optimizer: int
    activations: int
    activation_gradients: int

    @property
    def total(self) -> int:
        return (
            self.parameters
            + self.gradients
            + self.optimizer
            + self.activations
            + self.activation_gradients
        )


def training_memory(
    table: Any, optimizer: str = "sgd", batch_size: int = 1
) -> TrainingMemory:
    """An upper bound of what training keeps, from a layer table.

    Args:
        table: of `layer_table`.
        optimizer: "sgd" keeps nothing per parameter, "momentum" one number, "adam" two.
        batch_size: images in a step; activations grow with it, the rest does not.

    Returns:
        Bytes, with parameters in float32.

    Raises:
        ValueError: the optimizer is not known.
    """
    if optimizer not in OPTIMIZER_SLOTS:
        raise ValueError(
            f"optimizer must be one of {list(OPTIMIZER_SLOTS)}, got {optimizer!r}"
        )
    sums = totals(table)
    trained = 4 * sums["trainable"]
    activations = sums["activation_bytes"] * batch_size
    return TrainingMemory(
        parameters=4 * sums["parameters"],
        gradients=trained,
        optimizer=trained * OPTIMIZER_SLOTS[optimizer],
        activations=activations,
        activation_gradients=activations,
    )
