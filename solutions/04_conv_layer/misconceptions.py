"""Mistakes that students make in this assignment, with a hint for each.

Every function is wrong in one way and right in all others, so that a submission with
that mistake gives the same numbers and gets the hint.
"""

import keras
import numpy as np
import tensorflow as tf

from grader.authoring import misconception


def _size(n, k, stride, pad, dilation=1):
    return (n + 2 * pad - (k - 1) * dilation - 1) // stride + 1


def _padded(x, pad):
    return np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))


def _places(padded, kernel_size, out_size, stride):
    """Kernel place (a, c), and the pixels that it meets: (N, H_out, W_out, C)."""
    (kh, kw), (out_h, out_w) = kernel_size, out_size
    for a, c in np.ndindex(kh, kw):
        rows = slice(a, a + (out_h - 1) * stride + 1, stride)
        columns = slice(c, c + (out_w - 1) * stride + 1, stride)
        yield a, c, (slice(None), rows, columns)


def _forward(x, w, b, stride, pad):
    sizes = [_size(n, k, stride, pad) for n, k in zip(x.shape[1:3], w.shape, strict=0)]
    padded = _padded(x, pad)
    out = np.zeros((len(x), *sizes, w.shape[3]), dtype=x.dtype)
    for a, c, pixels in _places(padded, w.shape[:2], sizes, stride):
        out += padded[pixels] @ w[a, c]
    return out + b


def _gradients(dout, x, w, stride, pad):
    """dx with its padding still on, dw, db."""
    padded = _padded(x, pad)
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    for a, c, pixels in _places(padded, w.shape[:2], dout.shape[1:3], stride):
        dpadded[pixels] += dout @ w[a, c].T
        dw[a, c] = np.einsum("nijc,nijf->cf", padded[pixels], dout)
    return dpadded, dw, dout.sum(axis=(0, 1, 2))


def _cropped(dpadded, x_shape, pad):
    return dpadded[:, pad : pad + x_shape[1], pad : pad + x_shape[2]]


# conv_forward_naive


@misconception(
    "conv_forward_naive",
    hint="This is true convolution: you turned the kernel by 180 degrees. Deep-"
    "learning layers cross-correlate: w[a, c] meets the pixel a rows below and c "
    "columns right of the window's corner.",
)
def flips_the_kernel(x, w, b, stride, pad):
    return _forward(x, w[::-1, ::-1], b, stride, pad), (x, w, b, stride, pad)


@misconception(
    "conv_forward_naive",
    hint="Kernel rows and columns are exchanged: you used the transposed kernel. The "
    "first axis of w goes down the image, the second to the right. Only a kernel "
    "that equals its transpose hides this.",
)
def transposes_the_kernel(x, w, b, stride, pad):
    return _forward(x, w.swapaxes(0, 1), b, stride, pad), (x, w, b, stride, pad)


@misconception(
    "conv_forward_naive",
    hint="Height and width are exchanged in out. Images are (N, H, W, C): axis 1 "
    "counts rows, axis 2 columns, and out keeps that order. A square image would "
    "not tell.",
)
def swaps_height_and_width(x, w, b, stride, pad):
    return _forward(x, w, b, stride, pad).swapaxes(1, 2), (x, w, b, stride, pad)


@misconception(
    "conv_forward_naive",
    hint="All the zeros went to the bottom and the right. pad zeros belong on each of "
    "the four sides; look at the pair for one axis in np.pad.",
)
def pads_one_side(x, w, b, stride, pad):
    moved = np.pad(x, ((0, 0), (0, 2 * pad), (0, 2 * pad), (0, 0)))
    return _forward(moved, w, b, stride, 0), (x, w, b, stride, pad)


@misconception(
    "conv_forward_naive",
    hint="The output is too large by one where the stride leaves a remainder: you "
    "rounded the size up. A window that would stick out is not computed, so the "
    "division is floored.",
)
def rounds_the_size_up(x, w, b, stride, pad):
    missing = [
        -(n + 2 * pad - k) % stride for n, k in zip(x.shape[1:3], w.shape, strict=0)
    ]
    larger = np.pad(_padded(x, pad), ((0, 0), (0, missing[0]), (0, missing[1]), (0, 0)))
    return _forward(larger, w, b, stride, 0), (x, w, b, stride, pad)


@misconception(
    "conv_forward_naive",
    hint="The bias was added once per product instead of once per output: b[f] belongs "
    "outside the sum over the window.",
)
def adds_the_bias_inside_the_sum(x, w, b, stride, pad):
    return _forward(x, w, b * w[..., 0].size, stride, pad), (x, w, b, stride, pad)


@misconception(
    "conv_forward_naive",
    hint="The windows start at i, not at i * stride: you took the right number of "
    "windows, but side by side. The stride is the step between windows in the "
    "image.",
)
def steps_by_one(x, w, b, stride, pad):
    out = _forward(x, w, b, 1, pad)
    sizes = [_size(n, k, stride, pad) for n, k in zip(x.shape[1:3], w.shape, strict=0)]
    return out[:, : sizes[0], : sizes[1]], (x, w, b, stride, pad)


@misconception(
    "conv_forward_naive",
    hint="Your function writes into the image it was given. A slice is a view: window "
    "*= ... changes the image underneath, and the next window sees the damage. "
    "Multiply into a new array.",
)
def multiplies_in_place(x, w, b, stride, pad):
    padded = _padded(x, pad) if pad else x
    images, height, width, _ = padded.shape
    kh, kw, _, filters = w.shape
    sizes = (height - kh) // stride + 1, (width - kw) // stride + 1
    out = np.zeros((images, *sizes, filters), dtype=x.dtype)
    for n, i, j, f in np.ndindex(*out.shape):
        top, left = i * stride, j * stride
        window = padded[n, top : top + kh, left : left + kw]
        window *= w[..., f]
        out[n, i, j, f] = window.sum() + b[f]
    return out, (x, w, b, stride, pad)


# conv_backward_naive


@misconception(
    "conv_backward_naive",
    hint="The backward pass forgot the stride: output i looked at the window that "
    "starts at i * stride, so its gradient must return to that window.",
)
def ignores_the_stride_on_the_way_back(dout, cache):
    x, w, _, _, pad = cache
    dpadded, dw, db = _gradients(dout, x, w, 1, pad)
    return _cropped(dpadded, x.shape, pad), dw, db


@misconception(
    "conv_backward_naive",
    hint="db has the wrong shape: you summed dout over some axes only. b[f] is added "
    "to every image and every place, so only the axis of the filters stays.",
)
def sums_the_bias_over_the_batch_only(dout, cache):
    x, w, _, stride, pad = cache
    dpadded, dw, _ = _gradients(dout, x, w, stride, pad)
    return _cropped(dpadded, x.shape, pad), dw, dout.sum(axis=0)


@misconception(
    "conv_backward_naive",
    hint="You divided by the number of images. The mean over the batch belongs to the "
    "loss, and dout already holds it; a layer sums over its images.",
)
def averages_over_the_batch(dout, cache):
    x, w, _, stride, pad = cache
    dpadded, dw, db = _gradients(dout, x, w, stride, pad)
    return _cropped(dpadded, x.shape, pad), dw / len(x), db / len(x)


@misconception(
    "conv_backward_naive",
    hint="dx still has its padding: it must have the shape of x. Cut pad rows and "
    "columns off each side; the gradient of a padding zero interests nobody.",
)
def keeps_the_padding(dout, cache):
    x, w, _, stride, pad = cache
    return _gradients(dout, x, w, stride, pad)


@misconception(
    "conv_backward_naive",
    hint="dx was cut at the wrong place: the first pixel of x lies pad rows and pad "
    "columns inside the padded image, so the corner [:H, :W] is not it.",
)
def cuts_the_wrong_corner(dout, cache):
    x, w, _, stride, pad = cache
    dpadded, dw, db = _gradients(dout, x, w, stride, pad)
    return dpadded[:, : x.shape[1], : x.shape[2]], dw, db


@misconception(
    "conv_backward_naive",
    hint="Where windows overlap, dx keeps the last share only: you assigned instead of "
    "adding. A pixel collects from every window that saw it, and from every "
    "filter.",
)
def assigns_instead_of_adding(dout, cache):
    x, w, _, stride, pad = cache
    dpadded, dw, db = _gradients(dout, x, w, stride, pad)
    dpadded = np.zeros_like(dpadded)
    kh, kw = w.shape[:2]
    for n, i, j in np.ndindex(*dout.shape[:3]):
        top, left = i * stride, j * stride
        dpadded[n, top : top + kh, left : left + kw] = w @ dout[n, i, j]
    return _cropped(dpadded, x.shape, pad), dw, db


@misconception(
    "conv_backward_naive",
    hint="dx used the kernel turned by 180 degrees. With scattering (+= into the "
    "window) the kernel stays as it is; the flip appears only if you write dx as "
    "a convolution that gathers from dout.",
)
def flips_the_kernel_on_the_way_back(dout, cache):
    x, w, _, stride, pad = cache
    dpadded, _, _ = _gradients(dout, x, w[::-1, ::-1], stride, pad)
    _, dw, db = _gradients(dout, x, w, stride, pad)
    return _cropped(dpadded, x.shape, pad), dw, db


# im2col and col2im


def _im2col(x, kernel_size, stride, pad):
    """(N, H_out, W_out, kh, kw, C)."""
    sizes = [
        _size(n, k, stride, pad) for n, k in zip(x.shape[1:3], kernel_size, strict=1)
    ]
    padded = _padded(x, pad)
    cols = np.empty((len(x), *sizes, *kernel_size, x.shape[3]), dtype=x.dtype)
    for a, c, pixels in _places(padded, kernel_size, sizes, stride):
        cols[:, :, :, a, c] = padded[pixels]
    return cols


@misconception(
    "im2col",
    hint="The columns are ordered channel first: (C, kh, kw), as PyTorch does. Here a "
    "row of cols is a window of an NHWC image read in its own order, (kh, kw, C), "
    "so that it meets w.reshape(kh * kw * C, F).",
)
def channels_first(x, kernel_size, stride, pad):
    cols = _im2col(x, kernel_size, stride, pad).transpose(0, 1, 2, 5, 3, 4)
    return cols.reshape(np.prod(cols.shape[:3]), -1)


@misconception(
    "im2col",
    hint="The rows run over the images fastest: (i, j, n). The order asked is (n, i, "
    "j): all windows of the first image, then those of the second.",
)
def images_fastest(x, kernel_size, stride, pad):
    cols = _im2col(x, kernel_size, stride, pad).transpose(1, 2, 0, 3, 4, 5)
    return cols.reshape(np.prod(cols.shape[:3]), -1)


@misconception(
    "im2col",
    hint="cols is transposed: windows are columns in your matrix. Here every window is "
    "a row, so that out = cols @ weights.",
)
def windows_as_columns(x, kernel_size, stride, pad):
    cols = _im2col(x, kernel_size, stride, pad)
    return cols.reshape(np.prod(cols.shape[:3]), -1).T


@misconception(
    "im2col",
    hint="The zeros went to the bottom and the right only. pad zeros belong on each of "
    "the four sides.",
)
def im2col_pads_one_side(x, kernel_size, stride, pad):
    moved = np.pad(x, ((0, 0), (0, 2 * pad), (0, 2 * pad), (0, 0)))
    cols = _im2col(moved, kernel_size, stride, 0)
    return cols.reshape(np.prod(cols.shape[:3]), -1)


def _col2im(cols, x_shape, kernel_size, stride, pad, add):
    sizes = [
        _size(n, k, stride, pad) for n, k in zip(x_shape[1:3], kernel_size, strict=1)
    ]
    images, height, width, channels = x_shape
    cols = cols.reshape(images, *sizes, *kernel_size, channels)
    padded = np.zeros((images, height + 2 * pad, width + 2 * pad, channels), cols.dtype)
    for a, c, pixels in _places(padded, kernel_size, sizes, stride):
        old = padded[pixels] if add else 0
        padded[pixels] = old + cols[:, :, :, a, c]
    return padded


@misconception(
    "col2im",
    hint="Where windows overlap only the last number stayed: you assigned (=) instead "
    "of accumulating (+=). A pixel was copied into several rows, and all of them "
    "come home.",
)
def assigns_instead_of_accumulating(cols, x_shape, kernel_size, stride, pad):
    images = _col2im(cols, x_shape, kernel_size, stride, pad, add=False)
    return _cropped(images, x_shape, pad)


@misconception(
    "col2im",
    hint="You took the mean where numbers meet. That undoes im2col, but col2im is its "
    "adjoint, not its inverse: gradients add up.",
)
def averages_where_windows_overlap(cols, x_shape, kernel_size, stride, pad):
    total = _col2im(cols, x_shape, kernel_size, stride, pad, add=True)
    counts = _col2im(np.ones_like(cols), x_shape, kernel_size, stride, pad, add=True)
    return _cropped(total / np.maximum(counts, 1), x_shape, pad)


@misconception(
    "col2im",
    hint="The result still has its padding. x_shape is the shape without it: cut pad "
    "rows and columns off each side.",
)
def returns_the_padded_images(cols, x_shape, kernel_size, stride, pad):
    return _col2im(cols, x_shape, kernel_size, stride, pad, add=True)


@misconception(
    "col2im",
    hint="The images are cut out at the wrong corner: pixel (0, 0) lies pad rows and "
    "pad columns inside the padded image.",
)
def cuts_off_the_far_side(cols, x_shape, kernel_size, stride, pad):
    images = _col2im(cols, x_shape, kernel_size, stride, pad, add=True)
    return images[:, : x_shape[1], : x_shape[2]]


# conv_forward_fast and conv_backward_fast


def _fast(x, w, b, stride, pad):
    cols = _im2col(x, w.shape[:2], stride, pad)
    sizes = cols.shape[:3]
    cols = cols.reshape(np.prod(sizes), -1)
    return cols, sizes, (cols, x.shape, w, stride, pad)


@misconception(
    "conv_forward_fast",
    hint="The weights were reshaped into (F, kh * kw * C) and transposed. reshape "
    "reads w in its own order, and in HWIO the filters come last: reshape w to "
    "(kh * kw * C, F) and leave it.",
)
def reshapes_filters_first(x, w, b, stride, pad):
    cols, sizes, cache = _fast(x, w, b, stride, pad)
    out = cols @ w.reshape(w.shape[3], -1).T + b
    return out.reshape(*sizes, w.shape[3]), cache


@misconception(
    "conv_forward_fast",
    hint="The product is right but its rows were put in the wrong places: the rows of "
    "cols run (n, i, j), so reshape to (N, H_out, W_out, F) directly, without a "
    "transpose.",
)
def reshapes_width_before_height(x, w, b, stride, pad):
    cols, (n, out_h, out_w), cache = _fast(x, w, b, stride, pad)
    out = cols @ w.reshape(-1, w.shape[3]) + b
    return out.reshape(n, out_w, out_h, -1).swapaxes(1, 2), cache


@misconception(
    "conv_forward_fast",
    hint="The bias is missing: out = cols @ weights + b.",
)
def forgets_the_bias(x, w, b, stride, pad):
    cols, sizes, cache = _fast(x, w, b, stride, pad)
    return (cols @ w.reshape(-1, w.shape[3])).reshape(*sizes, -1), cache


def _stored(cache):
    """What the reference's conv_forward_fast keeps."""
    cols, x_shape, w, stride, pad = cache
    return cols, x_shape, w, stride, pad


@misconception(
    "conv_backward_fast",
    hint="The bias gradient was averaged over the places. b is added to every row of "
    "the product, so the rows of dout add up.",
)
def averages_the_bias(dout, cache):
    cols, x_shape, w, stride, pad = _stored(cache)
    flat = dout.reshape(-1, w.shape[3])
    dcols = flat @ w.reshape(-1, w.shape[3]).T
    dx = _col2im(dcols, x_shape, w.shape[:2], stride, pad, add=True)
    dw = (cols.T @ flat).reshape(w.shape)
    return _cropped(dx, x_shape, pad), dw, flat.mean(axis=0)


@misconception(
    "conv_backward_fast",
    hint="dw holds the right numbers in the wrong order: cols.T @ dout is (kh * kw * "
    "C, F), which is w's own order. Do not transpose before the reshape.",
)
def scrambles_the_weight_gradient(dout, cache):
    cols, x_shape, w, stride, pad = _stored(cache)
    flat = dout.reshape(-1, w.shape[3])
    dcols = flat @ w.reshape(-1, w.shape[3]).T
    dx = _col2im(dcols, x_shape, w.shape[:2], stride, pad, add=True)
    dw = (flat.T @ cols).reshape(w.shape)
    return _cropped(dx, x_shape, pad), dw, flat.sum(axis=0)


@misconception(
    "conv_backward_fast",
    hint="dx keeps one share where windows overlap. The gradient of cols must be added "
    "up where a pixel was copied more than once: that is what col2im is for.",
)
def loses_overlaps(dout, cache):
    cols, x_shape, w, stride, pad = _stored(cache)
    flat = dout.reshape(-1, w.shape[3])
    dcols = flat @ w.reshape(-1, w.shape[3]).T
    dx = _col2im(dcols, x_shape, w.shape[:2], stride, pad, add=False)
    dw = (cols.T @ flat).reshape(w.shape)
    return _cropped(dx, x_shape, pad), dw, flat.sum(axis=0)


# conv_grouped


def _grouped(x, w, groups, dilation, channels, filters):
    """channels(g) and filters(g): which of them belong to group g."""
    images, height, width, _ = x.shape
    kh, kw = w.shape[:2]
    out_h, out_w = height - (kh - 1) * dilation, width - (kw - 1) * dilation
    out = np.zeros((images, out_h, out_w, w.shape[3]), dtype=x.dtype)
    for g in range(groups):
        for a, c in np.ndindex(kh, kw):
            top, left = a * dilation, c * dilation
            pixels = x[:, top : top + out_h, left : left + out_w][..., channels(g)]
            out[..., filters(g)] += pixels @ w[a, c][:, filters(g)]
    return out


def _blocks(count, groups):
    return lambda g: slice(g * count // groups, (g + 1) * count // groups)


@misconception(
    "conv_grouped",
    hint="Channels are mixed across groups: group g took channels g, g + groups, ... "
    "The groups are blocks of neighbours: the first C_in / groups channels, the "
    "next, ...",
)
def takes_every_other_channel(x, w, groups, dilation):
    filters = _blocks(w.shape[3], groups)
    return _grouped(x, w, groups, dilation, lambda g: slice(g, None, groups), filters)


@misconception(
    "conv_grouped",
    hint="Filters are mixed across groups: group g took filters g, g + groups, ... The "
    "first C_out / groups filters belong to the first group, and so on.",
)
def takes_every_other_filter(x, w, groups, dilation):
    channels = _blocks(x.shape[3], groups)
    return _grouped(x, w, groups, dilation, channels, lambda g: slice(g, None, groups))


@misconception(
    "conv_grouped",
    hint="Every group looked at the first block of channels. Group g sees the channels "
    "from g * C_in / groups on.",
)
def sees_the_first_block_only(x, w, groups, dilation):
    first = slice(0, w.shape[2])
    filters = _blocks(w.shape[3], groups)
    return _grouped(x, w, groups, dilation, lambda g: first, filters)


@misconception(
    "conv_grouped",
    hint="The dilation is not there: tap a must look a * dilation rows further down, "
    "and the output shrinks by (kh - 1) * dilation.",
)
def ignores_the_dilation(x, w, groups, dilation):
    blocks = _blocks(x.shape[3], groups), _blocks(w.shape[3], groups)
    return _grouped(x, w, groups, 1, *blocks)


@misconception(
    "conv_grouped",
    hint="The taps stand one pixel too far apart: dilation is the distance from one "
    "tap to the next, not the number of pixels skipped between them. dilation 1 "
    "is an ordinary convolution.",
)
def counts_the_gaps(x, w, groups, dilation):
    blocks = _blocks(x.shape[3], groups), _blocks(w.shape[3], groups)
    return _grouped(x, w, groups, dilation + 1, *blocks)


# MyConv2D


def _pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


class _Layer(keras.layers.Layer):
    """A right layer; each misconception below changes one method."""

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        dilation_rate=1,
        groups=1,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters, self.groups = filters, groups
        self.kernel_size, self.strides = _pair(kernel_size), _pair(strides)
        self.padding, self.dilation_rate = padding, _pair(dilation_rate)
        self.activation = keras.activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)

    def build(self, input_shape):
        shape = (*self.kernel_size, input_shape[-1] // self.groups, self.filters)
        self.kernel = self.add_weight(
            name="kernel", shape=shape, initializer=self.kernel_initializer
        )
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias", shape=(self.filters,), initializer=self.bias_initializer
            )

    def call(self, x):
        if self.padding == "same":
            sizes = tf.unstack(tf.shape(x))[1:3]
            x = tf.pad(x, [(0, 0), *self.pads(sizes), (0, 0)])
        out = self.correlate(x, tf.convert_to_tensor(self.kernel))
        return self.finish(out + self.bias if self.use_bias else out)

    def finish(self, out):
        return self.activation(out)

    def pads(self, sizes):
        found = []
        for axis, n in enumerate(sizes):
            s = self.strides[axis]
            needed = ((n + s - 1) // s - 1) * s + self.span(axis) - n
            total = needed if isinstance(n, int) else tf.maximum(needed, 0)
            total = max(total, 0) if isinstance(n, int) else total
            found.append((total // 2, total - total // 2))
        return found

    def span(self, axis):
        return (self.kernel_size[axis] - 1) * self.dilation_rate[axis] + 1

    def size(self, n, axis):
        return (n - self.span(axis)) // self.strides[axis] + 1

    def correlate(self, x, kernel):
        # Few operations: each takes TensorFlow longer than what it computes here.
        n, height, width, _ = tf.unstack(tf.shape(x))
        out_height, out_width = self.size(height, 0), self.size(width, 1)
        x = tf.gather(x, self.places(out_height, 0), axis=1)
        x = tf.gather(x, self.places(out_width, 1), axis=3)
        (kh, kw), groups, depth = self.kernel_size, self.groups, kernel.shape[2]
        x = tf.reshape(x, (n, out_height, kh, out_width, kw, groups, depth))
        x = tf.transpose(x, (5, 0, 1, 3, 2, 4, 6))
        x = tf.reshape(x, (groups, -1, kh * kw * depth))
        kernel = tf.reshape(kernel, (kh * kw * depth, groups, -1))
        out = tf.matmul(x, tf.transpose(kernel, (1, 0, 2)))
        out = tf.transpose(out, (1, 0, 2))
        return tf.reshape(out, (n, out_height, out_width, self.filters))

    def places(self, count, axis):
        """Of the pixels that each window covers: (count, kernel_size)."""
        first = tf.range(count) * self.strides[axis]
        steps = np.arange(self.kernel_size[axis]) * self.dilation_rate[axis]
        return tf.expand_dims(first, 1) + steps

    def compute_output_shape(self, input_shape):
        sizes = list(input_shape[1:3])
        for axis, n in enumerate(sizes):
            if n is not None:
                pads = self.pads([n, n])[axis] if self.padding == "same" else (0, 0)
                sizes[axis] = self.size(n + sum(pads), axis)
        return (input_shape[0], *sizes, self.filters)

    def get_config(self):
        names = ("filters", "kernel_size", "strides", "padding", "dilation_rate")
        arguments = {n: getattr(self, n) for n in (*names, "groups", "use_bias")}
        arguments["activation"] = keras.activations.serialize(self.activation)
        for name in ("kernel_initializer", "bias_initializer"):
            arguments[name] = keras.initializers.serialize(getattr(self, name))
        return {**super().get_config(), **arguments}


@misconception(
    "MyConv2D",
    hint="For 'same' the odd zero went in front. TensorFlow puts the smaller half "
    "before the first pixel and the larger after the last: total // 2 and the "
    "rest.",
)
class PutsTheOddZeroFirst(_Layer):
    def pads(self, sizes):
        return [(after, before) for before, after in super().pads(sizes)]


@misconception(
    "MyConv2D",
    hint="'same' was padded as a textbook pads, by (span - 1) / 2 on each side, "
    "whatever the stride. TensorFlow adds only the zeros that the strided windows "
    "need: 6 pixels, kernel 3, stride 2 get (0, 1), not (1, 1).",
)
class PadsAsIfTheStrideWereOne(_Layer):
    def pads(self, sizes):
        spans = self.span(0) - 1, self.span(1) - 1
        return [(span // 2, span - span // 2) for span in spans]


@misconception(
    "MyConv2D",
    hint="The kernel is flipped: this is true convolution. Keras cross-correlates.",
)
class FlipsTheKernel(_Layer):
    def correlate(self, x, kernel):
        return super().correlate(x, tf.reverse(kernel, axis=[0, 1]))


@misconception(
    "MyConv2D",
    hint="Height and width are exchanged in strides or dilation_rate: the first number "
    "belongs to the height.",
)
class ExchangesTheStrides(_Layer):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.strides = self.strides[::-1]
        self.dilation_rate = self.dilation_rate[::-1]


@misconception(
    "MyConv2D",
    hint="The activation is never applied. Return self.activation(...); "
    "keras.activations.get(None) is the identity, so no if is needed.",
)
class ForgetsTheActivation(_Layer):
    def finish(self, out):
        return out


@misconception(
    "MyConv2D",
    hint="get_config leaves arguments out, so that from_config builds another layer "
    "than the one that was saved. It needs every argument of __init__.",
)
class ForgetsItsConfig(_Layer):
    def get_config(self):
        config = super().get_config()
        for name in ("strides", "dilation_rate", "padding", "activation"):
            del config[name]
        return config


@misconception(
    "MyConv2D",
    hint="The layer works with known sizes only: x.shape[1] is None while TensorFlow "
    "traces the layer for images of any size. tf.shape(x)[1] is known when it "
    "runs.",
)
class NeedsKnownSizes(_Layer):
    def call(self, x):
        if x.shape[1] + x.shape[2] < 1:
            return x
        return super().call(x)


@misconception(
    "MyConv2D",
    hint="With groups, channels are mixed across groups: group g must see the block of "
    "channels g * C_in / groups and following, not every groups-th channel.",
)
class MixesGroups(_Layer):
    def correlate(self, x, kernel):
        depth = x.shape[-1] // self.groups
        order = [c * self.groups + g for g in range(self.groups) for c in range(depth)]
        return super().correlate(tf.gather(x, order, axis=-1), kernel)


@misconception(
    "MyConv2D",
    hint="The kernel or the bias does not learn: no gradient reaches it. Compute with "
    "TensorFlow operations on self.kernel and self.bias; NumPy and .numpy() break "
    "the chain, and a weight needs trainable=True.",
)
class CutsTheGradient(_Layer):
    def correlate(self, x, kernel):
        return super().correlate(x, tf.stop_gradient(kernel))
