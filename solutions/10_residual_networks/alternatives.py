"""Right answers that are written differently: each must get full marks."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from grader.authoring import alternative

# plain_block


@alternative("plain_block")
def plain_in_a_loop(x, filters, strides=1):
    for step in (strides, 1):
        x = layers.Conv2D(
            filters,
            (3, 3),
            strides=(step, step),
            padding="same",
            use_bias=False,
            kernel_initializer=keras.initializers.HeNormal(),
        )(x)
        x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
        x = layers.Activation("relu")(x)
    return x


@alternative("plain_block")
def plain_as_a_sequential(x, filters, strides=1):
    parts = []
    for step in (strides, 1):
        start = keras.initializers.VarianceScaling(2.0, mode="fan_out")
        parts += [
            layers.Conv2D(
                filters,
                3,
                step,
                "same",
                use_bias=False,
                kernel_initializer=start,
            ),
            layers.BatchNormalization(),
            layers.ReLU(),
        ]
    return keras.Sequential(parts)(x)


# residual_block


@alternative("residual_block")
def residual_with_operators(x, filters, strides=1):
    arguments = {
        "padding": "same",
        "use_bias": False,
        "kernel_initializer": "he_normal",
    }
    shortcut = x
    if x.shape[-1] != filters or strides > 1:
        shortcut = layers.Conv2D(
            filters,
            1,
            strides=strides,
            use_bias=False,
            kernel_initializer="he_uniform",
        )(x)
        shortcut = layers.BatchNormalization(name="shortcut_bn")(shortcut)
    y = layers.Conv2D(filters, 3, strides, **arguments)(x)
    y = keras.activations.relu(layers.BatchNormalization()(y))
    y = layers.BatchNormalization()(layers.Conv2D(filters, 3, **arguments)(y))
    return keras.ops.relu(y + shortcut)


@alternative("residual_block")
def residual_from_models(x, filters, strides=1):
    def unit(kernel_size, step, *after):
        return keras.Sequential(
            [
                layers.Conv2D(
                    filters,
                    kernel_size,
                    step,
                    padding="same",
                    use_bias=False,
                    kernel_initializer="he_normal",
                ),
                layers.BatchNormalization(epsilon=1e-5),
                *after,
            ]
        )

    same = strides == 1 and filters == x.shape[3]
    side = layers.Identity() if same else unit(1, strides)
    branch = unit(3, 1)(unit(3, strides, layers.ReLU())(x))
    return layers.Activation("relu")(layers.add([branch, side(x)]))


# bottleneck_block


@alternative("bottleneck_block")
def bottleneck_in_a_loop(x, filters, strides=1):
    def unit(x, width, kernel_size, step):
        x = layers.Conv2D(
            width,
            kernel_size,
            step,
            padding="same" if kernel_size == 3 else "valid",
            use_bias=False,
            kernel_initializer="he_normal",
        )(x)
        return layers.BatchNormalization()(x)

    shortcut, steps = x, [(1, strides), (3, 1), (1, 1)]
    if strides > 1 or x.shape[-1] != filters:
        shortcut = unit(x, filters, 1, strides)
    for index, (kernel_size, step) in enumerate(steps):
        x = unit(x, filters if index == 2 else filters // 4, kernel_size, step)
        if index < 2:
            x = layers.Activation("relu")(x)
    return keras.activations.relu(keras.ops.add(x, shortcut))


@alternative("bottleneck_block")
def bottleneck_as_a_model(x, filters, strides=1):
    inputs = keras.Input(x.shape[1:])
    arguments = {"use_bias": False, "kernel_initializer": "he_normal"}
    y = layers.Conv2D(int(filters / 4), 1, strides, **arguments)(inputs)
    y = layers.ReLU()(layers.BatchNormalization()(y))
    y = layers.ZeroPadding2D(1)(y)
    y = layers.Conv2D(int(filters / 4), 3, **arguments)(y)
    y = layers.ReLU()(layers.BatchNormalization()(y))
    y = layers.BatchNormalization()(layers.Conv2D(filters, 1, **arguments)(y))
    z = inputs
    if tuple(y.shape) != tuple(x.shape):
        z = layers.Conv2D(filters, 1, strides, **arguments)(z)
        z = layers.BatchNormalization()(z)
    return keras.Model(inputs, layers.ReLU()(layers.Add()([y, z])))(x)


# resnet


def _unit(x, filters, kernel_size, strides=1):
    x = layers.Conv2D(
        filters,
        kernel_size,
        strides,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
    )(x)
    return layers.BatchNormalization()(x)


def _block(x, filters, strides, residual):
    y = layers.ReLU()(_unit(x, filters, 3, strides))
    y = _unit(y, filters, 3)
    if residual:
        changes = strides != 1 or x.shape[-1] != filters
        y = layers.Add()([_unit(x, filters, 1, strides) if changes else x, y])
    return layers.ReLU()(y)


@alternative("resnet")
def resnet_from_a_table(n, shape=(32, 32, 3), classes=10, residual=True):
    table = [(16, 1)] * n + [(32, 2)] + [(32, 1)] * (n - 1)
    table += [(64, 2)] + [(64, 1)] * (n - 1)
    inputs = layers.Input(shape=shape)
    x = layers.Activation("relu")(_unit(inputs, 16, 3))
    for filters, strides in table:
        x = _block(x, filters, strides, residual)
    x = keras.ops.mean(x, axis=(1, 2))
    return keras.Model(inputs=inputs, outputs=layers.Dense(classes)(x))


@alternative("resnet")
def resnet_of_stages(n, shape=(32, 32, 3), classes=10, residual=True):
    def stage(shape, filters, first):
        x = inputs = keras.Input(shape)
        for index in range(n):
            x = _block(x, filters, first if index == 0 else 1, residual)
        return keras.Model(inputs, x)

    model = keras.Sequential([keras.Input(shape)])
    first_layer = layers.Conv2D(
        16, 3, padding="same", use_bias=False, kernel_initializer="he_normal"
    )
    model.add(first_layer)
    model.add(layers.BatchNormalization())
    model.add(layers.ReLU())
    for filters, first in ((16, 1), (32, 2), (64, 2)):
        model.add(stage(model.output_shape[1:], filters, first))
    model.add(layers.GlobalAveragePooling2D(keepdims=True))
    model.add(layers.Flatten())
    model.add(layers.Dense(classes, activation="linear"))
    return model


# deepen_by_identity


@alternative("deepen_by_identity")
def deepened_sequential(model):
    deeper = keras.Sequential([keras.Input(model.input_shape[1:])])
    for number, layer in enumerate(model.layers[1:]):
        config = layer.get_config()
        config["name"] = f"copy_{number}"
        deeper.add(layer.__class__.from_config(config))
        deeper.layers[-1].set_weights(layer.get_weights())
        if config.get("kernel_size"):
            deeper.add(layers.Conv2D(layer.filters, (3, 3), padding="same"))
            kernel, bias = (np.zeros(w.shape) for w in deeper.layers[-1].weights)
            for channel in range(layer.filters):
                kernel[1, 1, channel, channel] = 1
            deeper.layers[-1].set_weights([kernel, bias])
            deeper.add(layers.ReLU())
    return deeper


@alternative("deepen_by_identity")
def deepened_by_initializer(model):
    def centre(shape, dtype=None):
        middle = np.zeros(shape[:2])
        middle[1, 1] = 1
        return middle[..., None, None] * np.eye(shape[2])

    cloned = keras.models.clone_model(model)
    cloned.set_weights(model.get_weights())
    x = cloned.inputs[0]
    for layer in cloned.layers:
        if isinstance(layer, layers.InputLayer):
            continue
        x = layer(x)
        if isinstance(layer, layers.Conv2D):
            more = layers.Conv2D(
                layer.filters,
                3,
                padding="same",
                activation="relu",
                name="after_" + layer.name,
            )
            x = more(x)
            more.kernel.assign(centre(more.kernel.shape))
    return keras.Model(cloned.inputs, x)


# gradient_norms


@alternative("gradient_norms")
def norms_by_hand(model, x, y):
    rows = [w.numpy().copy() for w in model.variables]
    kernels = [i.weights[0] for i in model.layers if type(i).__name__ == "Conv2D"]
    with tf.GradientTape() as tape:
        logits = model(tf.constant(x), training=True)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits)
        loss = tf.reduce_mean(losses)
    found = tape.gradient(loss, [kernel.value for kernel in kernels])
    for variable, row in zip(model.variables, rows, strict=True):
        variable.assign(row)
    return np.array([np.sqrt(np.sum(np.square(g.numpy()))) for g in found])


@alternative("gradient_norms")
def norms_of_a_copy(model, x, y):
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    with tf.GradientTape(persistent=True) as tape:
        odds = tf.nn.log_softmax(copy(x, training=True))
        chosen = tf.gather(odds, tf.cast(y, tf.int32), axis=1, batch_dims=1)
        loss = -tf.math.reduce_sum(chosen) / len(x)
    norms = []
    for layer in copy.layers:
        if isinstance(layer, keras.layers.Conv2D):
            gradient = tape.gradient(loss, layer.kernel)
            norms.append(np.linalg.norm(np.ravel(gradient)))
    return tuple(norms)


# drop_blocks


@alternative("drop_blocks")
def dropped_one_by_one(x, blocks, dropped):
    for index in range(len(blocks)):
        branch, shortcut = blocks[index]
        out = np.array(x if shortcut is None else shortcut(x), dtype=float)
        if index not in set(dropped):
            out += branch(x)
        x = np.where(out > 0, out, 0.0)
    return x


@alternative("drop_blocks")
def dropped_by_recursion(x, blocks, dropped):
    if not blocks:
        return x
    *earlier, (branch, shortcut) = blocks
    x = dropped_by_recursion(x, earlier, dropped)
    parts = [x if shortcut is None else shortcut(x)]
    if len(earlier) not in dropped:
        parts.append(branch(x))
    return np.clip(sum(parts), 0, None)
