# /// honest
# why = "the gradient with a helper in another cell, a tuple as result, type hints"
# assignment = "06"
# ///

# %%
def attributes(op, *names):
    return {n: op.get_attr(n) for n in names}

# %% question="conv2d_gradient"
@register_gradient("CustomConv2D")
def conv2d_gradient(op: "tf.Operation", d_y: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    x, kernel = op.inputs[0], op.inputs[1]
    cfg = attributes(op, "strides", "padding", "dilations")
    print("gradient", cfg)
    lib = operations()
    d_x = lib.custom_conv2d_grad_input(tf.shape(x), kernel, d_y, **cfg)
    d_kernel = lib.custom_conv2d_grad_kernel(x, tf.shape(kernel), d_y, **cfg)
    return d_x, d_kernel
