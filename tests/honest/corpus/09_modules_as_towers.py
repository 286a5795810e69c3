# /// honest
# why = "inception modules with tf.nn activations, one-by-one dense layers, ops, names, nested functions"
# assignment = "09"
# ///

# %%
L = tf.keras.layers
def conv(filters, size=1, name=None):
    def apply(t):
        t = L.Conv2D(filters, (size, size), strides=(1, 1), padding="SAME", name=name)(t)
        return L.Activation(tf.nn.relu)(t)
    return apply

# %% question="inception_naive"
def inception_naive(x, c1, c3, c5):
    towers = [conv(n, k, name=f"tower_{k}x{k}")(x) for k, n in {1: c1, 3: c3, 5: c5}.items()]
    towers += [tf.keras.layers.MaxPool2D((3, 3), (1, 1), "same", name="pool")(x)]
    return keras.ops.concatenate(towers, axis=3)

# %% question="inception_v1"
def inception_v1(x, c1, r3, c3, r5, c5, pool):
    def one(filters): return L.Dense(filters, activation=tf.nn.relu)
    pooled = L.MaxPooling2D(pool_size=3, strides=1, padding="same")(x)
    return L.concatenate([one(pool)(pooled), keras.ops.relu(L.Conv2D(c5, 5, padding="same")(conv(r5)(x))), one(c1)(x), conv(c3, 3)(one(r3)(x))])
