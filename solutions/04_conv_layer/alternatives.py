"""Right answers written differently: every one must get full marks."""

import keras
import numpy as np
import tensorflow as tf
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from grader.authoring import alternative


def _windows(x, kernel_size, stride, pad):
    """(N, H_out, W_out, C, kh, kw): a view, nothing is copied but the padding."""
    x = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    return sliding_window_view(x, kernel_size, axis=(1, 2))[:, ::stride, ::stride]


# conv_forward_naive


@alternative("conv_forward_naive")
def seven_loops(x, w, b, stride, pad):
    """One product at a time; the padding is an if, not an array."""
    images, height, width, _ = x.shape
    kh, kw, channels, filters = w.shape
    out_h = int(np.floor((height + 2 * pad - kh) / stride)) + 1
    out_w = int(np.floor((width + 2 * pad - kw) / stride)) + 1
    out = np.zeros((images, out_h, out_w, filters))
    for n in range(images):
        for f in range(filters):
            for i in range(out_h):
                for j in range(out_w):
                    total = float(b[f])
                    for a in range(kh):
                        for c in range(kw):
                            row, column = i * stride + a - pad, j * stride + c - pad
                            if 0 <= row < height and 0 <= column < width:
                                for k in range(channels):
                                    total += x[n, row, column, k] * w[a, c, k, f]
                    out[n, i, j, f] = total
    return out, (x, w, b, stride, pad)


@alternative("conv_forward_naive")
def einsum_over_windows(x, w, b, stride, pad):
    windows = _windows(x, w.shape[:2], stride, pad)
    out = np.einsum("nijcab,abcf->nijf", windows, w, optimize=True) + b
    return out, {"x": x, "w": w, "b": b, "stride": stride, "pad": pad}


@alternative("conv_forward_naive")
def in_single_precision(x, w, b, stride, pad):
    """float32 all through, whatever comes in; a cache with one thing."""
    windows = _windows(x.astype(np.float32), w.shape[:2], stride, pad)
    out = np.tensordot(windows, w.astype(np.float32), axes=([4, 5, 3], [0, 1, 2]))
    return out + b.astype(np.float32), [x, w, b, stride, pad]


# conv_backward_naive: the cache is the reference's (x, w, b, stride, pad)


@alternative("conv_backward_naive")
def gathers_per_kernel_place(dout, cache):
    x, w, _, stride, pad = cache
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    _, out_h, out_w, _ = dout.shape
    for a in range(w.shape[0]):
        for c in range(w.shape[1]):
            rows = slice(a, a + stride * out_h, stride)
            columns = slice(c, c + stride * out_w, stride)
            seen = padded[:, rows, columns][:, :out_h, :out_w]
            dw[a, c] = np.tensordot(seen, dout, axes=((0, 1, 2), (0, 1, 2)))
            dpadded[:, rows, columns][:, :out_h, :out_w] += dout @ w[a, c].T
    end_h, end_w = pad + x.shape[1], pad + x.shape[2]
    return dpadded[:, pad:end_h, pad:end_w], dw, np.einsum("nijf->f", dout)


@alternative("conv_backward_naive")
def convolves_the_spread_out_gradient(dout, cache):
    """dx as a full correlation of the dilated dout with the flipped kernel."""
    x, w, _, stride, pad = cache
    (images, height, width, _), (kh, kw, _, filters) = x.shape, w.shape
    shape = (images, height + 2 * pad + kh - 1, width + 2 * pad + kw - 1, filters)
    spread = np.zeros(shape, dout.dtype)
    rows = slice(kh - 1, kh - 1 + stride * dout.shape[1], stride)
    columns = slice(kw - 1, kw - 1 + stride * dout.shape[2], stride)
    spread[:, rows, columns][:, : dout.shape[1], : dout.shape[2]] = dout
    windows = sliding_window_view(spread, (kh, kw), axis=(1, 2))
    dx = np.einsum("nijfab,abcf->nijc", windows, w[::-1, ::-1], optimize=True)
    seen = _windows(x, (kh, kw), stride, pad)
    dw = np.einsum("nijcab,nijf->abcf", seen, dout, optimize=True)
    return dx[:, pad : pad + height, pad : pad + width], dw, dout.sum((0, 1, 2))


@alternative("conv_backward_naive")
def backward_in_single_precision(dout, cache):
    x, w, _, stride, pad = cache
    dout, w = dout.astype(np.float32), w.astype(np.float32)
    seen = _windows(x.astype(np.float32), w.shape[:2], stride, pad)
    dw = np.einsum("nijcab,nijf->abcf", seen, dout)
    _, height, width, _ = x.shape
    dx = np.zeros(x.shape, np.float32)
    for n, i, j in np.ndindex(*dout.shape[:3]):
        stamp = w @ dout[n, i, j]
        for a, c in np.ndindex(*w.shape[:2]):
            row, column = i * stride + a - pad, j * stride + c - pad
            if 0 <= row < height and 0 <= column < width:
                dx[n, row, column] += stamp[a, c]
    return dx, dw, dout.sum(axis=0).sum(axis=0).sum(axis=0)


# im2col


@alternative("im2col")
def sliding_windows(x, kernel_size, stride, pad):
    windows = _windows(x, kernel_size, stride, pad).transpose(0, 1, 2, 4, 5, 3)
    return windows.reshape(-1, kernel_size[0] * kernel_size[1] * x.shape[-1])


@alternative("im2col")
def raw_strides(x, kernel_size, stride, pad):
    x = np.ascontiguousarray(np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0))))
    (images, height, width, channels), (kh, kw) = x.shape, kernel_size
    sizes = ((height - kh) // stride + 1, (width - kw) // stride + 1)
    sn, sh, sw, sc = x.strides
    windows = as_strided(
        x,
        (images, *sizes, kh, kw, channels),
        (sn, sh * stride, sw * stride, sh, sw, sc),
        writeable=False,
    )
    return windows.reshape(images * sizes[0] * sizes[1], -1)


@alternative("im2col")
def row_by_row(x, kernel_size, stride, pad):
    kh, kw = kernel_size
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    rows = []
    for image in padded:
        for i in range(0, image.shape[0] - kh + 1, stride):
            for j in range(0, image.shape[1] - kw + 1, stride):
                rows.append(image[i : i + kh, j : j + kw].ravel())
    return np.array(rows)


# col2im


@alternative("col2im")
def window_by_window(cols, x_shape, kernel_size, stride, pad):
    images, height, width, channels = x_shape
    kh, kw = kernel_size
    out = np.zeros((images, height + 2 * pad, width + 2 * pad, channels))
    row = 0
    for n in range(images):
        for i in range(0, height + 2 * pad - kh + 1, stride):
            for j in range(0, width + 2 * pad - kw + 1, stride):
                out[n, i : i + kh, j : j + kw] += cols[row].reshape(kh, kw, channels)
                row += 1
    return out[:, pad : out.shape[1] - pad, pad : out.shape[2] - pad]


@alternative("col2im")
def adds_by_index(cols, x_shape, kernel_size, stride, pad):
    """np.add.at with the pixel numbers; padding has a bin of its own."""
    numbers = 1 + np.arange(np.prod(x_shape)).reshape(x_shape)
    owners = sliding_windows(numbers, kernel_size, stride, pad)
    bins = np.zeros(numbers.size + 1, cols.dtype)
    np.add.at(bins, owners.ravel(), cols.ravel())
    return bins[1:].reshape(x_shape)


# conv_forward_fast and conv_backward_fast


@alternative("conv_forward_fast")
def one_tensordot(x, w, b, stride, pad):
    windows = _windows(x, w.shape[:2], stride, pad)
    return np.tensordot(windows, w, axes=([3, 4, 5], [2, 0, 1])) + b, None


@alternative("conv_forward_fast")
def one_product_per_kernel_place(x, w, b, stride, pad):
    """Shifted images, no im2col matrix: less memory, nearly as fast."""
    kh, kw = w.shape[:2]
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    out_h = (padded.shape[1] - kh) // stride + 1
    out_w = (padded.shape[2] - kw) // stride + 1
    out = np.tile(b, (len(x), out_h, out_w, 1))
    for a in range(kh):
        for c in range(kw):
            seen = padded[:, a : a + stride * out_h : stride]
            seen = seen[:, :, c : c + stride * out_w : stride]
            out += seen[:, :out_h, :out_w] @ w[a, c]
    return out, (x, w)


# The cache is the reference's (cols, x_shape, w, stride, pad).


@alternative("conv_backward_fast")
def with_einsum(dout, cache):
    cols, x_shape, w, stride, pad = cache
    windows = cols.reshape(*dout.shape[:3], *w.shape[:3])
    dw = np.einsum("nijabc,nijf->abcf", windows, dout, optimize=True)
    dwindows = np.einsum("nijf,abcf->nijabc", dout, w, optimize=True)
    dcols = dwindows.reshape(cols.shape)
    dx = window_by_window(dcols, x_shape, w.shape[:2], stride, pad)
    return dx, dw, np.einsum("nijf->f", dout)


@alternative("conv_backward_fast")
def with_indices(dout, cache):
    cols, x_shape, w, stride, pad = cache
    flat = dout.reshape(len(cols), -1)
    weights = w.reshape(cols.shape[1], -1)
    dx = adds_by_index(flat @ weights.T, x_shape, w.shape[:2], stride, pad)
    return dx, np.reshape(cols.T @ flat, w.shape), np.ones(len(cols)) @ flat


# conv_grouped


@alternative("conv_grouped")
def one_einsum(x, w, groups, dilation):
    kh, kw, depth, filters = w.shape
    span = ((kh - 1) * dilation + 1, (kw - 1) * dilation + 1)
    windows = sliding_window_view(x, span, axis=(1, 2))[..., ::dilation, ::dilation]
    images, out_h, out_w = windows.shape[:3]
    windows = windows.reshape(images, out_h, out_w, groups, depth, kh, kw)
    kernels = w.reshape(kh, kw, depth, groups, filters // groups)
    out = np.einsum("nijgcab,abcgf->nijgf", windows, kernels, optimize=True)
    return out.reshape(images, out_h, out_w, filters)


@alternative("conv_grouped")
def filter_by_filter(x, w, groups, dilation):
    """Plain loops over places and filters; each filter finds its own channels."""
    kh, kw, depth, filters = w.shape
    out_h = x.shape[1] - dilation * (kh - 1)
    out_w = x.shape[2] - dilation * (kw - 1)
    out = np.zeros((len(x), out_h, out_w, filters), np.float32)
    for f in range(filters):
        first = (f * groups // filters) * depth
        for i in range(out_h):
            for j in range(out_w):
                rows = i + dilation * np.arange(kh)
                columns = j + dilation * np.arange(kw)
                window = x[:, rows][:, :, columns][..., first : first + depth]
                out[:, i, j, f] = (window * w[..., f]).sum(axis=(1, 2, 3))
    return out


@alternative("conv_grouped")
def splits_and_concatenates(x, w, groups, dilation):
    spread = np.zeros(
        [(k - 1) * dilation + 1 for k in w.shape[:2]] + list(w.shape[2:]), w.dtype
    )
    spread[::dilation, ::dilation] = w
    outputs = []
    pairs = zip(np.split(x, groups, -1), np.split(spread, groups, -1), strict=True)
    for image, kernel in pairs:
        windows = sliding_window_view(image, kernel.shape[:2], axis=(1, 2))
        outputs.append(np.tensordot(windows, kernel, axes=([4, 5, 3], [0, 1, 2])))
    return np.concatenate(outputs, axis=-1)


# MyConv2D


def _two(value):
    return (value, value) if isinstance(value, int) else tuple(value)


class _Arguments(keras.layers.Layer):
    """What the notebook gives, and weights, shapes and config."""

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
        self.arguments = {
            "filters": filters,
            "kernel_size": _two(kernel_size),
            "strides": _two(strides),
            "padding": padding,
            "dilation_rate": _two(dilation_rate),
            "groups": groups,
            "activation": activation,
            "use_bias": use_bias,
            "kernel_initializer": kernel_initializer,
            "bias_initializer": bias_initializer,
        }
        self.activation = keras.activations.get(activation)

    def get_config(self):
        return super().get_config() | self.arguments

    def build(self, input_shape):
        given = self.arguments
        depth, filters = input_shape[-1] // given["groups"], given["filters"]
        self.kernel = self.add_weight(
            shape=(*given["kernel_size"], depth, filters),
            initializer=given["kernel_initializer"],
        )
        self.bias = None
        if given["use_bias"]:
            self.bias = self.add_weight(
                shape=(filters,), initializer=given["bias_initializer"]
            )

    def _axis(self, axis):
        names = ("kernel_size", "strides", "dilation_rate")
        return (self.arguments[name][axis] for name in names)

    def compute_output_shape(self, input_shape):
        sizes = []
        for axis, n in enumerate(input_shape[1:3]):
            k, s, d = self._axis(axis)
            if n is None:
                sizes.append(None)
            elif self.arguments["padding"] == "same":
                sizes.append(-(-n // s))
            else:
                sizes.append((n - (k - 1) * d - 1) // s + 1)
        return (input_shape[0], *sizes, self.arguments["filters"])


@alternative("MyConv2D")
class GathersByIndex(_Arguments):
    """tf.gather of rows and columns, then one einsum for all groups."""

    def call(self, x):
        for axis in (0, 1):
            k, s, d = self._axis(axis)
            n = tf.shape(x)[2 * axis + 1]
            span = (k - 1) * d + 1
            count = (n - span) // s + 1
            if self.arguments["padding"] == "same":
                count = (n + s - 1) // s
                total = tf.maximum((count - 1) * s + span - n, 0)
                pads = [[0, 0]] * x.shape.rank
                pads[2 * axis + 1] = [total // 2, total - total // 2]
                x = tf.pad(x, pads)
            places = tf.range(count)[:, None] * s + tf.range(k)[None] * d
            x = tf.gather(x, places, axis=2 * axis + 1)
        groups, filters = self.arguments["groups"], self.arguments["filters"]
        kh, kw, depth, _ = self.kernel.shape
        shape = tf.shape(x)
        x = tf.reshape(x, tf.concat([shape[:5], [groups, depth]], 0))
        kernel = tf.reshape(self.kernel, (kh, kw, depth, groups, filters // groups))
        out = tf.einsum("niajbgc,abcgf->nijgf", x, kernel)
        out = tf.reshape(out, (shape[0], shape[1], shape[3], filters))
        return self.activation(out if self.bias is None else out + self.bias)


@alternative("MyConv2D")
class AddsShiftedImages(_Arguments):
    """Keras operations only; one product for each row of the kernel and each group."""

    def call(self, x):
        ops = keras.ops
        lengths = []
        for axis in (0, 1):
            k, s, d = self._axis(axis)
            n = ops.shape(x)[axis + 1]
            span = (k - 1) * d + 1
            if self.arguments["padding"] == "same":
                count = (n + s - 1) // s
                total = ops.maximum((count - 1) * s + span - n, 0)
                pads = [[0, 0]] * 4
                pads[axis + 1] = [total // 2, total - total // 2]
                x = tf.pad(x, pads)
            else:
                count = (n - span) // s + 1
            lengths.append((count - 1) * s + 1)
        (sh, sw), (dh, dw) = self.arguments["strides"], self.arguments["dilation_rate"]
        groups = self.arguments["groups"]
        outs = []
        for part, kernel in zip(
            ops.split(x, groups, axis=-1),
            ops.split(self.kernel, groups, axis=-1),
            strict=True,
        ):
            _, kw, depth, filters = kernel.shape
            out = 0.0
            for a, weights in enumerate(ops.unstack(kernel)):
                rows = part[:, a * dh : a * dh + lengths[0] : sh]
                columns = (slice(c * dw, c * dw + lengths[1], sw) for c in range(kw))
                taps = ops.concatenate([rows[:, :, cut] for cut in columns], axis=-1)
                out += taps @ ops.reshape(weights, (kw * depth, filters))
            outs.append(out)
        out = ops.concatenate(outs, axis=-1)
        return self.activation(out if self.bias is None else out + self.bias)
