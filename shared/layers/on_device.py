"""A block of layers on a device of its own: model parallelism as AlexNet had it."""

from __future__ import annotations

import contextlib
from typing import Any

import keras

from shared.layers.composite import CompositeLayer

__all__ = ["OnDevice"]


@keras.saving.register_keras_serializable(package="course")
class OnDevice(CompositeLayer):
    """A chain of layers whose weights and computation live on one device.

    Input and output: those of the first and of the last layer.

    Args:
        chain: the layers, in order, or their configs.
        device: "GPU:0", "GPU:1", "CPU:0" …; None leaves the choice to TensorFlow.
    """

    def __init__(self, chain: Any, device: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # Configs, not layers: `graph` makes the layers under this block's dtype policy.
        self.chain = [
            keras.saving.serialize_keras_object(layer)
            if isinstance(layer, keras.layers.Layer)
            else layer
            for layer in chain
        ]
        self.device = device

    def _placed(self) -> Any:
        return keras.device(self.device) if self.device else contextlib.nullcontext()

    def build(self, input_shape: Any) -> None:
        self._check_device()
        with self._placed():
            super().build(input_shape)

    def _check_device(self) -> None:
        import tensorflow as tf

        if self.device is None:
            return
        # Logical devices are named "/device:GPU:0".
        names = [
            device.name.removeprefix("/device:")
            for device in tf.config.list_logical_devices()
        ]
        if self.device not in names:
            raise ValueError(f"device must be one of {names}, got {self.device!r}")

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        with self._placed():
            return super().call(inputs, training=training)

    def graph(self, inputs: Any) -> Any:
        x = inputs
        for config in self.chain:
            config = {**config, "config": {**config["config"]}}
            # Each layer takes the policy in force, that of this block.
            config["config"].pop("dtype", None)
            x = keras.saving.deserialize_keras_object(config)(x)
        return x
