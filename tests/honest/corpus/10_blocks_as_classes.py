# /// honest
# why = "blocks from closures and operators: x + y, keras.ops, BatchNorm settings, other ways to pad"
# assignment = "10"
# grade = ["plain_block", "residual_block", "bottleneck_block", "drop_blocks"]
# ///

# %%
from functools import partial, reduce
L = tf.keras.layers
Conv = partial(L.Conv2D, padding="same", use_bias=False, kernel_initializer=keras.initializers.HeNormal())
BN = lambda: L.BatchNormalization(momentum=0.9)
def seq(*fs): return lambda x: reduce(lambda v, f: f(v), fs, x)

# %% question="plain_block"
def plain_block(x, filters, strides=1):
    return seq(Conv(filters, 3, strides=strides), BN(), L.Activation("relu"), Conv(filters, 3), BN(), L.Activation("relu"))(x)

# %% question="residual_block"
def residual_block(x, filters, strides=1):
    y = seq(Conv(filters, 3, strides=strides), BN(), keras.ops.relu, Conv(filters, 3), BN())(x)
    shortcut = x if strides == 1 and x.shape[-1] == filters else seq(Conv(filters, 1, strides=strides), BN())(x)
    return keras.ops.relu(y + shortcut)

# %% question="bottleneck_block"
def bottleneck_block(x, filters, strides=1):
    y = seq(Conv(filters // 4, 1, strides=strides), BN(), L.ReLU(), Conv(filters // 4, 3), BN(), L.ReLU(), Conv(filters, 1), BN())(x)
    if strides > 1 or x.shape[3] != filters:
        x = BN()(Conv(filters, 1, strides=strides)(x))
    return L.Activation(tf.nn.relu)(L.add([y, x]))

# %% question="drop_blocks"
def drop_blocks(x, blocks, dropped):
    for i, (f, s) in enumerate(blocks):
        h = x if s is None else np.asarray(s(x))
        x = np.clip(h if i in set(dropped) else h + f(x), 0, None)
    return x.tolist()
