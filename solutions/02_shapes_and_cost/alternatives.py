"""Right answers written differently: every one must get full marks."""

import math

import numpy as np

from grader.authoring import alternative


def _places(n, f, s, padding):
    """Starts of the windows, in pixels of the image."""
    if padding == "same":
        return range(0, n, s)
    return range(0, n - f + 1, s)


# conv_out


@alternative("conv_out")
def walks_along(n, f, s=1, p=0, mode="floor"):
    """Places one window after the other."""
    if mode == "floor":
        strict = False
    elif mode == "exact":
        strict = True
    else:
        raise ValueError(mode)
    length = n + (p[0] + p[1] if isinstance(p, (list, tuple)) else p + p)
    start = count = 0
    while start + f <= length:
        count += 1
        start += s
    if not count or (strict and start - s + f != length):
        raise ValueError("does not fit")
    return count


@alternative("conv_out")
def as_a_float(n, f, s=1, p=0, mode="floor"):
    """The lecture's formula with true division; a NumPy float comes back."""
    quotient = (n + np.sum(p * np.ones(2)) - f) / s + 1
    accepted = {"floor": True, "exact": float(quotient).is_integer()}
    if quotient < 1 or not accepted.get(mode, False):
        raise ValueError(f"{quotient} outputs")
    return np.floor(quotient)


# tf_same_pad


@alternative("tf_same_pad")
def adds_zeros_until_it_fits(n, f, s=1):
    before = after = 0
    outputs = len(range(0, n, s))
    while (n + before + after - f) / s + 1 < outputs:
        if before < after:
            before += 1
        else:
            after += 1
    return [before, after]


@alternative("tf_same_pad")
def from_the_remainder(n, f, s=1):
    """As TensorFlow's documentation has it: two cases."""
    total = max(f - s, 0) if n % s == 0 else max(f - n % s, 0)
    return np.array([total // 2, (total + 1) // 2])


# conv_params


@alternative("conv_params")
def sizes_of_arrays(kernel_size, c_in, filters, groups=1, use_bias=True):
    kernel = np.empty((*kernel_size, c_in // groups, filters))
    return kernel.size + (np.empty(filters).size if use_bias else 0)


@alternative("conv_params")
def block_by_block(kernel_size, c_in, filters, groups=1, use_bias=True):
    total = 0.0
    for _ in range(groups):
        for _ in range(filters // groups):
            total += math.prod(kernel_size) * c_in / groups
    return total + filters * bool(use_bias)


# conv_macs


@alternative("conv_macs")
def counts_places(
    input_shape, kernel_size, filters, strides=1, padding="valid", groups=1
):
    height, width, channels = input_shape
    places = 0
    for _ in _places(height, kernel_size[0], strides, padding):
        for _ in _places(width, kernel_size[1], strides, padding):
            places += 1
    return places * filters * (channels / groups) * kernel_size[0] * kernel_size[1]


@alternative("conv_macs")
def from_shapes(
    input_shape, kernel_size, filters, strides=1, padding="valid", groups=1
):
    size, window = np.array(input_shape[:2]), np.array(kernel_size)
    room = size if padding == "same" else size - window + 1
    out = np.ceil(room / strides).astype(int)
    return out.prod() * window.prod() * filters * input_shape[2] // groups


# receptive_field


@alternative("receptive_field")
def from_the_last_layer(layers):
    """Backwards: how many inputs of a layer do its outputs need?"""
    size = 1
    for f, s, d in reversed(layers):
        size = (size - 1) * s + (f - 1) * d + 1
    return size, math.prod(s for _, s, _ in layers)


@alternative("receptive_field")
def follows_two_outputs(layers):
    """Intervals of pixels of two neighbouring outputs."""
    ends = np.array([[0, 0], [1, 1]])
    for f, s, d in list(layers)[::-1]:
        ends = ends * s + np.array([0, (f - 1) * d])
    return np.array([ends[0, 1] - ends[0, 0] + 1, ends[1, 0] - ends[0, 0]])


# empirical_receptive_field


@alternative("empirical_receptive_field")
def poisons_pixels(fn, shape):
    """NaN spreads to every output that looks at it."""
    seen = []
    for place in np.ndindex(*shape):
        image = np.ones(shape)
        image[place] = np.nan
        out = fn(image)
        if np.isnan(out[len(out) // 2][out.shape[1] // 2]):
            seen.append(place)
    first, last = np.min(seen, axis=0), np.max(seen, axis=0)
    return last - first + 1


@alternative("empirical_receptive_field")
def peels_rows_and_columns(fn, shape):
    """Changes whole rows and columns, from each side, to random numbers."""
    rng = np.random.default_rng(3)
    image = rng.normal(size=shape)

    def middle(x):
        out = fn(x)
        return out[out.shape[0] // 2, out.shape[1] // 2]

    start, sizes = middle(image), []
    for axis in (0, 1):
        seen = []
        for index in range(shape[axis]):
            changed = image.copy()
            line = (index, slice(None)) if axis == 0 else (slice(None), index)
            changed[line] = rng.normal(size=changed[line].shape)
            if abs(middle(changed) - start) > 1e-9:
                seen.append(index)
        sizes.append(seen[-1] - seen[0] + 1)
    return sizes


@alternative("empirical_receptive_field")
def integer_images(fn, shape):
    """Ones that become twos, in lists."""
    middle = None
    rows, columns = set(), set()
    for place in [None, *np.ndindex(*shape)]:
        image = np.ones(shape, dtype=int)
        if place is not None:
            image[place] = 2
        out = np.array(fn(image.tolist()))
        value = out[out.shape[0] // 2][out.shape[1] // 2]
        if place is None:
            middle = value
        elif value != middle:
            rows.add(place[0])
            columns.add(place[1])
    return max(rows) - min(rows) + 1, max(columns) - min(columns) + 1


# layer_table


@alternative("layer_table")
def without_the_other_answers(spec):
    height, width, channels = spec["input_shape"]
    numbers, rows = None, []
    reach, step = np.ones(2, int), 1
    for name, config in spec["layers"]:
        row = {"params": 0, "macs": 0, "receptive_field": None}
        if name == "Flatten":
            numbers = height * width * channels
        elif name == "Dense":
            row["macs"] = numbers * config["units"]
            row["params"] = row["macs"] + (config["units"] if config["use_bias"] else 0)
            numbers = config["units"]
        else:
            window = config.get("kernel_size", config.get("pool_size"))
            s, padding = config["strides"], config["padding"]
            height = len(_places(height, window[0], s, padding))
            width = len(_places(width, window[1], s, padding))
            if "filters" in config:
                weights = window[0] * window[1] * channels * config["filters"]
                channels = config["filters"]
                row["params"] = weights + config["use_bias"] * channels
                row["macs"] = weights * height * width
            reach = reach + (np.array(window) - 1) * step
            step = step * s
            row["receptive_field"] = reach
        row["output_shape"] = (numbers,) if numbers else [height, width, channels]
        rows.append(row)
    return tuple(rows)


@alternative("layer_table")
def layer_by_layer(spec):
    """A function per layer type, chosen by name; floats and further columns."""
    state = {"shape": list(spec["input_shape"]), "layers": [], "flat": False}

    def slide(config, window):
        for axis in (0, 1):
            n = state["shape"][axis]
            state["shape"][axis] = len(
                _places(n, window[axis], config["strides"], config["padding"])
            )
        state["layers"].append((window, config["strides"]))

    def conv(config):
        channels = state["shape"][2]
        slide(config, config["kernel_size"])
        state["shape"][2] = config["filters"]
        per_place = math.prod(config["kernel_size"]) * channels * config["filters"]
        places = state["shape"][0] * state["shape"][1]
        bias = config["filters"] if config["use_bias"] else 0
        return float(per_place + bias), float(per_place * places)

    def pool(config):
        slide(config, config["pool_size"])
        return 0, 0

    def flatten(config):
        state["shape"], state["flat"] = [math.prod(state["shape"])], True
        return 0, 0

    def dense(config):
        (inputs,), units = state["shape"], config["units"]
        state["shape"] = [units]
        return (inputs + int(config["use_bias"])) * units, inputs * units

    def field(axis):
        size = 1
        for window, s in state["layers"][::-1]:
            size = (size - 1) * s + window[axis]
        return size

    kinds = {"Conv2D": conv, "MaxPooling2D": pool, "Flatten": flatten, "Dense": dense}
    rows = []
    for name, config in spec["layers"]:
        params, macs = kinds[name](config)
        rows.append(
            {
                "layer": name,
                "output_shape": tuple(state["shape"]),
                "params": params,
                "macs": macs,
                "receptive_field": None if state["flat"] else [field(0), field(1)],
            }
        )
    return rows
