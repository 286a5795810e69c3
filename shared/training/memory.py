"""What training needs in memory, and what each of the lecture's remedies saves (L52).

    print(remedies(shared.models.build("vgg16"), batch_size=64))

Memory is activations, which grow with the batch, and parameters with their gradients
and the optimizer's numbers, which do not. Each remedy is applied to a copy of the
model and the copy is counted, layer by layer: nothing is estimated by rule of thumb.
What a framework holds besides (workspaces, its own allocator's reserve) is not counted.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras

from shared.accounting import TrainingMemory, layer_table, training_memory


@dataclass(frozen=True)
class Remedy:
    """One way to need less memory.

    Attributes:
        what: in words.
        price: what it costs, in words.
        apply: returns the changed copy of a model.
        batch_share: the part of the batch whose activations are kept at a time.
        in_lecture: whether it is one of the seven.
    """

    what: str
    price: str
    apply: Callable[[keras.Model], keras.Model] = lambda model: model
    batch_share: float = 1.0
    in_lecture: bool = True


def _clone(
    model: keras.Model,
    change: Callable[[Any, Any], Any] | None = None,
    input_shape: tuple[int, int, int] | None = None,
) -> keras.Model:
    """A copy with fresh weights.

    `change(layer, x)` may put something in a layer's place: it returns the new output,
    or None to use the layer as it is.
    """

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        out = change(layer, args[0]) if change and args else None
        return layer(*args, **kwargs) if out is None else out

    tensors = None
    if input_shape is not None:
        tensors = [keras.Input(input_shape, dtype=model.inputs[0].dtype)]
    # A Sequential has no calls to change; the same layers as a graph have.
    graph = keras.Model(list(model.inputs), model.outputs)
    return keras.models.clone_model(graph, input_tensors=tensors, call_function=call)


def _dense(model: keras.Model) -> list[str]:
    """Names of the hidden dense layers after the flattening."""
    names = [
        layer.name for layer in model.layers if isinstance(layer, keras.layers.Dense)
    ]
    return names[:-1]


def _smaller_input(model: keras.Model) -> keras.Model:
    height, width, channels = model.inputs[0].shape[1:]
    return _clone(model, input_shape=(height // 2, width // 2, channels))


def _fewer_dense_layers(model: keras.Model) -> keras.Model:
    dropped = _dense(model)[-1:]
    return _clone(model, lambda layer, x: x if layer.name in dropped else None)


def _fewer_units(model: keras.Model) -> keras.Model:
    hidden = _dense(model)

    def halve(layer: Any, x: Any) -> Any:
        if layer.name not in hidden:
            return None
        config = layer.get_config() | {"units": layer.units // 2}
        return type(layer).from_config(config)(x)

    return _clone(model, halve)


def _at_flatten(model: keras.Model, replace: Callable[[Any, Any], Any]) -> keras.Model:
    return _clone(
        model,
        lambda layer, x: (
            replace(layer, x) if isinstance(layer, keras.layers.Flatten) else None
        ),
    )


def _average_instead_of_flatten(model: keras.Model) -> keras.Model:
    return _at_flatten(model, lambda _, x: keras.layers.GlobalAveragePooling2D()(x))


def _another_stage(model: keras.Model) -> keras.Model:
    def stage(flatten: Any, x: Any) -> Any:
        convolution = keras.layers.Conv2D(
            x.shape[-1], 3, padding="same", activation="relu"
        )
        return flatten(keras.layers.MaxPooling2D(2)(convolution(x)))

    return _at_flatten(model, stage)


REMEDIES = (
    Remedy("as it is", "", in_lecture=False),
    Remedy("half the batch", "noisier gradients, more steps", batch_share=0.5),
    Remedy("input of half the height and width", "details are lost", _smaller_input),
    Remedy("one dense layer fewer", "a weaker classifier", _fewer_dense_layers),
    Remedy("half the units in the dense layers", "a weaker classifier", _fewer_units),
    Remedy(
        "fewer inputs to the first dense layer: average each map",
        "where something was is lost",
        _average_instead_of_flatten,
    ),
    Remedy(
        "the same by one more convolution with pooling",
        "deeper is harder to train",
        _another_stage,
    ),
    Remedy("two devices, half of the batch each", "a second device", batch_share=0.5),
    # What is usual today and not in the lecture.
    Remedy(
        "gradients accumulated over 4 micro-batches",
        "batch normalisation sees a quarter of the batch",
        batch_share=0.25,
        in_lecture=False,
    ),
)


def remedies(model: keras.Model, batch_size: int = 32, optimizer: str = "adam") -> Any:
    """Memory for training, as the model is and with each remedy.

    Args:
        model: a functional or sequential model. Where it has no hidden dense layer or
            no `Flatten`, the remedies that need one change nothing.
        batch_size: images per step.
        optimizer: as for `shared.accounting.training_memory`.

    Returns:
        A `pandas.DataFrame`, one row per remedy: megabytes (10⁶ bytes) on one device
        of `parameters` (with gradients and optimizer), `activations` (with their
        gradients), `total`; `share` of the total as it is; and the `price`.

    Raises:
        ValueError: the model is no graph or its input size is open; batch_size is not
            positive; the optimizer is not known.
    """
    import pandas as pd

    if batch_size < 1:
        raise ValueError(f"batch_size must be 1 or more, got {batch_size}")
    rows: list[dict[str, Any]] = []
    for remedy in REMEDIES:
        table = layer_table(remedy.apply(model))
        memory = training_memory(table, optimizer, 1)
        memory = _with_batch(memory, max(1, round(batch_size * remedy.batch_share)))
        activations = memory.activations + memory.activation_gradients
        rows.append(
            {
                "remedy": remedy.what,
                "parameters": (memory.total - activations) / 1e6,
                "activations": activations / 1e6,
                "total": memory.total / 1e6,
                "price": remedy.price,
            }
        )
    frame = pd.DataFrame(rows).set_index("remedy")
    frame.insert(3, "share", frame["total"] / frame["total"].iloc[0])
    return frame


def _with_batch(memory: TrainingMemory, batch_size: int) -> TrainingMemory:
    return dataclasses.replace(
        memory,
        activations=memory.activations * batch_size,
        activation_gradients=memory.activation_gradients * batch_size,
    )


def largest_batch(model: keras.Model, memory_mb: float, optimizer: str = "adam") -> int:
    """The most images per step whose training fits `memory_mb` (10⁶ bytes); or 0."""
    memory = training_memory(layer_table(model), optimizer, 1)
    per_image = memory.activations + memory.activation_gradients
    return max(0, int((memory_mb * 1e6 - (memory.total - per_image)) // per_image))
