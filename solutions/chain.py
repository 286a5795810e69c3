"""A Keras model that is one chain of layers, told in one way however it was written.

An activation may be an argument or a layer, zeros may be "same" or a layer, a
convolution as large as its maps is the dense layer that it equals: `steps` gives the
same lines for all of these, and `expect_chain` compares them in the student's terms.
"""

from itertools import pairwise

from shared.shapes import same_pads

_NONE = (0, 0)
_POOLS = {"MaxPooling2D": "max pooling", "AveragePooling2D": "average pooling"}
_FLATTENING = ("Flatten", "Reshape", "GlobalAveragePooling2D", "GlobalMaxPooling2D")
_ACTIVATIONS = {  # class of a layer or operation: the activation's name
    "ReLU": "relu",
    "Relu": "relu",
    "Softmax": "softmax",
    "Tanh": "tanh",
    "Sigmoid": "sigmoid",
    "ELU": "elu",
    "LeakyReLU": "leaky_relu",
}
#: Settings of a ReLU layer that change nothing.
RELU_AS_USUAL = {"max_value": None, "negative_slope": 0.0, "threshold": 0.0}


def expect_chain(layers, expected):
    """Fails unless the model computes `expected`, step by step.

    Args:
        layers: the records of ``model.layers()``.
        expected: lines as `steps` gives them.
    """
    found = steps(layers)
    for number, (wanted, got) in enumerate(zip(expected, found, strict=False)):
        assert got == wanted, (
            f"step {number} of the model must be {wanted!r}; yours is {got!r}"
        )
    ends = f"the model ends after {found[-1]!r}"
    missing = ", ".join(expected[len(found) :])
    assert not missing, f"{ends}; still to come: {missing}"
    more = ", ".join(found[len(expected) :])
    assert not more, f"the model must end after {expected[-1]!r}; then comes {more}"


def steps(layers):
    """What the model computes, one line a step, its input first."""
    layers = in_order(layers)
    lines, flat, pads, shape = [], False, (_NONE, _NONE), None
    for layer in layers:
        config, before, shape = layer.config, shape, tuple(layer.output_shape)
        if layer.kind == "ZeroPadding2D":
            pads = tuple(_both(a, b) for a, b in zip(pads, _zeros(config), strict=True))
            continue
        if pads != (_NONE, _NONE) and layer.kind != "Conv2D":
            lines.append(_lonely(pads))
            pads = (_NONE, _NONE)
        if layer.kind == "InputLayer":
            lines.append(f"input {_size(shape)}")
        elif layer.kind == "Conv2D":
            all_pads = _all_pads(config, before, pads)
            if _covers(config, before, all_pads):
                lines += [] if flat else ["flatten"]
                flat = True
                lines.append(_dense(config, config["filters"]))
            else:
                lines.append(_convolution(config, all_pads))
            pads = (_NONE, _NONE)
        elif layer.kind in _POOLS:
            lines.append(_pooling(layer.kind, config, before))
        elif layer.kind in _FLATTENING and _flattens(layer, before):
            lines += [] if flat else ["flatten"]
            flat = True
        elif layer.kind == "Dense":
            where = "" if flat or len(before) == 2 else f" at each of {_size(before)}"
            lines.append(_dense(config, config["units"]) + where)
        elif layer.kind == "BatchNormalization":
            lines.append(_normalization(config, shape) + _always(config))
        elif layer.kind == "Dropout":
            rate = f"dropout {config['rate']:g}"
            shared = config.get("noise_shape")
            rate += f" with noise_shape {shared}" if shared else ""
            lines.append(rate + _always(config))
        elif layer.kind not in ("Activation", "Identity", *_ACTIVATIONS):
            lines.append(f"a layer {layer.kind}")
        lines += _activation(layer)
    lines += [] if pads == (_NONE, _NONE) else [_lonely(pads)]
    return [line for line in lines if line != "dropout 0"]


def in_order(layers):
    """The layers of a chain; fails if a layer has other inputs than its neighbour."""
    for before, layer in pairwise(layers):
        assert layer.inputs == (before.name,), (
            "the model must be one chain, each layer fed by the one before; "
            f"{layer.name} is fed by {', '.join(layer.inputs) or 'nothing'}"
        )
    return layers


def _always(config):
    """A mode that a call has fixed: the layer trains where the model only answers."""
    return " called with training=True" if config.get("training") else ""


def _lonely(pads):
    """Zeros that no convolution takes in."""
    return f"zeros around the maps: {_padding(pads)}"


def _activation(layer):
    """The activation that `layer` is or has, as no line or one."""
    name = _named(layer.kind, layer.config, len(layer.output_shape) - 1)
    return [] if name in (None, "linear") else [f"activation: {name}"]


def _named(kind, config, last):
    """The activation of a layer, or of one that was given to it as the argument."""
    if kind in _ACTIVATIONS:
        name = _ACTIVATIONS[kind]
        unusual = [k for k, v in RELU_AS_USUAL.items() if config.get(k, v) != v]
        if name == "softmax" and config.get("axis", -1) not in (-1, last):
            unusual.append("axis")
        return name + "".join(f", {key} {config[key]}" for key in unusual)
    inner = config.get("activation")
    if isinstance(inner, dict):
        plain = inner["kind"] in ("Activation", *_ACTIVATIONS)
        return _named(inner["kind"], inner, last) if plain else inner["kind"].lower()
    return inner


def _convolution(config, pads):
    parts = [
        f"convolution: {config['filters']} filters of {_by(config['kernel_size'])}",
        f"strides {_by(config['strides'])}",
        _padding(pads),
    ]
    return ", ".join(parts) + _unusual(config)


def _dense(config, units):
    return f"dense layer: {units} units{_unusual(config)}"


def _pooling(kind, config, before):
    size = _pair(config["pool_size"])
    strides = _pair(config.get("strides") or size)
    pads = (_NONE, _NONE)
    if config.get("padding") == "same":
        pads = tuple(map(same_pads, before[1:3], size, strides))
    return (
        f"{_POOLS[kind]}: {_by(size)}, strides {_by(strides)}, "
        f"{_padding(pads)}{_unusual(config)}"
    )


def _normalization(config, shape):
    axis = config.get("axis", -1)
    axis = axis[0] if isinstance(axis, tuple) else axis
    where = "" if axis in (-1, len(shape) - 1) else f" along axis {axis}"
    less = [name for name in ("center", "scale") if config.get(name, True) is False]
    without = f" without {' and '.join(less)}" if less else ""
    return f"batch normalisation{where}{without}"


def _unusual(config):
    """What a convolution, a pooling or a dense layer should not have here."""
    told = []
    if config.get("use_bias", True) is False:
        told.append("no bias")
    if _pair(config.get("dilation_rate", 1)) != (1, 1):
        told.append(f"dilation {_by(config['dilation_rate'])}")
    if config.get("groups", 1) != 1:
        told.append(f"{config['groups']} groups")
    if config.get("data_format") == "channels_first":
        told.append("channels first")
    return "".join(f", {text}" for text in told)


def _covers(config, before, pads):
    """Whether a convolution has one place only: then it is a dense layer."""
    kernel = _pair(config["kernel_size"])
    return kernel == tuple(before[1:3]) and pads == (_NONE, _NONE)


def _all_pads(config, before, zeros):
    """Zeros from layers before the convolution, and its own."""
    if config.get("padding") != "same":
        return zeros
    kernel, strides, dilation = (
        _pair(config.get(name, 1))
        for name in ("kernel_size", "strides", "dilation_rate")
    )
    own = map(same_pads, before[1:3], kernel, strides, dilation)
    return tuple(_both(a, b) for a, b in zip(zeros, own, strict=True))


def _zeros(config):
    padding = config["padding"]
    return tuple(_pair(pair) for pair in _pair(padding))


def _flattens(layer, before):
    """To a vector; a pooling over all the map does so where the map is one pixel."""
    if len(layer.output_shape) != 2:
        return False
    pools = layer.kind.startswith("Global")
    return not pools or tuple(before[1:3]) == (1, 1)


def _both(one, other):
    return (one[0] + other[0], one[1] + other[1])


def _pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def _by(value):
    return "x".join(str(n) for n in _pair(value))


def _size(shape):
    return "x".join(str(n) for n in shape[1:])


def _padding(pads):
    (top, bottom), (left, right) = pads
    if top == bottom == left == right:
        return f"padding {top}" if top else "no padding"
    return f"padding {top} above, {bottom} below, {left} left, {right} right"
