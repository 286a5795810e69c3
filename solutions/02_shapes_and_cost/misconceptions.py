"""Mistakes that students make in this assignment, with a hint for each.

Every function is wrong in one way and right in all others, so that a submission with
that mistake gives the same numbers and gets the hint.
"""

import math

import numpy as np

from grader.authoring import misconception


def _pair(p):
    return tuple(p) if isinstance(p, tuple | list) else (p, p)


def _checked(room, s, mode):
    if mode not in ("floor", "exact"):
        raise ValueError("mode")
    if room < 0:
        raise ValueError("does not fit")
    if mode == "exact" and room % s:
        raise ValueError("remainder")
    return room // s + 1


def _outputs(n, f, s, padding):
    return math.ceil(n / s) if padding == "same" else (n - f) // s + 1


# conv_out


@misconception(
    "conv_out",
    hint="The padding is missing from the formula, as on one lecture slide. p zeros "
    "stand at each end, so the window slides along n + 2p pixels.",
)
def leaves_the_padding_out(n, f, s=1, p=0, mode="floor"):
    return _checked(n - f, s, mode)


@misconception(
    "conv_out",
    hint="You added the padding once. A number p means p zeros in front and p zeros "
    "behind: the line grows by 2p. (A pair already holds both ends.)",
)
def pads_one_end(n, f, s=1, p=0, mode="floor"):
    total = sum(p) if isinstance(p, tuple | list) else p
    return _checked(n + total - f, s, mode)


@misconception(
    "conv_out",
    hint="The 1 stands inside your division. The quotient counts the steps from the "
    "first window on; the first window itself is the + 1, after the division.",
)
def divides_the_one_as_well(n, f, s=1, p=0, mode="floor"):
    room = n + sum(_pair(p)) - f
    _checked(room, s, mode)
    return (room + 1) // s


@misconception(
    "conv_out",
    hint="You round up where the stride leaves a remainder. The last window would "
    "stick out of the padded line, and it is not computed: round down.",
)
def rounds_up(n, f, s=1, p=0, mode="floor"):
    room = n + sum(_pair(p)) - f
    _checked(room, s, mode)
    return math.ceil(room / s) + 1


@misconception(
    "conv_out",
    hint='mode="exact" must refuse a remainder with a ValueError; your function rounds '
    "down there too. Look at what is left when the last window has been placed.",
)
def never_refuses_a_remainder(n, f, s=1, p=0, mode="floor"):
    if mode not in ("floor", "exact"):
        raise ValueError("mode")
    return _checked(n + sum(_pair(p)) - f, s, "floor")


@misconception(
    "conv_out",
    hint="A window that is larger than the padded line has no place at all. The "
    "formula then gives 0 or a negative number, without complaint; raise a "
    "ValueError, in both modes.",
)
def lets_too_large_windows_through(n, f, s=1, p=0, mode="floor"):
    room = n + sum(_pair(p)) - f
    if mode not in ("floor", "exact") or (mode == "exact" and room % s):
        raise ValueError("mode or remainder")
    return room // s + 1


@misconception(
    "conv_out",
    hint='Your function accepts any mode. A typing error such as mode="Exact" would '
    "silently mean the other school; raise a ValueError for what is neither.",
)
def accepts_any_mode(n, f, s=1, p=0, mode="floor"):
    return _checked(
        n + sum(_pair(p)) - f, s, mode if mode in ("floor", "exact") else "floor"
    )


# tf_same_pad


def _missing(n, f, s):
    return max((math.ceil(n / s) - 1) * s + f - n, 0)


@misconception(
    "tf_same_pad",
    hint="These are the textbook's zeros, (f - 1) / 2 at each end. TensorFlow takes as "
    "few as ceil(n / s) windows need: with a stride, that depends on n.",
)
def textbook_padding(n, f, s=1):
    return (f - 1) // 2, (f - 1) // 2


@misconception(
    "tf_same_pad",
    hint="The odd zero went in front. TensorFlow puts it behind: 6 pixels, a window of "
    "3 and stride 2 give (0, 1).",
)
def odd_zero_in_front(n, f, s=1):
    missing = _missing(n, f, s)
    return missing - missing // 2, missing // 2


@misconception(
    "tf_same_pad",
    hint="You padded as for stride 1: f - 1 zeros in all. With a stride the last "
    "window begins at (outputs - 1) * s, and fewer zeros, or none, reach its end.",
)
def forgets_the_stride(n, f, s=1):
    return (f - 1) // 2, f - 1 - (f - 1) // 2


@misconception(
    "tf_same_pad",
    hint="A negative number of zeros: where the stride is larger than the window, the "
    "windows need fewer pixels than there are. Then nothing is added.",
)
def negative_zeros(n, f, s=1):
    missing = (math.ceil(n / s) - 1) * s + f - n
    return missing // 2, missing - missing // 2


@misconception(
    "tf_same_pad",
    hint="You counted the outputs with n // s. TensorFlow's same has ceil(n / s) of "
    "them: a last, incomplete step still gives an output.",
)
def rounds_the_outputs_down(n, f, s=1):
    missing = max((n // s - 1) * s + f - n, 0)
    return missing // 2, missing - missing // 2


@misconception(
    "tf_same_pad",
    hint="You made the number of zeros even, so that both ends get the same. "
    "TensorFlow adds no zero that it does not need; the ends may differ by one.",
)
def same_at_both_ends(n, f, s=1):
    each = math.ceil(_missing(n, f, s) / 2)
    return each, each


# conv_params


@misconception(
    "conv_params",
    hint="A filter reaches through all channels of its input: a 5x5 filter on three "
    "channels has 75 weights, not 25.",
)
def forgets_the_channels(kernel_size, c_in, filters, groups=1, use_bias=True):
    return (math.prod(kernel_size) + use_bias) * filters


@misconception(
    "conv_params",
    hint="There is one bias per filter, not one per layer: each feature map has its "
    "own.",
)
def one_bias_for_all(kernel_size, c_in, filters, groups=1, use_bias=True):
    return math.prod(kernel_size) * (c_in // groups) * filters + use_bias


@misconception(
    "conv_params",
    hint="The biases are missing: with use_bias each filter has one number more.",
)
def forgets_the_bias(kernel_size, c_in, filters, groups=1, use_bias=True):
    return math.prod(kernel_size) * (c_in // groups) * filters


@misconception(
    "conv_params",
    hint="You counted a bias although use_bias is False. Layers before a batch "
    "normalisation have none.",
)
def always_counts_a_bias(kernel_size, c_in, filters, groups=1, use_bias=True):
    return (math.prod(kernel_size) * (c_in // groups) + 1) * filters


@misconception(
    "conv_params",
    hint="groups changes nothing in your count. With groups each filter sees c_in / "
    "groups channels, so it holds that many times fewer weights.",
)
def ignores_groups(kernel_size, c_in, filters, groups=1, use_bias=True):
    return (math.prod(kernel_size) * c_in + use_bias) * filters


@misconception(
    "conv_params",
    hint="You divided twice by groups. The filters are split among the blocks, so all "
    "blocks together still have all filters; only the channels that each filter "
    "sees become fewer.",
)
def divides_the_filters_too(kernel_size, c_in, filters, groups=1, use_bias=True):
    weights = math.prod(kernel_size) * (c_in // groups) * (filters // groups)
    return weights + filters * use_bias


@misconception(
    "conv_params",
    hint="You took the kernel for a square. kernel_size is (kh, kw), and the two may "
    "differ: multiply them.",
)
def squares_the_height(kernel_size, c_in, filters, groups=1, use_bias=True):
    return (kernel_size[0] ** 2 * (c_in // groups) + use_bias) * filters


# conv_macs


def _macs(input_shape, kernel_size, channels, filters, strides, padding):
    sizes = [
        _outputs(n, f, strides, padding)
        for n, f in zip(input_shape[:2], kernel_size, strict=True)
    ]
    return math.prod(sizes) * math.prod(kernel_size) * channels * filters


@misconception(
    "conv_macs",
    hint="With same padding you counted as many outputs as there are pixels. That is "
    "so at stride 1; at stride s there are ceil(n / s) along each axis.",
)
def same_keeps_the_size(
    input_shape, kernel_size, filters, strides=1, padding="valid", groups=1
):
    channels = input_shape[2] // groups
    steps = 1 if padding == "same" else strides
    return _macs(input_shape, kernel_size, channels, filters, steps, padding)


@misconception(
    "conv_macs",
    hint="You counted one window per input pixel. Windows are computed where there are "
    "outputs: a stride, or valid padding, leaves fewer of them.",
)
def counts_at_the_input(
    input_shape, kernel_size, filters, strides=1, padding="valid", groups=1
):
    channels = input_shape[2] // groups
    return _macs(input_shape, kernel_size, channels, filters, 1, "same")


@misconception(
    "conv_macs",
    hint="Twice as many as asked for: you counted multiplications and additions "
    "separately (FLOPs). A multiply-add is one of each.",
)
def counts_operations(
    input_shape, kernel_size, filters, strides=1, padding="valid", groups=1
):
    channels = input_shape[2] // groups
    return 2 * _macs(input_shape, kernel_size, channels, filters, strides, padding)


@misconception(
    "conv_macs",
    hint="You multiplied all parameters with the places, biases included. A bias is "
    "added, not multiplied: it is no multiply-add.",
)
def counts_the_biases(
    input_shape, kernel_size, filters, strides=1, padding="valid", groups=1
):
    channels = input_shape[2] // groups
    products = _macs(input_shape, kernel_size, channels, filters, strides, padding)
    return products + products // (math.prod(kernel_size) * channels)


@misconception(
    "conv_macs",
    hint="groups changes nothing in your count. An output of a grouped layer adds up "
    "products over C / groups channels only.",
)
def multiplies_across_groups(
    input_shape, kernel_size, filters, strides=1, padding="valid", groups=1
):
    return _macs(input_shape, kernel_size, input_shape[2], filters, strides, padding)


@misconception(
    "conv_macs",
    hint="The padding is ignored: you counted the outputs of a valid convolution. With "
    "same there are more of them, and products with padding zeros count too.",
)
def always_valid(
    input_shape, kernel_size, filters, strides=1, padding="valid", groups=1
):
    channels = input_shape[2] // groups
    return _macs(input_shape, kernel_size, channels, filters, strides, "valid")


# receptive_field


def _field(layers, grow, own_stride_first=False):
    size, jump = 1, 1
    for f, s, d in layers:
        if own_stride_first:
            jump *= s
        size += grow(f, d) * jump
        if not own_stride_first:
            jump *= s
    return size, jump


@misconception(
    "receptive_field",
    hint="You added whole windows: two 3x3 would see 6 or 7. The fields of neighbours "
    "overlap, so a window of f adds f - 1.",
)
def adds_whole_windows(layers):
    return _field(layers, lambda f, d: f * d)


@misconception(
    "receptive_field",
    hint="The strides of earlier layers are missing from the size. Behind a stride of "
    "2, two neighbouring taps lie two pixels apart, so each adds two pixels.",
)
def counts_taps_as_pixels(layers):
    size = 1 + sum((f - 1) * d for f, _, d in layers)
    return size, math.prod(s for _, s, _ in layers)


@misconception(
    "receptive_field",
    hint="You applied a layer's stride to its own window. The stride moves the "
    "window's neighbours apart; its own taps lie as far apart as the outputs of "
    "the layers before.",
)
def own_stride_first(layers):
    return _field(layers, lambda f, d: (f - 1) * d, own_stride_first=True)


@misconception(
    "receptive_field",
    hint="Dilation is ignored. With dilation d the taps lie d apart: three taps with "
    "d = 2 reach over 5 pixels, not over 3.",
)
def ignores_dilation(layers):
    return _field(layers, lambda f, d: f - 1)


@misconception(
    "receptive_field",
    hint="You let a dilated window reach f * d pixels. There are f - 1 gaps of d "
    "between f taps: it reaches (f - 1) * d further than its first tap.",
)
def dilates_the_window_too_far(layers):
    return _field(layers, lambda f, d: f * d - 1)


@misconception(
    "receptive_field",
    hint="You went through the layers from the last to the first. The list begins with "
    "the layer next to the image, and a stride acts on the layers behind it.",
)
def goes_backwards(layers):
    return _field(list(layers)[::-1], lambda f, d: (f - 1) * d)


@misconception(
    "receptive_field",
    hint="The jump is the last layer's stride alone. Strides multiply: two layers of "
    "stride 2 put neighbouring outputs four pixels apart.",
)
def last_stride_only(layers):
    size, _ = _field(layers, lambda f, d: (f - 1) * d)
    return size, layers[-1][1] if layers else 1


@misconception(
    "receptive_field",
    hint="You added the strides up. They multiply: two layers of stride 2 put "
    "neighbouring outputs four pixels apart.",
)
def adds_the_strides(layers):
    size, jump = 1, 1
    for f, s, d in layers:
        size += (f - 1) * d * jump
        jump += s - 1
    return size, jump


# empirical_receptive_field


def _matters(fn, shape, select, start=0.0):
    """Which pixels change what `select` takes from the map."""
    blank = np.full(shape, start)
    before = select(np.asarray(fn(blank)))
    matters = np.zeros(shape, dtype=bool)
    for place in np.ndindex(*shape):
        changed = blank.copy()
        changed[place] += 1
        matters[place] = np.any(select(np.asarray(fn(changed))) != before)
    return matters


def _window(matters):
    if not matters.any():
        return 0, 0
    rows, columns = np.nonzero(matters)
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


def _middle(out):
    return out[out.shape[0] // 2, out.shape[1] // 2]


@misconception(
    "empirical_receptive_field",
    hint="You asked whether the output is not zero. With a bias it never is. Compare "
    "with the output for the unchanged image.",
)
def takes_nonzero_for_changed(fn, shape):
    matters = np.zeros(shape, dtype=bool)
    for place in np.ndindex(*shape):
        image = np.zeros(shape)
        image[place] = 1
        matters[place] = _middle(np.asarray(fn(image))) != 0
    return _window(matters)


@misconception(
    "empirical_receptive_field",
    hint="You looked at the output in the corner. With padding its field hangs over "
    "the edge of the image, and only a part of it can be measured.",
)
def looks_at_the_first_output(fn, shape):
    return _window(_matters(fn, shape, lambda out: out[0, 0]))


@misconception(
    "empirical_receptive_field",
    hint="You asked whether any output changes. Almost every pixel changes some "
    "output; the receptive field is what one output sees.",
)
def looks_at_all_outputs(fn, shape):
    return _window(_matters(fn, shape, lambda out: out))


@misconception(
    "empirical_receptive_field",
    hint="You counted the rows and columns that matter. A dilated window has holes; "
    "it reaches from its first pixel to its last.",
)
def counts_without_the_holes(fn, shape):
    matters = _matters(fn, shape, _middle)
    return int(matters.any(axis=1).sum()), int(matters.any(axis=0).sum())


@misconception(
    "empirical_receptive_field",
    hint="The distance from the first to the last pixel is one less than the number of "
    "pixels from the first to the last.",
)
def one_pixel_too_few(fn, shape):
    height, width = _window(_matters(fn, shape, _middle))
    return height - 1, width - 1


@misconception(
    "empirical_receptive_field",
    hint="Height and width are exchanged. Axis 0 counts rows: how far the rows reach "
    "is the height.",
)
def swaps_height_and_width(fn, shape):
    return _window(_matters(fn, shape, _middle))[::-1]


@misconception(
    "empirical_receptive_field",
    hint="You looked only for outputs that grow. A pixel with a negative weight lowers "
    "the output, and it matters as much.",
)
def sees_only_growth(fn, shape):
    blank = np.zeros(shape)
    before = _middle(np.asarray(fn(blank)))
    matters = np.zeros(shape, dtype=bool)
    for place in np.ndindex(*shape):
        changed = blank.copy()
        changed[place] = 1
        matters[place] = _middle(np.asarray(fn(changed))) > before
    return _window(matters)


@misconception(
    "empirical_receptive_field",
    hint="You probed only the row and the column through the middle of the image. With "
    "holes in the window, or near an edge, the field's pixels may lie elsewhere.",
)
def probes_one_row_and_one_column(fn, shape):
    matters = _matters(fn, shape, _middle)
    row, column = matters[shape[0] // 2], matters[:, shape[1] // 2]
    sizes = [int(np.ptp(np.nonzero(v)[0])) + 1 if v.any() else 0 for v in (column, row)]
    return tuple(sizes)


# layer_table


def _table(spec, *, pool_params=False, bias_macs=False, pooled_field=True, **slips):
    shape, fields, rows = tuple(spec["input_shape"]), [(1, 1), (1, 1)], []
    for name, config in spec["layers"]:
        params = macs = 0
        if name in ("Conv2D", "MaxPooling2D"):
            conv = name == "Conv2D"
            window = config["kernel_size"] if conv else config["pool_size"]
            s, padding = config["strides"], config["padding"]
            if not conv and slips.get("pool_valid"):
                padding = "valid"
            sizes = tuple(
                _outputs(shape[axis], window[axis], s, padding) for axis in (0, 1)
            )
            channels = config["filters"] if conv else shape[2]
            if conv or pool_params:
                weights = math.prod(window) * shape[2] * channels
                params = weights + channels * config.get("use_bias", False)
                macs = math.prod(sizes) * weights
            if conv or pooled_field:
                fields = [
                    (size + (window[axis] - 1) * jump, jump * s)
                    for axis, (size, jump) in enumerate(fields)
                ]
            if slips.get("input_channels"):
                channels = shape[2]
            shape = (*sizes, channels)
        elif name == "Flatten":
            shape = (math.prod(shape),)
        else:
            macs = shape[0] * config["units"]
            bias = config["use_bias"] and not slips.get("dense_without_bias")
            params = macs + config["units"] * bias
            if bias_macs:
                macs = params
            shape = (config["units"],)
        field = None if len(shape) == 1 else tuple(size for size, _ in fields)
        if field and slips.get("jumps"):
            field = tuple(jump for _, jump in fields)
        if slips.get("seen_after_flatten") and field is None:
            field = tuple(size for size, _ in fields)
        row = {"output_shape": shape, "params": params, "macs": macs}
        rows.append(row | {"receptive_field": field})
    return rows


@misconception(
    "layer_table",
    hint="Pooling has no weights: it takes the largest number of each window in each "
    "channel. It has no parameters and no multiply-adds.",
)
def pooling_has_weights(spec):
    return _table(spec, pool_params=True)


@misconception(
    "layer_table",
    hint="Pooling is missing from the receptive field. A pooling window widens it, and "
    "its stride makes every later layer reach further.",
)
def pooling_sees_nothing(spec):
    return _table(spec, pooled_field=False)


@misconception(
    "layer_table",
    hint="The dense layer's biases are missing from its parameters: one per unit.",
)
def dense_has_no_bias(spec):
    return _table(spec, dense_without_bias=True)


@misconception(
    "layer_table",
    hint="You took the dense layer's parameters for its multiply-adds. A bias is "
    "added, not multiplied.",
)
def dense_multiplies_its_bias(spec):
    return _table(spec, bias_macs=True)


@misconception(
    "layer_table",
    hint="You ignored the padding of a pooling layer. Pooling may be padded as well, "
    "and then has ceil(n / strides) outputs.",
)
def pooling_is_never_padded(spec):
    return _table(spec, pool_valid=True)


@misconception(
    "layer_table",
    hint="Your receptive_field entry is the jump between neighbouring fields. Asked "
    "for is their size, the other of the two numbers.",
)
def gives_the_jump(spec):
    return _table(spec, jumps=True)


@misconception(
    "layer_table",
    hint="A convolution's output has as many channels as it has filters, not as many "
    "as its input.",
)
def keeps_the_channels(spec):
    return _table(spec, input_channels=True)


@misconception(
    "layer_table",
    hint="From Flatten on the receptive field is None: a dense layer sees every place "
    "of the map.",
)
def field_after_flatten(spec):
    return _table(spec, seen_after_flatten=True)
