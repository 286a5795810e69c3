"""Right answers written differently: every one must get full marks."""

import keras
from keras import layers, ops

from grader.authoring import alternative


def _steps(x, *steps):
    for step in steps:
        x = step(x)
    return x


def _recipe(filters, kernel, **told):
    return (
        layers.Conv2D(filters, kernel, padding="same", use_bias=False, **told),
        layers.BatchNormalization(epsilon=1e-5),
        layers.Activation("relu"),
    )


def _plain(filters, kernel, strides=1):
    return layers.Conv2D(filters, kernel, strides, "same", use_bias=False)


# factorized_conv


@alternative("factorized_conv")
def until_it_sees_enough(x, filters, kernel_size, how):
    """By the view; a row of layers as a model."""
    if how == "asymmetric":
        parts = [
            *_recipe(filters, [1, kernel_size]),
            *_recipe(filters, [kernel_size, 1]),
        ]
        return keras.Sequential(parts)(x)
    seen = 1
    while seen < kernel_size:
        x = _steps(x, *_recipe(filters, 3))
        seen += 2
    return x


@alternative("factorized_conv")
def zeros_as_a_layer(x, filters, kernel_size, how):
    half = kernel_size // 2
    sizes = {"stack": [(1, 1)] * half, "asymmetric": [(0, half), (half, 0)]}[how]
    for rows, columns in sizes:
        x = layers.ZeroPadding2D((rows, columns))(x)
        kernel = (2 * rows + 1, 2 * columns + 1)
        x = layers.Conv2D(filters, kernel, use_bias=False)(x)
        x = ops.relu(layers.BatchNormalization(axis=3)(x))
    return x


# inception_v2_block


@alternative("inception_v2_block")
def towers(x, c1, r3, c3, r5, c5, pool):
    """Models side by side, in another order, joined one by one."""
    plans = [[(c1, 1)], [(r5, 1), (c5, 3), (c5, 3)], [(r3, 1), (c3, 3)]]
    mean = layers.AveragePooling2D((3, 3), strides=(1, 1), padding="same")
    left = _steps(x, mean, *_recipe(pool, 1))
    for plan in plans:
        tower = keras.Sequential([i for step in plan for i in _recipe(*step)])
        left = ops.concatenate([left, tower(x)], axis=-1)
    return left


@alternative("inception_v2_block")
def one_relu_for_all(x, c1, r3, c3, r5, c5, pool):
    def conv(before, filters, kernel):
        before = layers.Conv2D(filters, kernel, padding="same", use_bias=False)(before)
        return layers.BatchNormalization()(before)

    a = conv(x, c1, (1, 1))
    b = conv(layers.ReLU()(conv(x, r3, 1)), c3, 3)
    c = layers.ReLU()(conv(layers.ReLU()(conv(x, r5, 1)), c5, 3))
    d = conv(layers.AvgPool2D(3, 1, "same")(x), pool, 1)
    return layers.ReLU()(layers.concatenate([a, b, conv(c, c5, 3), d]))


# inception_resnet_block


@alternative("inception_resnet_block")
def with_operators(x, c1, reduce, row, column, scale=0.1):
    strips = _recipe(reduce, 1) + _recipe(row, (1, 7)) + _recipe(column, (7, 1))
    tower = _steps(x, *strips)
    both = ops.concatenate([tower, _steps(x, *_recipe(c1, 1))], axis=-1)
    return ops.relu(layers.Conv2D(x.shape[-1], (1, 1))(both) * scale + x)


@alternative("inception_resnet_block")
def widened_by_a_dense_layer(x, c1, reduce, row, column, scale=0.1):
    """A dense layer on maps is a 1x1 convolution."""
    tower = _steps(x, *_recipe(reduce, 1), *_recipe(row, (1, 7)))
    tower = _steps(tower, *_recipe(column, (7, 1)))
    both = layers.concatenate([_steps(x, *_recipe(c1, 1)), tower])
    wide = layers.Rescaling(scale=scale)(layers.Dense(x.shape[-1])(both))
    return layers.Activation("relu")(layers.add([wide, x]))


# separable_conv


@alternative("separable_conv")
def one_group_per_channel(x, filters, kernel_size, strides=1):
    depth = x.shape[-1]
    x = layers.Conv2D(
        depth,
        (kernel_size, kernel_size),
        strides=(strides, strides),
        padding="same",
        groups=depth,
        use_bias=False,
    )(x)
    return layers.Dense(filters, use_bias=False)(x)


@alternative("separable_conv")
def as_a_small_model(x, filters, kernel_size, strides=1):
    steps = [
        layers.DepthwiseConv2D(
            kernel_size, strides=strides, padding="same", use_bias=False
        ),
        layers.Conv2D(filters, (1, 1), padding="same", use_bias=False),
    ]
    return keras.Sequential(steps)(x)


# wide_block


@alternative("wide_block")
def dropout_of_rate_zero(x, filters, width, strides=1, rate=0.0):
    """Always a dropout layer; the sum with an operator."""
    wide = filters * width
    start = [layers.BatchNormalization(), layers.Activation("relu")]
    ready = _steps(x, *start)
    steps = [_plain(wide, 3, strides), layers.BatchNormalization(), layers.ReLU()]
    branch = _steps(ready, *steps, layers.Dropout(rate), _plain(wide, (3, 3)))
    same = strides == 1 and x.shape[-1] == wide
    return branch + (x if same else _plain(wide, 1, strides)(ready))


@alternative("wide_block")
def projection_without_padding(x, filters, width, strides=1, rate=0.0):
    shape = (filters * width, strides)
    ready = ops.relu(layers.BatchNormalization()(x))
    parts = [x]
    if (x.shape[-1], 1) != shape:
        parts = [layers.Conv2D(shape[0], 1, strides=strides, use_bias=False)(ready)]
    branch = _plain(shape[0], 3, strides)(ready)
    branch = ops.relu(layers.BatchNormalization()(branch))
    if rate > 0:
        branch = layers.Dropout(rate)(branch)
    parts.append(_plain(shape[0], 3)(branch))
    return layers.Add()(parts)


# resnext_block


@alternative("resnext_block")
def summed_one_by_one(x, cardinality, width, form):
    depth, both = x.shape[-1], cardinality * width
    path = [*_recipe(width, 1), *_recipe(width, 3)]
    if form == "grouped":
        steps = [*_recipe(both, 1), *_recipe(both, 3, groups=cardinality)]
        branch = _steps(x, *steps, _plain(depth, 1))
    elif form == "concat":
        branch = _steps(x, *path)
        for _ in range(cardinality - 1):
            other = _steps(x, *_recipe(width, 1), *_recipe(width, 3))
            branch = layers.Concatenate()([other, branch])
        branch = _plain(depth, 1)(branch)
    else:
        branch = _steps(x, *path, _plain(depth, 1))
        for _ in range(cardinality - 1):
            steps = [*_recipe(width, 1), *_recipe(width, 3), _plain(depth, 1)]
            branch = branch + _steps(x, *steps)
    return ops.relu(x + layers.BatchNormalization()(branch))


@alternative("resnext_block")
def a_function_for_each_form(x, cardinality, width, form):
    def unit(before, filters, kernel, groups=1):
        conv = layers.Conv2D(
            filters, kernel, padding="same", groups=groups, use_bias=False
        )
        return layers.Activation("relu")(layers.BatchNormalization()(conv(before)))

    def thin():
        return unit(unit(x, width, 1), width, 3)

    def paths():
        ends = [layers.Dense(x.shape[-1], use_bias=False)(thin()) for _ in some]
        return layers.add(ends)

    def concat():
        joined = layers.concatenate([thin() for _ in some])
        return layers.Dense(x.shape[-1], use_bias=False)(joined)

    def grouped():
        wide = unit(x, width * cardinality, 1)
        wide = unit(wide, width * cardinality, (3, 3), cardinality)
        return layers.Dense(x.shape[-1], use_bias=False)(wide)

    some = range(cardinality)
    branch = {"paths": paths, "concat": concat, "grouped": grouped}[form]()
    total = layers.add([layers.BatchNormalization()(branch), x])
    return layers.Activation("relu")(total)


# dense_block


@alternative("dense_block")
def with_a_list(x, depth, growth, bottleneck=False):
    """All maps in a list, the newest first."""
    maps = [x]
    for _ in range(depth):
        new = layers.Concatenate()(maps) if maps[1:] else x
        for filters, kernel in [(4 * growth, 1)] * bottleneck + [(growth, 3)]:
            new = layers.Activation("relu")(layers.BatchNormalization()(new))
            new = _plain(filters, kernel)(new)
        maps.insert(0, new)
    return layers.Concatenate()(maps)


@alternative("dense_block")
def recursively(x, depth, growth, bottleneck=False):
    if depth == 0:
        return x
    x = recursively(x, depth - 1, growth, bottleneck)
    ready = [layers.BatchNormalization(), layers.ReLU()]
    squeeze = [_plain(4 * growth, 1), layers.BatchNormalization(), layers.ReLU()]
    steps = ready + squeeze * bool(bottleneck) + [_plain(growth, 3)]
    return ops.concatenate([x, keras.Sequential(steps)(x)], axis=-1)


# squeeze_excite


@alternative("squeeze_excite")
def with_convolutions(x, ratio=16):
    """1x1 convolutions on maps of one pixel."""
    depth = x.shape[-1]
    gate = ops.mean(x, axis=(1, 2), keepdims=True)
    gate = layers.Conv2D(int(depth / ratio), 1, activation="relu")(gate)
    return x * layers.Conv2D(depth, 1, activation="sigmoid")(gate)


@alternative("squeeze_excite")
def reshaped(x, ratio=16):
    depth = x.shape[3]
    gate = layers.GlobalAveragePooling2D()(x)
    gate = layers.ReLU()(layers.Dense(depth // ratio)(gate))
    gate = layers.Activation("sigmoid")(layers.Dense(depth)(gate))
    return layers.multiply([layers.Reshape((1, 1, depth))(gate), x])
