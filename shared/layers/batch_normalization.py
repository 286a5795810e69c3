"""Batch normalisation (arXiv:1502.03167), written out."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

__all__ = ["BatchNormalization"]


@keras.saving.register_keras_serializable(package="course")
class BatchNormalization(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization` with its arithmetic in plain sight.

    In training, each channel loses the mean and is divided by the standard deviation
    of the batch, taken over all other axes (N, H, W for a convolution), and the moving
    averages move towards them by `1 - momentum`; the variance is the biased one
    (divided by n), in both places. At evaluation, and while `trainable` is False, the
    moving averages serve. Then `gamma` scales and `beta` shifts.

    Weights: gamma, beta, moving_mean, moving_variance, each `(C,)` and float32 under
    mixed precision. Input and output: any rank, channels on `axis`. The constructor is
    Keras's; `renorm` and `synchronized` are left to Keras's own code.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if self.renorm or self.synchronized:
            return super().call(inputs, training=training, mask=mask)
        if mask is not None and len(mask.shape) != len(inputs.shape) - 1:
            raise ValueError(
                f"mask must have one axis less than inputs {inputs.shape}, "
                f"got {mask.shape}"
            )
        # Squares overflow float16, so statistics are float32 at the least.
        low = self.compute_dtype in ("float16", "bfloat16")
        x = ops.cast(inputs, "float32" if low else self.compute_dtype)
        if training and self.trainable:
            mean, variance = self._statistics(x, mask)
            for average, value in (
                (self.moving_mean, mean),
                (self.moving_variance, variance),
            ):
                average.assign(
                    self.momentum * ops.cast(average, x.dtype)
                    + (1.0 - self.momentum) * value
                )
        else:
            mean, variance = self.moving_mean, self.moving_variance
        shape = [1] * len(x.shape)
        shape[self.axis] = x.shape[self.axis]

        def along_axis(value: Any) -> Any:
            return ops.reshape(ops.cast(value, x.dtype), shape)

        out = (x - along_axis(mean)) / ops.sqrt(along_axis(variance) + self.epsilon)
        if self.scale:
            out = out * along_axis(self.gamma)
        if self.center:
            out = out + along_axis(self.beta)
        return ops.cast(out, self.compute_dtype)

    def _statistics(self, x: Any, mask: Any) -> tuple[Any, Any]:
        """Mean and biased variance of each channel, over the unmasked positions."""
        axes = self._reduction_axes
        if mask is None:
            mean = ops.mean(x, axis=axes, keepdims=True)
            variance = ops.mean(ops.square(x - mean), axis=axes)
            return ops.squeeze(mean, axis=axes), variance
        weights = ops.cast(ops.expand_dims(mask, -1), x.dtype)
        weights = ops.broadcast_to(weights, ops.shape(x))
        # A batch that is masked throughout has no mean: 0 / epsilon, not 0 / 0.
        count = ops.sum(weights, axis=axes, keepdims=True) + keras.config.epsilon()
        mean = ops.sum(weights * x, axis=axes, keepdims=True) / count
        spread = ops.sum(weights * ops.square(x - mean), axis=axes, keepdims=True)
        return tuple(ops.squeeze(value, axis=axes) for value in (mean, spread / count))
