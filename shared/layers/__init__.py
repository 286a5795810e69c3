"""Keras layers of the course, one file each; models are built from them.

Two kinds of layer live here.

**Primitive layers** (`Conv2D`, `LocalResponseNormalization`, `StochasticDepth` …)
subclass `keras.layers.Layer` and compute something with `keras.ops`. They define
`get_config` and `compute_output_shape`, keep unknown sizes unknown, and compute in
`self.compute_dtype`. One that multiplies also defines
`multiply_adds(input_shape, output_shape) -> int` (multiply-adds for one image), which
`shared.accounting` asks for.

**Composite blocks** (`SqueezeExcite`, residual, inception and dense blocks …)
subclass `CompositeLayer` (`composite.py`) and define one method, `graph(inputs)`,
which wires other layers together with Keras's functional API. The base class derives
everything else: `build`, `call`, `compute_output_shape` for known and unknown sizes,
`get_config` (from the constructor's arguments, each kept on `self` under its own
name), mixed precision (the inner layers are made under the block's own dtype
policy), and saving. A block takes and returns one tensor or a flat list of tensors.

    @keras.saving.register_keras_serializable(package="course")
    class SqueezeExcite(CompositeLayer):
        def __init__(self, ratio=16, **kwargs):
            super().__init__(**kwargs)
            self.ratio = ratio

        def graph(self, inputs):
            ...
            return keras.layers.Multiply()([inputs, gates])

A block is used in either of two ways:

- `x = SqueezeExcite(ratio=16)(x)` puts one row in the summary
  (`summary(expand_nested=True)` opens it), and `shared.accounting` looks inside;
- `x = SqueezeExcite(ratio=16).graph(x)` lays the block's layers out flat.

Models use the first. Weights are the same, in the same order, in both.

Every class is registered under `course>`. `register_all()` imports each file, so that
`keras.saving.load_model` finds the classes of a saved model. Importing this package
imports neither Keras nor TensorFlow; `shared.layers.SqueezeExcite` imports what it
needs at first use. A file lists its public names in `__all__`.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any


def register_all() -> dict[str, Any]:
    """Import every layer file, which registers its classes with Keras.

    Returns:
        The public names of all files, with what they stand for.

    Raises:
        ValueError: two files export the same name.
    """
    found: dict[str, Any] = {}
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        for name in module.__all__:
            if name in found:
                raise ValueError(
                    f"layer {name!r} is exported by two files, one of them "
                    f"shared/layers/{info.name}.py: rename one"
                )
            found[name] = getattr(module, name)
    return found


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = register_all()
    if name not in found:
        raise AttributeError(f"no layer {name!r} in shared.layers: {sorted(found)}")
    return found[name]
