"""Mistakes that students make in this assignment, with a hint for each.

Every function is wrong in one way and right in all others, so that a submission with
that mistake gives the same network and gets the hint.
"""

from keras import layers

from grader.authoring import misconception


def _unit(x, filters, kernel, groups=1, relu=True):
    x = layers.Conv2D(filters, kernel, padding="same", groups=groups, use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU()(x) if relu else x


def _linear(x, filters, kernel, strides=1):
    return layers.Conv2D(filters, kernel, strides, padding="same", use_bias=False)(x)


def _ready(x):
    return layers.ReLU()(layers.BatchNormalization()(x))


# factorized_conv


@misconception(
    "factorized_conv",
    hint="Your stack has (almost) as many 3x3 convolutions as the kernel has pixels on "
    "a side. The first sees 3 pixels and each further one sees 2 more, so two are "
    "enough for 5x5, and four for 9x9.",
)
def one_convolution_for_each_pixel(x, filters, kernel_size, how):
    kernels = [3] * (kernel_size - 2)
    if how == "asymmetric":
        kernels = [(1, kernel_size), (kernel_size, 1)]
    for kernel in kernels:
        x = _unit(x, filters, kernel)
    return x


@misconception(
    "factorized_conv",
    hint="There is no ReLU between your convolutions. Without it they are one linear "
    "map, written in a poorer way; the paper tried both and the ReLU won.",
)
def nothing_between(x, filters, kernel_size, how):
    kernels = [3] * ((kernel_size - 1) // 2)
    if how == "asymmetric":
        kernels = [(1, kernel_size), (kernel_size, 1)]
    for kernel in kernels:
        x = _unit(x, filters, kernel, relu=False)
    return layers.ReLU()(x)


# inception_v2_block


def _module(x, c1, r3, c3, r5, c5, pool, five=False, pooling=None):
    pooling = pooling or layers.AveragePooling2D
    tower = _unit(x, r5, 1)
    tower = _unit(tower, c5, 5) if five else _unit(_unit(tower, c5, 3), c5, 3)
    branches = [
        _unit(x, c1, 1),
        _unit(_unit(x, r3, 1), c3, 3),
        tower,
        _unit(pooling(3, 1, "same")(x), pool, 1),
    ]
    return layers.Concatenate()(branches)


@misconception(
    "inception_v2_block",
    hint="There is still a 5x5 convolution. It is what version 2 replaces: two 3x3, "
    "one behind the other, see as far and have 18 weights where it has 25.",
)
def keeps_the_large_kernel(x, c1, r3, c3, r5, c5, pool):
    return _module(x, c1, r3, c3, r5, c5, pool, five=True)


@misconception(
    "inception_v2_block",
    hint="The pooling branch takes the largest, as GoogLeNet's does. This one "
    "averages.",
)
def takes_the_largest(x, c1, r3, c3, r5, c5, pool):
    return _module(x, c1, r3, c3, r5, c5, pool, pooling=layers.MaxPooling2D)


# inception_resnet_block


def _correction(x, c1, reduce, row, column):
    tower = _unit(_unit(x, reduce, 1), row, (1, 7))
    return layers.Concatenate()([_unit(x, c1, 1), _unit(tower, column, (7, 1))])


@misconception(
    "inception_resnet_block",
    hint="The 1x1 convolution behind the concatenation follows the recipe: normalised, "
    "with ReLU. It must be linear, with a bias. A correction that is never negative "
    "can only add, and normalising it would undo what the scale is for.",
)
def corrects_upwards_only(x, c1, reduce, row, column, scale=0.1):
    wide = _unit(_correction(x, c1, reduce, row, column), x.shape[-1], 1)
    return layers.ReLU()(layers.Add()([x, layers.Rescaling(scale)(wide)]))


@misconception(
    "inception_resnet_block",
    hint="Nothing is scaled. The correction is multiplied by `scale` before it is "
    "added: without that, very wide networks of this kind die early in training.",
)
def forgets_the_scale(x, c1, reduce, row, column, scale=0.1):
    wide = layers.Conv2D(x.shape[-1], 1)(_correction(x, c1, reduce, row, column))
    return layers.ReLU()(layers.Add()([x, wide]))


# separable_conv


@misconception(
    "separable_conv",
    hint="The channels are mixed first and the places looked at afterwards. That is "
    "how Xception's paper draws its extreme Inception, but a separable convolution, "
    "there and in every library, is depthwise first and pointwise second.",
)
def mixes_first(x, filters, kernel_size, strides=1):
    x = layers.Conv2D(filters, 1, use_bias=False)(x)
    return layers.DepthwiseConv2D(kernel_size, strides, "same", use_bias=False)(x)


@misconception(
    "separable_conv",
    hint="There is an activation between the two steps. With nothing in between they "
    "are one convolution with a cheap kernel, and Xception trained better that way.",
)
def bends_in_between(x, filters, kernel_size, strides=1):
    x = layers.DepthwiseConv2D(kernel_size, strides, "same", use_bias=False)(x)
    return layers.Conv2D(filters, 1, use_bias=False)(layers.ReLU()(x))


# wide_block


@misconception(
    "wide_block",
    hint="This is the block of the first ResNets: normalisation and ReLU behind the "
    "convolutions and ReLU after the sum. Here they stand in front, and the way of x "
    "through the sum stays free.",
)
def activates_afterwards(x, filters, width, strides=1, rate=0.0):
    branch = layers.BatchNormalization()(_linear(x, filters * width, 3, strides))
    branch = layers.Dropout(rate)(layers.ReLU()(branch))
    branch = layers.BatchNormalization()(_linear(branch, filters * width, 3))
    if strides != 1 or x.shape[-1] != filters * width:
        x = layers.BatchNormalization()(_linear(x, filters * width, 1, strides))
    return layers.ReLU()(layers.Add()([x, branch]))


@misconception(
    "wide_block",
    hint="Only the inside of the block is wide; what comes out has `filters` channels. "
    "That is a bottleneck turned inside out. Both convolutions, and so the output, "
    "have `filters * width`.",
)
def wide_inside_only(x, filters, width, strides=1, rate=0.0):
    ready = _ready(x)
    branch = _ready(_linear(ready, filters * width, 3, strides))
    branch = _linear(layers.Dropout(rate)(branch), filters, 3)
    if strides != 1 or x.shape[-1] != filters:
        x = _linear(ready, filters, 1, strides)
    return layers.Add()([x, branch])


# resnext_block


def _resnext(x, cardinality, width, form, each=False, groups=None):
    depth = x.shape[-1]
    if form == "grouped":
        branch = _unit(x, cardinality * width, 1)
        branch = _unit(branch, cardinality * width, 3, groups=groups or cardinality)
        branch = _linear(branch, depth, 1)
    else:
        paths = [_unit(_unit(x, width, 1), width, 3) for _ in range(cardinality)]
        if form == "concat":
            branch = _linear(layers.Concatenate()(paths), depth, 1)
        elif each:
            paths = [_unit(path, depth, 1, relu=False) for path in paths]
            return layers.ReLU()(layers.Add()([x, *paths]))
        else:
            branch = layers.Add()([_linear(path, depth, 1) for path in paths])
    branch = layers.BatchNormalization()(branch)
    return layers.ReLU()(layers.Add()([x, branch]))


@misconception(
    "resnext_block",
    hint='In the form "paths" each path is normalised before the sum. Then the three '
    "forms are not the same: the others have one normalisation, behind everything. "
    "Sum first, normalise once.",
)
def normalises_each_path(x, cardinality, width, form):
    return _resnext(x, cardinality, width, form, each=True)


@misconception(
    "resnext_block",
    hint='The 3x3 convolution of the form "grouped" has one group: every filter sees '
    "all channels. Each group is a path, and the paths must not see each other: "
    "`groups` is the cardinality.",
)
def forgets_the_groups(x, cardinality, width, form):
    return _resnext(x, cardinality, width, form, groups=1)


# dense_block


def _dense(x, depth, growth, bottleneck, everything=True):
    maps = [x]
    for _ in range(depth):
        new = layers.Concatenate()(maps) if len(maps) > 1 and everything else maps[-1]
        if bottleneck:
            new = _linear(_ready(new), 4 * growth, 1)
        maps.append(_linear(_ready(new), growth, 3))
    return maps


@misconception(
    "dense_block",
    hint="Each of your layers reads the one before it alone. It must read all of them, "
    "and x: that is the whole idea, and why so few new maps are enough.",
)
def reads_the_last_only(x, depth, growth, bottleneck=False):
    return layers.Concatenate()(_dense(x, depth, growth, bottleneck, False))


@misconception(
    "dense_block",
    hint="The input is missing from what your block returns: it hands on the new maps "
    "alone. C channels come in and C + depth * growth go out.",
)
def returns_the_new_maps(x, depth, growth, bottleneck=False):
    maps = _dense(x, depth, growth, bottleneck)[1:]
    return layers.Concatenate()(maps) if len(maps) > 1 else maps[0]


# squeeze_excite


@misconception(
    "squeeze_excite",
    hint="The gates are a softmax, so that channels compete: the numbers sum to 1 and "
    "most are close to 0. Several channels may matter at once; a sigmoid decides for "
    "each of them alone.",
)
def channels_compete(x, ratio=16):
    gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
    gate = layers.Dense(x.shape[-1] // ratio, activation="relu")(gate)
    return layers.Multiply()([x, layers.Dense(x.shape[-1], "softmax")(gate)])


@misconception(
    "squeeze_excite",
    hint="`ratio` is used as the width of the hidden layer. It says how many times "
    "narrower than x that layer is: C // ratio units.",
)
def takes_the_ratio_for_a_width(x, ratio=16):
    gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
    gate = layers.Dense(ratio, activation="relu")(gate)
    return layers.Multiply()([x, layers.Dense(x.shape[-1], "sigmoid")(gate)])


@misconception(
    "squeeze_excite",
    hint="The gates are a vector per image, (N, C), and `*` lines it up with the end "
    "of (N, H, W, C): image 2's gates meet column 2 of every map, or the shapes do not "
    "fit. Keep the two axes of size 1: gates of shape (N, 1, 1, C).",
)
def lines_up_the_wrong_axes(x, ratio=16):
    gate = layers.GlobalAveragePooling2D()(x)
    gate = layers.Dense(x.shape[-1] // ratio, activation="relu")(gate)
    return x * layers.Dense(x.shape[-1], activation="sigmoid")(gate)
