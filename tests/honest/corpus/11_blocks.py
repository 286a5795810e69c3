# /// honest
# why = "modern blocks with other layers for the same thing: ops, multiplication, one group per channel"
# assignment = "11"
# grade = ["separable_conv", "squeeze_excite", "inception_resnet_block"]
# ///

# %% question="separable_conv"
def separable_conv(x, filters, kernel_size, strides=1):
    C = x.shape[-1]
    x = layers.Conv2D(C, kernel_size, strides=strides, padding="same", groups=C, use_bias=False, name="depthwise")(x)
    return layers.Dense(filters, use_bias=False, name="pointwise")(x)

# %% question="squeeze_excite"
def squeeze_excite(x, ratio=16):
    C = x.shape[-1]
    s = keras.ops.mean(x, axis=[1, 2])
    s = layers.Dense(C // ratio, activation=keras.activations.relu)(s)
    s = layers.Dense(C)(s)
    s = keras.activations.sigmoid(s)
    return x * layers.Reshape((1, 1, C))(s)

# %% question="inception_resnet_block"
def inception_resnet_block(x, c1, reduce, row, column, scale=0.1):
    def cbr(t, f, k):
        t = layers.Conv2D(f, k, padding="same", use_bias=False)(t)
        return layers.Activation("relu")(layers.BatchNormalization()(t))
    b = cbr(cbr(cbr(x, reduce, 1), row, (1, 7)), column, (7, 1))
    mixed = layers.concatenate([cbr(x, c1, 1), b], axis=-1)
    up = layers.Conv2D(x.shape[-1], 1)(mixed)
    return keras.ops.relu(x + scale * up)
