"""Right answers written differently: every one must get full marks."""

import math

import keras
from keras import layers, ops

from grader.authoring import alternative

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


# alexnet


@alternative("alexnet")
def one_layer_after_another(
    groups=1, input_shape=(227, 227, 3), classes=1000, units=(4096, 4096)
):
    """Sequential; zeros and ReLU as layers; dropout before ReLU."""
    net = keras.Sequential([keras.Input(input_shape)], name="alex")
    spec = [(96, 11, 4, 0, 1), (256, 5, 1, 2, groups), (384, 3, 1, 1, 1)]
    spec += [(384, 3, 1, 1, groups), (256, 3, 1, 1, groups)]
    for number, (filters, kernel, step, zeros, parts) in enumerate(spec, 1):
        if zeros:
            net.add(layers.ZeroPadding2D(zeros))
        name = f"conv{number}"
        net.add(layers.Conv2D(filters, kernel, step, groups=parts, name=name))
        net.add(layers.ReLU())
        if number in (1, 2, 5):
            net.add(layers.MaxPool2D((3, 3), (2, 2)))
    net.add(layers.Reshape((-1,)))
    for count in units:
        net.add(layers.Dense(count))
        net.add(layers.Dropout(0.5))
        net.add(layers.Activation("relu"))
    net.add(layers.Dense(classes))
    net.add(layers.Softmax())
    return net


@alternative("alexnet")
def two_towers(groups=1, input_shape=(227, 227, 3), classes=1000, units=(4096, 4096)):
    """Towers from the first layer on, as on two GPUs; they pool before ReLU."""

    def tower(x, filters, kernel, pool, **config):
        x = layers.Conv2D(filters // groups, kernel, padding="same", **config)(x)
        if pool:
            x = layers.MaxPooling2D(3, 2)(x)
        return layers.Activation("relu")(x)

    def join(parts):
        return layers.Concatenate()(parts) if len(parts) > 1 else parts[0]

    inputs = keras.Input(input_shape)
    parts = []
    for _ in range(groups):
        first = layers.Conv2D(96 // groups, 11, strides=4)(inputs)
        first = layers.ReLU()(layers.MaxPooling2D(3, 2)(first))
        parts.append(tower(first, 256, 5, True))
    both = join(parts)
    parts = [tower(both, 384, 3, False) for _ in range(groups)]
    parts = [tower(part, 384, 3, False) for part in parts]
    parts = [tower(part, 256, 3, True) for part in parts]
    x = join([layers.Flatten()(part) for part in parts])
    for count in units:
        x = layers.Dropout(0.5)(layers.Dense(count, "relu")(x))
    return keras.Model(inputs, layers.Dense(classes, "softmax")(x))


@alternative("alexnet")
def cut_and_joined(
    groups=1, input_shape=(227, 227, 3), classes=1000, units=(4096, 4096)
):
    """Each grouped layer cuts its maps and joins the results."""

    def grouped(x, filters, kernel):
        parts = ops.split(x, groups, axis=-1)
        made = [
            layers.Conv2D(filters // groups, kernel, padding="same")(part)
            for part in parts
        ]
        return ops.relu(ops.concatenate(made, axis=-1))

    inputs = keras.Input(input_shape)
    x = layers.MaxPooling2D(3, 2)(layers.Conv2D(96, 11, 4, activation="relu")(inputs))
    x = layers.MaxPooling2D(3, 2)(grouped(x, 256, 5))
    x = layers.Conv2D(384, 3, padding="same", activation=keras.activations.relu)(x)
    x = grouped(grouped(x, 384, 3), 256, 3)
    x = layers.Flatten()(layers.MaxPooling2D(3, 2)(x))
    for count in units:
        x = layers.Dropout(0.5)(layers.Dense(count, "relu")(x))
    return keras.Model(inputs, layers.Dense(classes, "softmax")(x))


# zfnet


@alternative("zfnet")
def zeros_by_hand(
    late=(384, 384, 256),
    input_shape=(224, 224, 3),
    classes=1000,
    units=(4096, 4096),
):
    """Every pixel of padding as a layer: after ReLU a zero is as good as none."""

    def rounded_up(x):
        # Half as many places, rounded up, and as few zeros as that needs.
        ends = []
        for n in x.shape[1:3]:
            zeros = 2 * ((n + 1) // 2 - 1) + 3 - n
            ends.append((zeros // 2, zeros - zeros // 2))
        return layers.MaxPooling2D(3, 2)(layers.ZeroPadding2D(tuple(ends))(x))

    inputs = keras.Input(input_shape)
    x = layers.ZeroPadding2D(((1, 1), (1, 1)))(inputs)
    x = layers.ReLU()(layers.Conv2D(96, (7, 7), (2, 2), "valid")(x))
    x = layers.ReLU()(layers.Conv2D(256, (5, 5), (2, 2), "valid")(rounded_up(x)))
    x = rounded_up(x)
    for filters in late:
        x = layers.Conv2D(filters, 3, activation="relu")(layers.ZeroPadding2D(1)(x))
    x = layers.Flatten()(layers.MaxPooling2D(3, 2)(x))
    for count in units:
        x = layers.Dropout(0.5)(layers.Dense(count, activation="relu")(x))
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


@alternative("zfnet")
def a_body_and_a_head(
    late=(384, 384, 256),
    input_shape=(224, 224, 3),
    classes=1000,
    units=(4096, 4096),
):
    """Two models, one within the other; the ReLU comes after the pooling."""
    pool = {"pool_size": 3, "strides": 2}
    body = keras.Sequential(
        [
            layers.ZeroPadding2D(1),
            layers.Conv2D(96, 7, 2),
            layers.MaxPooling2D(**pool, padding="same"),
            layers.Activation("relu"),
            layers.Conv2D(256, 5, 2),
            layers.MaxPooling2D(**pool, padding="same"),
            layers.Activation("relu"),
            *(layers.Conv2D(n, 3, padding="same", activation="relu") for n in late),
            layers.MaxPooling2D(**pool),
        ]
    )
    head = keras.Sequential([layers.Flatten()])
    for count in units:
        head.add(layers.Dense(count, activation="relu"))
        head.add(layers.Dropout(0.5))
    head.add(layers.Dense(classes, activation="softmax"))
    inputs = keras.Input(input_shape)
    return keras.Model(inputs, head(body(inputs)))


# vgg


@alternative("vgg")
def from_a_string(config, input_shape=(224, 224, 3), classes=1000, units=(4096, 4096)):
    """A stack, read off letters and digits."""
    table = {
        "A": "1 M 2 M 44 M 88 M 88",
        "B": "11 M 22 M 44 M 88 M 88",
        "C": "11 M 22 M 44c M 88c M 88c",
        "D": "11 M 22 M 444 M 888 M 888",
        "E": "11 M 22 M 4444 M 8888 M 8888",
    }
    if isinstance(config, str):
        text = table[config] + " M"
    else:
        digits = "124" + "8" * len(config)
        text = " ".join(d * n + " M" for d, n in zip(digits, config, strict=False))
    net = keras.Sequential([keras.Input(input_shape)])
    filters = 0
    for mark in text.replace(" ", ""):
        if mark == "M":
            net.add(layers.MaxPooling2D((2, 2), strides=(2, 2)))
            continue
        kernel = 1 if mark == "c" else 3
        filters = filters if mark == "c" else 64 * int(mark)
        net.add(layers.Conv2D(filters, kernel, padding="same"))
        net.add(layers.ReLU())
    net.add(layers.Flatten())
    for count in units:
        net.add(layers.Dense(count, activation="relu"))
        net.add(layers.Dropout(0.5))
    net.add(layers.Dense(classes, activation="softmax"))
    return net


@alternative("vgg")
def convolutions_to_the_end(
    config, input_shape=(224, 224, 3), classes=1000, units=(4096, 4096)
):
    """The dense layers as convolutions with one place; stages as inner models."""
    depths = config
    if config in ("A", "B"):
        depths = (1 + (config == "B"),) * 2 + (2, 2, 2)
    elif isinstance(config, str):
        depths = (2, 2) + (4 if config == "E" else 3,) * 3

    def stage(number, depth):
        filters = (64, 128, 256)[number] if number < 3 else 512
        kernels = [3] * depth
        if config == "C" and number >= 2:
            kernels[-1] = 1
        block = keras.Sequential(name=f"stage{number}")
        for kernel in kernels:
            block.add(layers.ZeroPadding2D(kernel // 2))
            block.add(layers.Conv2D(filters, kernel, activation="relu"))
        block.add(layers.MaxPooling2D())
        return block

    inputs = keras.Input(input_shape)
    x = inputs
    for number, depth in enumerate(depths):
        x = stage(number, depth)(x)
    for count in units:
        x = layers.Conv2D(count, x.shape[1:3], activation="relu")(x)
        x = layers.Dropout(0.5)(x)
    x = layers.Conv2D(classes, x.shape[1:3])(x)
    return keras.Model(inputs, layers.Softmax()(layers.Flatten()(x)))


# memory_table


@alternative("memory_table")
def from_the_configuration(model):
    """Nothing from the weights: every number from the layers' settings."""
    in_place = {"Flatten", "Reshape", "Dropout", "Activation", "ReLU", "Softmax"}
    table = []
    for layer in model.layers:
        kind, config = type(layer).__name__, layer.get_config()
        shape = list(layer.output.shape[1:])
        places, params, products = math.prod(shape[:-1]), 0, 0
        if kind in ("Conv2D", "Dense"):
            depth = layer.input.shape[-1]
            if kind == "Conv2D":
                kh, kw = config["kernel_size"]
                depth = kh * kw * depth // config["groups"]
            products = places * depth * shape[-1]
            params = (depth + config["use_bias"]) * shape[-1]
        elif kind == "BatchNormalization":
            params = 4 * shape[-1]
        table.append(
            {
                "kind": kind,
                "name": layer.name,
                "output_shape": shape,
                "activations": float(0 if kind in in_place else math.prod(shape)),
                "params": params,
                "multiply_adds": products,
            }
        )
    return table


@alternative("memory_table")
def from_the_weights(model):
    """Sizes of the weights' arrays; a tuple of rows."""

    def row(layer):
        in_place = layers.Flatten, layers.Reshape, layers.Dropout
        in_place += layers.Activation, layers.ReLU, layers.Softmax
        shape = layer.compute_output_shape(layer.input.shape)[1:]
        arrays = layer.get_weights()
        linear = isinstance(layer, layers.Conv2D | layers.Dense)
        per_place = arrays[0].size if linear else 0
        places = 1
        for n in shape[:-1]:
            places *= n
        numbers = places * shape[-1] * (not isinstance(layer, in_place))
        return dict(
            name=layer.name,
            output_shape=tuple(shape),
            activations=numbers,
            params=sum(array.size for array in arrays),
            multiply_adds=per_place * places,
        )

    image = model.input_shape[1:]
    first = dict.fromkeys(("params", "multiply_adds"), 0)
    first |= {"name": "input", "output_shape": image}
    first["activations"] = math.prod(image)
    rest = [layer for layer in model.layers if layer.name != "input"]
    merges = layers.Add | layers.Concatenate
    rows = [first]
    for layer in rest:
        if isinstance(layer, merges):
            shape = layer.output.shape[1:]
            made = dict.fromkeys(("params", "multiply_adds"), 0)
            made |= {"name": layer.name, "output_shape": shape}
            rows.append(made | {"activations": math.prod(shape)})
        else:
            rows.append(row(layer))
    return tuple(rows)


# inception_naive


@alternative("inception_naive")
def joined_one_by_one(x, c1, c3, c5):
    """Another order, nested joins, ReLU as a layer, explicit zeros."""
    left = layers.MaxPooling2D((3, 3), strides=(1, 1), padding="same")(x)
    for filters, zeros in ((c5, 2), (c3, 1), (c1, 0)):
        padded = layers.ZeroPadding2D(zeros)(x) if zeros else x
        maps = layers.Conv2D(filters, 2 * zeros + 1)(padded)
        left = ops.concatenate([ops.relu(maps), left], axis=3)
    return left


@alternative("inception_naive")
def relu_once(x, c1, c3, c5):
    """One ReLU for all three convolutions."""
    maps = layers.Concatenate(axis=-1)(
        [
            layers.Conv2D(filters, kernel, padding="same")(x)
            for kernel, filters in {1: c1, 3: c3, 5: c5}.items()
        ]
    )
    pooled = layers.MaxPool2D(3, 1, "same")(x)
    return layers.Concatenate()([layers.ReLU()(maps), pooled])


# inception_v1


@alternative("inception_v1")
def branches_as_models(x, c1, r3, c3, r5, c5, pool):
    def branch(*parts):
        return keras.Sequential(list(parts))(x)

    def conv(filters, kernel):
        return layers.Conv2D(filters, kernel, padding="same", activation="relu")

    return layers.concatenate(
        [
            branch(conv(c1, 1)),
            branch(conv(r3, 1), conv(c3, 3)),
            branch(conv(r5, 1), conv(c5, 5)),
            branch(layers.MaxPooling2D(3, 1, "same"), conv(pool, 1)),
        ]
    )


@alternative("inception_v1")
def the_pointwise_as_dense(x, c1, r3, c3, r5, c5, pool):
    """A dense layer on maps is a 1x1 convolution; one ReLU at the end."""
    a, b, c = (layers.Dense(n)(x) for n in (c1, r3, r5))
    b = layers.Conv2D(c3, 3, padding="same")(layers.Activation("relu")(b))
    c = layers.Conv2D(c5, 5, padding="same")(layers.Activation("relu")(c))
    d = layers.Dense(pool)(layers.MaxPooling2D(3, 1, padding="same")(x))
    return layers.Activation("relu")(layers.Concatenate()([d, c, b, a]))


# googlenet


def _module(x, c1, r3, c3, r5, c5, pool):
    def conv(before, filters, kernel):
        maps = layers.Conv2D(filters, kernel, padding="same")(before)
        return layers.ReLU()(maps)

    pooled = layers.MaxPooling2D(3, 1, "same")(x)
    parts = [conv(x, c1, 1), conv(conv(x, r3, 1), c3, 3)]
    parts += [conv(conv(x, r5, 1), c5, 5), conv(pooled, pool, 1)]
    return layers.Concatenate()(parts)


@alternative("googlenet")
def stage_by_stage(input_shape=(224, 224, 3), classes=1000, auxiliary=False):
    """A list per resolution; the mean as a pooling of everything."""

    def relu_conv(x, *args, **config):
        return layers.Activation("relu")(layers.Conv2D(*args, **config)(x))

    def shrink(x):
        return layers.MaxPooling2D(3, 2, "same")(x)

    x = inputs = keras.Input(input_shape)
    x = shrink(relu_conv(x, 64, 7, 2, "same"))
    x = shrink(relu_conv(relu_conv(x, 64, 1), 192, 3, padding="same"))
    sides = []
    for number, letters in (("3", "ab"), ("4", "abcde"), ("5", "ab")):
        if number != "3":
            x = shrink(x)
        for letter in letters:
            x = _module(x, *MODULES[number + letter])
            if number + letter in ("4a", "4d"):
                sides.append(x)
    x = layers.AveragePooling2D(x.shape[1:3])(x)
    x = layers.Dropout(0.4)(layers.Flatten()(x))
    outputs = [layers.Dense(classes)(x)]
    for side in sides if auxiliary else ():
        y = relu_conv(layers.AveragePooling2D(5, 3)(side), 128, 1)
        y = layers.Dense(1024, activation="relu")(layers.Flatten()(y))
        outputs.append(layers.Dense(classes)(layers.Dropout(0.7)(y)))
    outputs = [layers.Softmax()(scores) for scores in outputs]
    return keras.Model(inputs, outputs if auxiliary else outputs[0])


@alternative("googlenet")
def pooled_modules_first(input_shape=(224, 224, 3), classes=1000, auxiliary=False):
    """Recursive; the mean by an operation; a tuple of outputs."""

    def body(names, x, seen):
        if not names:
            return x
        *before, name = names
        x = body(before, x, seen)
        if name in ("4a", "5a"):
            x = layers.MaxPool2D(3, 2, padding="same")(x)
        seen[name] = _module(x, *MODULES[name])
        return seen[name]

    def side(maps):
        y = layers.AveragePooling2D((5, 5), strides=(3, 3))(maps)
        y = layers.Conv2D(128, 1, activation="relu")(y)
        y = layers.Dense(1024, activation="relu")(layers.Reshape((-1,))(y))
        y = layers.Dropout(0.7)(y)
        return layers.Dense(classes, activation="softmax")(y)

    stem = keras.Sequential(
        [
            layers.Conv2D(64, 7, 2, "same", activation="relu"),
            layers.MaxPooling2D(3, 2, "same"),
            layers.Conv2D(64, 1, activation="relu"),
            layers.Conv2D(192, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(3, 2, "same"),
        ]
    )
    inputs, seen = keras.Input(input_shape), {}
    x = ops.mean(body(list(MODULES), stem(inputs), seen), axis=[1, 2])
    main = layers.Dense(classes, activation="softmax")(layers.Dropout(0.4)(x))
    if not auxiliary:
        return keras.Model(inputs=inputs, outputs=main)
    return keras.Model(inputs, (main, side(seen["4a"]), side(seen["4d"])))


# fit_memory


def _activations(model):
    """Numbers per image, from the layers themselves."""
    in_place = {"Flatten", "Reshape", "Dropout", "Activation", "ReLU", "Softmax"}
    return sum(
        math.prod(layer.output.shape[1:])
        for layer in model.layers
        if type(layer).__name__ not in in_place
    )


@alternative("fit_memory")
def one_image_more(model, budget, optimizer="momentum"):
    """Adds images as long as they fit."""
    copies = 2 + ["sgd", "momentum", "adam"].index(optimizer)
    held = 4 * sum(
        math.prod(w.shape) * (copies if w.trainable else 1) for w in model.weights
    )
    images = 0
    while held + (images + 1) * 8 * _activations(model) <= budget:
        images += 1
    return images


@alternative("fit_memory")
def by_halving(model, budget, optimizer="momentum"):
    """Bisection, in float."""
    trained = sum(w.size for w in (v.numpy() for v in model.trainable_weights))
    rest = model.count_params() - trained
    copies = {"sgd": 2, "momentum": 3, "adam": 4}[optimizer]

    def needed(images):
        return 4.0 * (trained * copies + rest + 2 * images * _activations(model))

    low, high = 0, 1
    while needed(high) <= budget:
        high *= 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if needed(middle) <= budget else (low, middle)
    return low if needed(low) <= budget else 0
