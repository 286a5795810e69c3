"""Mistakes that students make in this assignment, with a hint for each.

Every function is wrong in one way and right in all others, so that a submission with
that mistake gives the same network, or numbers, and gets the hint.
"""

import math

import keras
from keras import layers

from grader.authoring import misconception

MODULES = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


def _conv(x, filters, size, strides=1, padding="same", groups=1):
    layer = layers.Conv2D(
        filters, size, strides, padding, groups=groups, activation="relu"
    )
    return layer(x)


def _pool(x, size=3, strides=2, padding="valid"):
    return layers.MaxPooling2D(size, strides, padding)(x)


def _head(inputs, x, classes, units, rate=0.5, last="softmax"):
    x = layers.Flatten()(x)
    for count in units:
        x = layers.Dense(count, activation="relu")(x)
        x = layers.Dropout(rate)(x) if rate else x
    return keras.Model(inputs, layers.Dense(classes, activation=last)(x))


# alexnet


def _alexnet(input_shape, groups, classes, units, first="valid", pool=3, **end):
    """`groups` tells those of convolutions 2 to 5."""
    inputs = keras.Input(input_shape)
    x = _pool(_conv(inputs, 96, 11, 4, first), pool)
    x = _pool(_conv(x, 256, 5, groups=groups[0]), pool)
    for filters, count in zip((384, 384, 256), groups[1:], strict=True):
        x = _conv(x, filters, 3, groups=count)
    return _head(inputs, _pool(x, pool), classes, units, **end)


def _groups(groups):
    return groups, 1, groups, groups


@misconception(
    "alexnet",
    hint="groups=2 gives you the network of one stream: the argument is not used, or "
    "reaches too few layers. In convolutions 2, 4 and 5 a filter sees the half of the "
    "maps that lies on its own GPU, which halves the weights of those layers.",
)
def ignores_the_groups(
    groups=1, input_shape=(227, 227, 3), classes=1000, units=(4096, 4096)
):
    return _alexnet(input_shape, _groups(1), classes, units)


@misconception(
    "alexnet",
    hint="Convolution 3 is grouped too. It is where the two GPUs exchange their maps: "
    "each of its filters sees all 256. Without that the halves would not meet before "
    "the dense layers.",
)
def groups_the_third_convolution(
    groups=1, input_shape=(227, 227, 3), classes=1000, units=(4096, 4096)
):
    return _alexnet(input_shape, (groups,) * 4, classes, units)


@misconception(
    "alexnet",
    hint="The first convolution pads, and its maps are a little too large. It has no "
    "padding: from 227 pixels, 11 and a step of 4 lead to 55 places exactly.",
)
def pads_the_first_convolution(
    groups=1, input_shape=(227, 227, 3), classes=1000, units=(4096, 4096)
):
    return _alexnet(input_shape, _groups(groups), classes, units, first="same")


@misconception(
    "alexnet",
    hint="Your poolings do not overlap: a 2x2 window with a step of 2. The sizes come "
    "out the same, so no table of shapes will tell you. AlexNet's window is 3x3 and "
    "its step 2.",
)
def pools_without_overlap(
    groups=1, input_shape=(227, 227, 3), classes=1000, units=(4096, 4096)
):
    return _alexnet(input_shape, _groups(groups), classes, units, pool=2)


@misconception(
    "alexnet",
    hint="There is no dropout after the hidden dense layers. It has no parameters, so "
    "the count is right without it; training is not. 58 of 62 million weights sit "
    "there, and they overfit.",
)
def leaves_out_dropout(
    groups=1, input_shape=(227, 227, 3), classes=1000, units=(4096, 4096)
):
    return _alexnet(input_shape, _groups(groups), classes, units, rate=0)


@misconception(
    "alexnet",
    hint="The model returns scores, not probabilities: the last dense layer has no "
    "softmax.",
)
def returns_scores(
    groups=1, input_shape=(227, 227, 3), classes=1000, units=(4096, 4096)
):
    return _alexnet(input_shape, _groups(groups), classes, units, last=None)


# zfnet


def _zfnet(input_shape, late, classes, units, zeros=1, pool="same", strides=2):
    inputs = keras.Input(input_shape)
    if zeros == "same":
        x = _conv(inputs, 96, 7, 2)
    else:
        x = _conv(layers.ZeroPadding2D(zeros)(inputs), 96, 7, 2, "valid")
    x = _pool(x, padding=pool)
    x = _pool(_conv(x, 256, 5, strides, "valid"), padding=pool)
    for filters in late:
        x = _conv(x, filters, 3)
    return _head(inputs, _pool(x), classes, units)


@misconception(
    "zfnet",
    hint="'same' is not one pixel of padding. With a 7x7 kernel and a step of 2 it "
    "adds enough zeros for 112 places; the figure has 110. Pad by hand, on every side, "
    "and let the convolution add nothing.",
)
def pads_with_same(
    late=(384, 384, 256),
    input_shape=(224, 224, 3),
    classes=1000,
    units=(4096, 4096),
):
    return _zfnet(input_shape, late, classes, units, zeros="same")


@misconception(
    "zfnet",
    hint="Without any padding the first convolution has 109 places, not 110. The paper "
    "does not say so, but its figure needs one pixel on every side.",
)
def does_not_pad(
    late=(384, 384, 256),
    input_shape=(224, 224, 3),
    classes=1000,
    units=(4096, 4096),
):
    return _zfnet(input_shape, late, classes, units, zeros=0)


@misconception(
    "zfnet",
    hint="Poolings 1 and 2 drop the last row and column: 110 becomes 54. The figure "
    "has 55, so its poolings round up. Which padding of a Keras pooling does that?",
)
def rounds_the_poolings_down(
    late=(384, 384, 256),
    input_shape=(224, 224, 3),
    classes=1000,
    units=(4096, 4096),
):
    return _zfnet(input_shape, late, classes, units, pool="valid")


@misconception(
    "zfnet",
    hint="Convolution 2 has AlexNet's step of 1. The finer first layer keeps twice as "
    "many places as AlexNet's, and here ZFNet gives them up again: its step is 2.",
)
def keeps_the_second_stride(
    late=(384, 384, 256),
    input_shape=(224, 224, 3),
    classes=1000,
    units=(4096, 4096),
):
    return _zfnet(input_shape, late, classes, units, strides=1)


# vgg


_DEPTHS = {
    "A": (1, 1, 2, 2, 2),
    "B": (2, 2, 2, 2, 2),
    "C": (2, 2, 3, 3, 3),
    "D": (2, 2, 3, 3, 3),
    "E": (2, 2, 4, 4, 4),
}


def _vgg(config, input_shape, classes, units, depths=None, most=512, last=1, pool=2):
    depths = depths or _DEPTHS
    depths = depths[config] if isinstance(config, str) else config
    x = inputs = keras.Input(input_shape)
    for stage, depth in enumerate(depths):
        for index in range(depth):
            pointwise = config == "C" and stage > 1 and index == depth - 1
            filters = min(64 * 2**stage, most)
            x = _conv(x, filters, last if pointwise else 3)
        x = _pool(x, pool)
    return _head(inputs, x, classes, units)


@misconception(
    "vgg",
    hint="D and E have one convolution too many in each of the last three stages. One "
    "lecture prints the table so. Count the layers with weights: D must have 16, E 19, "
    "as the table's own second line says.",
)
def believes_the_slide(
    config, input_shape=(224, 224, 3), classes=1000, units=(4096, 4096)
):
    wrong = {**_DEPTHS, "D": (2, 2, 4, 4, 4), "E": (2, 2, 5, 5, 5)}
    return _vgg(config, input_shape, classes, units, depths=wrong)


@misconception(
    "vgg",
    hint="Your C is D. In C the last convolution of stages 3, 4 and 5 has a 1x1 "
    "kernel: as deep as D, and no wider view than B.",
)
def builds_c_as_d(config, input_shape=(224, 224, 3), classes=1000, units=(4096, 4096)):
    return _vgg(config, input_shape, classes, units, last=3)


@misconception(
    "vgg",
    hint="The number of filters doubles once too often: the fifth stage has 512 like "
    "the fourth, and so has any stage after it.",
)
def doubles_for_ever(
    config, input_shape=(224, 224, 3), classes=1000, units=(4096, 4096)
):
    return _vgg(config, input_shape, classes, units, most=1 << 20)


@misconception(
    "vgg",
    hint="These are AlexNet's poolings, 3x3 windows that overlap. VGG's windows are "
    "2x2 with a step of 2: five of them halve 224 five times, to 7.",
)
def pools_as_alexnet(
    config, input_shape=(224, 224, 3), classes=1000, units=(4096, 4096)
):
    return _vgg(config, input_shape, classes, units, pool=3)


# memory_table


_IN_PLACE = (
    layers.Flatten,
    layers.Reshape,
    layers.Dropout,
    layers.Activation,
    layers.ReLU,
    layers.Softmax,
)


def _table(model, in_place=_IN_PLACE, biases=True, groups=True):
    rows = []
    for layer in model.layers:
        shape = tuple(layer.output.shape[1:])
        products, params = 0, layer.count_params()
        if isinstance(layer, layers.Conv2D | layers.Dense):
            products = math.prod(layer.kernel.shape) * math.prod(shape[:-1])
            if not biases and layer.use_bias:
                params -= shape[-1]
            if not groups:
                products *= getattr(layer, "groups", 1)
        rows.append(
            {
                "name": layer.name,
                "output_shape": shape,
                "activations": 0 if isinstance(layer, in_place) else math.prod(shape),
                "params": params,
                "multiply_adds": products,
            }
        )
    return rows


@misconception(
    "memory_table",
    hint="ReLU as a layer of its own is counted once more. It is computed in place: "
    "the numbers it returns take the room of those it was given. A table must not "
    "depend on whether an activation is an argument or a layer.",
)
def counts_activation_layers(model):
    return _table(model, (layers.Flatten, layers.Reshape, layers.Dropout))


@misconception(
    "memory_table",
    hint="Flatten, Reshape and Dropout are counted. Flatten and Reshape only rename "
    "the numbers; dropout passes them on. None of them holds anything new.",
)
def counts_views(model):
    return _table(model, (layers.Activation, layers.ReLU, layers.Softmax))


@misconception(
    "memory_table",
    hint="params leaves the biases out. The lecture's table of VGG-16 does so too, and "
    "says so; yours counts every parameter.",
)
def leaves_out_biases(model):
    return _table(model, biases=False)


@misconception(
    "memory_table",
    hint="Multiply-adds of a grouped convolution are too many: a filter of one group "
    "meets the channels of that group alone. The kernel's own shape knows it.",
)
def ignores_groups_in_the_products(model):
    return _table(model, groups=False)


@misconception(
    "memory_table",
    hint="The row of the input is missing. The image is held too, and in VGG-16 it has "
    "more numbers than any of the maps of the last stage.",
)
def forgets_the_input(model):
    return _table(model)[1:]


# inception_naive


@misconception(
    "inception_naive",
    hint="The branches stand one behind the other: the 3x3 convolution is fed by the "
    "1x1, and so on. All four look at the same x, side by side, and only their results "
    "meet.",
)
def chains_the_branches(x, c1, c3, c5):
    a = _conv(x, c1, 1)
    b = _conv(a, c3, 3)
    c = _conv(b, c5, 5)
    return layers.Concatenate()([a, b, c, _pool(x, 3, 1, "same")])


@misconception(
    "inception_naive",
    hint="The pooling branch averages. It takes the largest, in 3x3 windows with a "
    "step of 1.",
)
def averages_the_neighbours(x, c1, c3, c5):
    pooled = layers.AveragePooling2D(3, 1, "same")(x)
    branches = [_conv(x, c1, 1), _conv(x, c3, 3), _conv(x, c5, 5), pooled]
    return layers.Concatenate()(branches)


@misconception(
    "inception_naive",
    hint="The convolutions have no ReLU. Without it a layer and the 1x1 convolution "
    "after it would be one linear map, and depth would be worth nothing.",
)
def forgets_relu(x, c1, c3, c5):
    plain = [
        layers.Conv2D(filters, size, padding="same")(x)
        for filters, size in ((c1, 1), (c3, 3), (c5, 5))
    ]
    return layers.Concatenate()([*plain, _pool(x, 3, 1, "same")])


# inception_v1


def _module(x, c1, r3, c3, r5, c5, pool):
    branches = [
        _conv(x, c1, 1),
        _conv(_conv(x, r3, 1), c3, 3),
        _conv(_conv(x, r5, 1), c5, 5),
        _conv(_pool(x, 3, 1, "same"), pool, 1),
    ]
    return layers.Concatenate()(branches)


@misconception(
    "inception_v1",
    hint="The bottlenecks come after the large kernels, where they save nothing: the "
    "5x5 convolution still meets all channels of x. Squeeze first, then look around.",
)
def squeezes_afterwards(x, c1, r3, c3, r5, c5, pool):
    branches = [
        _conv(x, c1, 1),
        _conv(_conv(x, r3, 3), c3, 1),
        _conv(_conv(x, r5, 5), c5, 1),
        _conv(_pool(x, 3, 1, "same"), pool, 1),
    ]
    return layers.Concatenate()(branches)


@misconception(
    "inception_v1",
    hint="In the pooling branch the 1x1 convolution comes before the pooling. It comes "
    "after: the pooling looks at x itself, and its result is made thinner.",
)
def projects_before_pooling(x, c1, r3, c3, r5, c5, pool):
    branches = [
        _conv(x, c1, 1),
        _conv(_conv(x, r3, 1), c3, 3),
        _conv(_conv(x, r5, 1), c5, 5),
        _pool(_conv(x, pool, 1), 3, 1, "same"),
    ]
    return layers.Concatenate()(branches)


@misconception(
    "inception_v1",
    hint="One 1x1 bottleneck feeds both large kernels. Each has a bottleneck of its "
    "own: r3 filters before the 3x3 convolution, r5 before the 5x5.",
)
def shares_the_bottleneck(x, c1, r3, c3, r5, c5, pool):
    squeezed = _conv(x, r3, 1)
    branches = [
        _conv(x, c1, 1),
        _conv(squeezed, c3, 3),
        _conv(squeezed, c5, 5),
        _conv(_pool(x, 3, 1, "same"), pool, 1),
    ]
    return layers.Concatenate()(branches)


@misconception(
    "inception_v1",
    hint="The bottlenecks have no ReLU. The paper uses them for that too: every "
    "convolution of the module is followed by one.",
)
def bottlenecks_without_relu(x, c1, r3, c3, r5, c5, pool):
    branches = [
        _conv(x, c1, 1),
        _conv(layers.Conv2D(r3, 1)(x), c3, 3),
        _conv(layers.Conv2D(r5, 1)(x), c5, 5),
        _conv(_pool(x, 3, 1, "same"), pool, 1),
    ]
    return layers.Concatenate()(branches)


# googlenet


def _googlenet(
    input_shape,
    classes,
    auxiliary,
    *,
    end=layers.GlobalAveragePooling2D,
    pools=("3b", "4e"),
    sides=("4a", "4d"),
    padding="same",
):
    inputs = keras.Input(input_shape)
    x = _pool(_conv(inputs, 64, 7, 2), padding=padding)
    x = _pool(_conv(_conv(x, 64, 1), 192, 3), padding=padding)
    outputs = []
    for name, widths in MODULES.items():
        x = _module(x, *widths)
        if auxiliary and name in sides:
            side = layers.AveragePooling2D(5, 3)(x)
            side = layers.Flatten()(_conv(side, 128, 1))
            side = layers.Dense(1024, activation="relu")(side)
            side = layers.Dropout(0.7)(side)
            outputs.append(layers.Dense(classes, activation="softmax")(side))
        if name in pools:
            x = _pool(x, padding=padding)
    x = layers.Dropout(0.4)(end()(x))
    main = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(inputs, [main, *outputs] if auxiliary else main)


@misconception(
    "googlenet",
    hint="The last maps are flattened. GoogLeNet takes the mean of each of its 1024 "
    "maps instead: the dense layer after it has 1 million weights and not 50.",
)
def flattens_the_last_maps(input_shape=(224, 224, 3), classes=1000, auxiliary=False):
    return _googlenet(input_shape, classes, auxiliary, end=layers.Flatten)


@misconception(
    "googlenet",
    hint="The poolings between the modules are in the wrong place. The digit in a "
    "module's name is its resolution: the maps shrink after 3b and after 4e.",
)
def pools_one_module_late(input_shape=(224, 224, 3), classes=1000, auxiliary=False):
    return _googlenet(input_shape, classes, auxiliary, pools=("4a", "5a"))


@misconception(
    "googlenet",
    hint="Your poolings round down: 112 becomes 55 and the last maps have 6 places. "
    "Table 1 has 56, 28, 14 and 7, so they round up.",
)
def rounds_down(input_shape=(224, 224, 3), classes=1000, auxiliary=False):
    return _googlenet(input_shape, classes, auxiliary, padding="valid")


@misconception(
    "googlenet",
    hint="The side classifiers branch off at the wrong modules. They stand after 4a "
    "and after 4d, so that the early modules hear from the loss on a short way.",
)
def branches_off_later(input_shape=(224, 224, 3), classes=1000, auxiliary=False):
    return _googlenet(input_shape, classes, auxiliary, sides=("4b", "4e"))


# fit_memory


def _fit(model, budget, optimizer, passes=2, copies=1, averages=False, least=0):
    slots = {"sgd": 0, "momentum": 1, "adam": 2}[optimizer]
    trained = sum(math.prod(w.shape) for w in model.trainable_weights)
    params = sum(math.prod(w.shape) for w in model.weights)
    kept = params if averages else trained
    fixed = 4 * params + 4 * kept * (copies + slots)
    per_image = 4 * passes * sum(row["activations"] for row in _table(model))
    return max(least, int((budget - fixed) // per_image))


@misconception(
    "fit_memory",
    hint="Each image needs twice what you count: on the way back there is a gradient "
    "for every activation.",
)
def forgets_the_way_back(model, budget, optimizer="momentum"):
    return _fit(model, budget, optimizer, passes=1)


@misconception(
    "fit_memory",
    hint="The gradients of the parameters are missing. Even plain SGD holds the "
    "weights twice: themselves and how to change them. What the optimizer remembers "
    "comes on top.",
)
def forgets_the_gradients(model, budget, optimizer="momentum"):
    return _fit(model, budget, optimizer, copies=0)


@misconception(
    "fit_memory",
    hint="Parameters that are not trained, such as the moving averages of batch "
    "normalisation, have no gradient and no place in the optimizer: they are held "
    "once.",
)
def trains_the_averages(model, budget, optimizer="momentum"):
    return _fit(model, budget, optimizer, averages=True)


@misconception(
    "fit_memory",
    hint="Where the weights alone are larger than the budget you return a negative "
    "number of images. Nothing fits: that is 0.",
)
def returns_negative_numbers(model, budget, optimizer="momentum"):
    return _fit(model, budget, optimizer, least=-(10**12))
