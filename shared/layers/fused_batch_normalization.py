"""Batch normalisation (arXiv:1502.03167) as one operation forward and one backward."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from tensorflow.python.ops.control_flow_util import GraphOrParentsInXlaContext

__all__ = ["FusedBatchNormalization"]


@keras.saving.register_keras_serializable(package="course")
class FusedBatchNormalization(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization` by TensorFlow's fused kernels.

    Same constructor, weights and numbers. Keras writes the layer as some forty small
    operations, forward and backward, and many of them read the whole activation: where
    no compiler joins them, more than a quarter of a small ResNet's training step. The
    fused kernels (oneDNN's on a CPU, cuDNN's on a GPU) read it a few times, and at
    evaluation TensorFlow can fold them into the convolution before them.

    Images `(N, H, W, C)` in float32, float16 or bfloat16 take the fused kernels;
    statistics are float32. All else is left to Keras's own code: other ranks and axes,
    float64, masks, `renorm`, `synchronized`. So are functions that XLA compiles: it
    joins the small operations by itself, and of its own fused form the variance is
    wrong where the mean is large (it subtracts two squares).
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if mask is not None or not self._fits(inputs):
            return super().call(inputs, training=training, mask=mask)
        channels = inputs.shape[-1]
        gamma = tf.convert_to_tensor(self.gamma) if self.scale else tf.ones([channels])
        beta = tf.convert_to_tensor(self.beta) if self.center else tf.zeros([channels])
        arguments = {
            "x": tf.convert_to_tensor(inputs),
            "scale": gamma,
            "offset": beta,
            "epsilon": self.epsilon,
        }
        if not (training and self.trainable):
            return tf.raw_ops.FusedBatchNormV3(
                mean=self.moving_mean,
                variance=self.moving_variance,
                is_training=False,
                **arguments,
            )[0]
        none = tf.zeros([0])
        out, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            mean=none, variance=none, is_training=True, **arguments
        )
        # The kernel divides by n - 1; Keras, like the paper's training, by n.
        count = tf.cast(tf.size(inputs, tf.int64) // channels, tf.float32)
        variance *= (count - 1.0) / count
        for average, value in (
            (self.moving_mean, mean),
            (self.moving_variance, variance),
        ):
            average.assign(average * self.momentum + value * (1.0 - self.momentum))
        return out

    def _fits(self, inputs: Any) -> bool:
        """Whether the fused kernels do what this layer and these inputs ask for."""
        return (
            len(inputs.shape) == 4
            and self.axis in (-1, 3)
            and not (self.renorm or self.synchronized)
            and inputs.dtype == self.compute_dtype
            and self.compute_dtype in ("float32", "float16", "bfloat16")
            and self.variable_dtype == "float32"
            and not GraphOrParentsInXlaContext(tf.compat.v1.get_default_graph())
        )
