# /// honest
# why = "nested models, modes that the model overrules, epsilon, momentum and seeds of one's own"
# assignment = "11"
# ///

# %%
def normalised(x):
    inner = keras.Sequential([layers.BatchNormalization(epsilon=1e-5, momentum=0.9)])
    return inner(x, training=False)

# %% question="wide_block"
def wide_block(x, filters, width, strides=1, rate=0.0):
    ready = layers.ReLU()(normalised(x))
    out = layers.Conv2D(filters * width, 3, strides, padding="same", use_bias=False)(ready)
    out = layers.BatchNormalization()(out, training=False)
    out = layers.Activation(layers.ReLU())(out)
    out = layers.Dropout(rate, seed=4, noise_shape=(None, *out.shape[1:]))(out, training=False)
    out = layers.Conv2D(filters * width, 3, padding="same", use_bias=False, kernel_regularizer="l2")(out)
    if out.shape != x.shape:
        x = layers.Conv2D(filters * width, 1, strides, use_bias=False)(ready)
    return x + out
