"""Loads the compiled operations into TensorFlow and registers their gradients."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any

import tensorflow as tf

from shared.ops.build import build_library


@functools.cache
def operations() -> Any:
    """The module of raw operations, built and loaded on the first call.

    ``COURSE_OPS_LIBRARY`` names a library to load instead, for example one that was
    built with a student's kernel in it.

    Raises:
        BuildError: If the library has to be built and cannot be.
    """
    library = os.environ.get("COURSE_OPS_LIBRARY") or build_library()
    module = tf.load_op_library(str(Path(library)))
    _register_gradients(module)
    return module


def _attributes(op: tf.Operation) -> dict[str, Any]:
    names = ("strides", "padding", "explicit_paddings", "dilations", "groups")
    return {name: op.get_attr(name) for name in (*names, "implementation")}


def _register_gradients(ops: Any) -> None:
    """Each operation is linear in both tensors, so each gradient is one of the others.

    With y = conv(x, k): dx = grad_input(k, dy) and dk = grad_kernel(x, dy). That they
    are operations with gradients themselves gives derivatives of every order.
    """

    @tf.RegisterGradient("CourseConv2D")
    def _conv2d(op: tf.Operation, d_output: tf.Tensor) -> list[tf.Tensor]:
        x, kernel = op.inputs
        how = _attributes(op)
        return [
            ops.course_conv2d_grad_input(tf.shape(x), kernel, d_output, **how),
            ops.course_conv2d_grad_kernel(x, tf.shape(kernel), d_output, **how),
        ]

    @tf.RegisterGradient("CourseConv2DGradInput")
    def _grad_input(op: tf.Operation, upstream: tf.Tensor) -> list[tf.Tensor | None]:
        _, kernel, d_output = op.inputs
        how = _attributes(op)
        return [
            None,
            ops.course_conv2d_grad_kernel(upstream, tf.shape(kernel), d_output, **how),
            ops.course_conv2d(upstream, kernel, **how),
        ]

    @tf.RegisterGradient("CourseConv2DGradKernel")
    def _grad_kernel(op: tf.Operation, upstream: tf.Tensor) -> list[tf.Tensor | None]:
        x, _, d_output = op.inputs
        how = _attributes(op)
        return [
            ops.course_conv2d_grad_input(tf.shape(x), upstream, d_output, **how),
            None,
            ops.course_conv2d(x, upstream, **how),
        ]
