"""Other right answers to the question in Python; C++ is in alternatives.toml."""

import tensorflow as tf
from custom_ops import operations, register_gradient

from grader.authoring import alternative


@alternative("conv2d_gradient")
@register_gradient("CustomConv2D")
def by_raw_operations(op, d_y):
    how = {
        "strides": op.get_attr("strides"),
        "padding": op.get_attr("padding").decode(),
        "dilations": op.get_attr("dilations"),
    }
    x, kernel = op.inputs[0], op.inputs[1]
    grad_input = operations().CustomConv2DGradInput
    grad_kernel = operations().CustomConv2DGradKernel
    d_x = grad_input(x_shape=tf.shape(x), kernel=kernel, d_y=d_y, **how)
    return d_x, grad_kernel(x=x, kernel_shape=tf.shape(kernel), d_y=d_y, **how)


@alternative("conv2d_gradient")
@register_gradient("CustomConv2D")
def one_function_for_each(op, d_y):
    ops = operations()
    attributes = [op.get_attr(name) for name in ("strides", "padding", "dilations")]

    def for_x(x, kernel):
        return ops.custom_conv2d_grad_input(tf.shape(x), kernel, d_y, *attributes)

    def for_kernel(x, kernel):
        shape = tf.constant(kernel.shape.as_list(), tf.int32)
        return ops.custom_conv2d_grad_kernel(x, shape, d_y, *attributes)

    return [gradient(*op.inputs) for gradient in (for_x, for_kernel)]
