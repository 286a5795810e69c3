"""Wrong answers to the question in Python; those in C++ are in misconceptions.toml."""

import tensorflow as tf
from custom_ops import operations, register_gradient

from grader.authoring import misconception


@misconception(
    "conv2d_gradient",
    hint="The gradients come in the order of the operation's inputs: first for x, then "
    "for the kernel. You returned them the other way round.",
)
@register_gradient("CustomConv2D")
def gradients_in_the_wrong_order(op, d_y):
    x, kernel = op.inputs
    how = {name: op.get_attr(name) for name in ("strides", "padding", "dilations")}
    ops = operations()
    return [
        ops.custom_conv2d_grad_kernel(x, tf.shape(kernel), d_y, **how),
        ops.custom_conv2d_grad_input(tf.shape(x), kernel, d_y, **how),
    ]


@misconception(
    "conv2d_gradient",
    hint="Strides, padding and dilations are attributes of the operation, op.get_attr "
    "has them. You took fixed ones: that is the gradient of another convolution.",
)
@register_gradient("CustomConv2D")
def attributes_made_up(op, d_y):
    x, kernel = op.inputs
    how = {"strides": [1, 1], "padding": "VALID"}
    ops = operations()
    return [
        ops.custom_conv2d_grad_input(tf.shape(x), kernel, d_y, **how),
        ops.custom_conv2d_grad_kernel(x, tf.shape(kernel), d_y, **how),
    ]


@misconception(
    "conv2d_gradient",
    hint="x.shape is what is known while the graph is traced, and there the batch may "
    "be None. tf.shape(x) is a tensor that has the sizes when the graph runs.",
)
@register_gradient("CustomConv2D")
def shape_of_the_trace(op, d_y):
    x, kernel = op.inputs
    how = {name: op.get_attr(name) for name in ("strides", "padding", "dilations")}
    ops = operations()
    return [
        ops.custom_conv2d_grad_input(x.shape.as_list(), kernel, d_y, **how),
        ops.custom_conv2d_grad_kernel(x, kernel.shape.as_list(), d_y, **how),
    ]
