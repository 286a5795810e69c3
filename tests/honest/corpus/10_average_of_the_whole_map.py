# /// honest
# why = "average pooling as large as the map, means by hand, flatten, an inner model for the stem"
# assignment = "10"
# ///

# %% question="resnet"
def resnet(n, shape=(32, 32, 3), classes=10, residual=True):
    stem = keras.Sequential([keras.Input(shape), keras.layers.Conv2D(16, 3, padding="same", use_bias=False, kernel_initializer="he_normal"),
                             keras.layers.BatchNormalization(momentum=0.9), keras.layers.Activation("relu")], name="stem")
    inp = keras.layers.Input(shape=shape)
    h = stem(inp)
    for i, width in enumerate([16, 32, 64]):
        for j in range(n):
            f = residual_block if residual else plain_block
            h = f(h, width, strides=1 + (i > 0 and j == 0))
    h = keras.layers.AveragePooling2D(pool_size=tuple(h.shape[1:3]))(h)
    h = keras.layers.Flatten()(h)
    return keras.Model(inputs=inp, outputs=keras.layers.Dense(classes, activation=None, kernel_initializer="he_normal")(h))
