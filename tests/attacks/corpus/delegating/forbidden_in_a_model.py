# /// attack
# tries = "puts a forbidden layer into the model that it hands in"
# assignment = "11"
# question = "separable_conv"
# variants = [
#     "freed()",
# ]
# modes = ["batch"]
# ///
# %%
import keras


def freed():
    cls = keras.layers.SeparableConv2D
    del cls.__new__
    return cls


# %% question="separable_conv"
def separable_conv(x, filters, kernel_size, strides=1):
    layer = VARIANT
    return layer(filters, kernel_size, strides, padding="same", use_bias=False)(x)
