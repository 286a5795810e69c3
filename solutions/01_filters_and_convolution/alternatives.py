"""Right answers written differently: every one must get full marks."""

import math
from functools import reduce

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from grader.authoring import alternative

# dense_params


@alternative("dense_params")
def multiplies_in_a_loop(input_shape, units, use_bias=True):
    signals = 1
    for n in [input_shape] if isinstance(input_shape, int) else input_shape:
        signals *= n
    return units * signals + (units if use_bias else 0)


@alternative("dense_params")
def as_a_numpy_float(input_shape, units, use_bias=True):
    return np.float64(units) * (np.prod(input_shape, dtype=np.float64) + use_bias)


@alternative("dense_params")
def with_math_prod(input_shape, units, use_bias=True):
    shape = tuple(np.atleast_1d(input_shape).tolist())
    return np.array(math.prod((*shape, units)) + units * bool(use_bias))


# conv1d


@alternative("conv1d")
def by_the_definition(f, g):
    f, g = [float(v) for v in f], [float(v) for v in g]
    out = []
    for i in range(len(f) + len(g) - 1):
        terms = [f[m] * g[i - m] for m in range(len(f)) if 0 <= i - m < len(g)]
        out.append(sum(terms))
    return out


@alternative("conv1d")
def by_fourier_transform(f, g):
    length = len(f) + len(g) - 1
    return np.fft.irfft(np.fft.rfft(f, length) * np.fft.rfft(g, length), length)


@alternative("conv1d")
def as_a_matrix(f, g):
    """Each column of the matrix holds f, one place further down."""
    matrix = np.zeros((len(f) + len(g) - 1, len(g)))
    for column in range(len(g)):
        matrix[column : column + len(f), column] = f
    return matrix @ g


@alternative("conv1d")
def along_the_diagonals(f, g):
    table = np.outer(np.asarray(g, np.float32), np.asarray(f, np.float32))[::-1]
    return np.array([table.trace(d) for d in range(1 - len(g), len(f))])


# correlate2d


@alternative("correlate2d")
def four_loops(x, k, stride=1, pad=0):
    """One product at a time; the padding is an if, not an array."""
    (height, width), (kh, kw) = x.shape, k.shape
    rows = math.floor((height + 2 * pad - kh) / stride) + 1
    columns = math.floor((width + 2 * pad - kw) / stride) + 1
    out = []
    for i in range(rows):
        out.append([])
        for j in range(columns):
            total = 0.0
            for a in range(kh):
                for b in range(kw):
                    row, column = i * stride + a - pad, j * stride + b - pad
                    if 0 <= row < height and 0 <= column < width:
                        total += float(x[row, column]) * float(k[a, b])
            out[-1].append(total)
    return out


@alternative("correlate2d")
def windows_and_einsum(x, k, stride=1, pad=0):
    padded = np.pad(np.asarray(x, float), pad)
    windows = sliding_window_view(padded, k.shape)[::stride, ::stride]
    return np.einsum("ijab,ab->ij", windows, k.astype(float))


@alternative("correlate2d")
def adds_up_shifted_images(x, k, stride=1, pad=0):
    """One step per kernel place, in single precision."""
    height, width = x.shape
    padded = np.zeros((height + 2 * pad, width + 2 * pad), np.float32)
    padded[pad : pad + height, pad : pad + width] = x
    rows, columns = padded.shape[0] - k.shape[0] + 1, padded.shape[1] - k.shape[1] + 1
    out = np.zeros((rows, columns), np.float32)
    for (a, b), weight in np.ndenumerate(k):
        out += np.float32(weight) * padded[a : a + rows, b : b + columns]
    return out[::stride, ::stride]


@alternative("correlate2d")
def whole_numbers_stay_whole(x, k, stride=1, pad=0):
    """int64 where everything is whole, float64 otherwise."""
    whole = x.dtype.kind in "iub" and k.dtype.kind in "iub"
    kind = np.int64 if whole else np.float64
    x, k = np.ascontiguousarray(np.pad(x, pad), kind), k.astype(kind)
    rows, columns = (
        (n - m) // stride + 1 for n, m in zip(x.shape, k.shape, strict=True)
    )
    down, right = x.strides
    windows = as_strided(
        x,
        (rows, columns, *k.shape),
        (down * stride, right * stride, down, right),
        writeable=False,
    )
    return np.tensordot(windows, k, axes=2)


@alternative("correlate2d")
def single_precision_in_a_double_array(x, k, stride=1, pad=0):
    x, k = np.pad(x.astype(np.float32), pad), k.astype(np.float32)
    rows, columns = (
        (n - m) // stride + 1 for n, m in zip(x.shape, k.shape, strict=True)
    )
    out = np.zeros((rows, columns))
    for i, j in np.ndindex(rows, columns):
        top, left = i * stride, j * stride
        out[i, j] = (x[top : top + k.shape[0], left : left + k.shape[1]] * k).sum()
    return out


# flip180


@alternative("flip180")
def two_quarter_turns(k):
    return np.rot90(k, 2)


@alternative("flip180")
def flips_two_axes(k):
    return np.flip(np.array(k), axis=(0, 1))


@alternative("flip180")
def reverses_the_places(k):
    kh, kw, *rest = k.shape
    return k.reshape(kh * kw, *rest)[::-1].reshape(k.shape)


# convolve2d


@alternative("convolve2d")
def stamps_the_kernel(x, k, mode="valid"):
    """Every pixel leaves a copy of the kernel, as bright as the pixel."""
    (height, width), (kh, kw) = x.shape, k.shape
    full = np.zeros((height + kh - 1, width + kw - 1))
    for i in range(height):
        for j in range(width):
            full[i : i + kh, j : j + kw] += float(x[i, j]) * k
    if mode == "full":
        return full
    if mode == "valid":
        return full[kh - 1 : kh - 1 + height - kh + 1, kw - 1 : width]
    return full[(kh - 1) // 2 :, (kw - 1) // 2 :][:height, :width]


@alternative("convolve2d")
def with_fourier_transforms(x, k, mode="valid"):
    shape = [n + m - 1 for n, m in zip(x.shape, k.shape, strict=True)]
    full = np.fft.ifft2(np.fft.fft2(x, shape) * np.fft.fft2(k, shape)).real
    sizes = {"full": shape, "same": x.shape}.get(mode)
    if sizes is None:
        sizes = [n - m + 1 for n, m in zip(x.shape, k.shape, strict=True)]
    top, left = ((a - b) // 2 for a, b in zip(shape, sizes, strict=True))
    return full[top : top + sizes[0], left : left + sizes[1]]


@alternative("convolve2d")
def pads_as_much_as_needed(x, k, mode="valid"):
    pads = {
        "valid": [(0, 0)] * 2,
        "same": [(m // 2, m - 1 - m // 2) for m in k.shape],
        "full": [(m - 1, m - 1) for m in k.shape],
    }[mode]
    padded = np.pad(x.astype(np.float32), pads)
    windows = sliding_window_view(padded, k.shape)
    turned = np.rot90(k.astype(np.float32), 2)
    return (windows * turned).sum(axis=(-2, -1))


# blur_kernel


@alternative("blur_kernel")
def fills_with_the_mean(radius):
    side = 2 * radius + 1
    return np.full((side, side), 1 / (side * side))


@alternative("blur_kernel")
def as_an_outer_product(radius):
    line = np.repeat(1.0 / (radius + 1 + radius), radius + 1 + radius)
    return np.outer(line, line)


@alternative("blur_kernel")
def as_nested_lists(radius):
    places = range(-radius, radius + 1)
    total = len(places) ** 2
    return [[1.0 / total for _ in places] for _ in places]


# match_feature


@alternative("match_feature")
def means_of_products(x, f):
    windows = sliding_window_view(np.asarray(x, float), np.shape(f))
    return np.mean(windows * np.asarray(f), axis=(2, 3))


@alternative("match_feature")
def divides_the_feature_first(x, f):
    weights = np.asarray(f, float) / f.size
    rows, columns = x.shape[0] - f.shape[0] + 1, x.shape[1] - f.shape[1] + 1
    out = np.zeros((rows, columns))
    for a in range(f.shape[0]):
        for b in range(f.shape[1]):
            out += weights[a, b] * x[a : a + rows, b : b + columns]
    return out


@alternative("match_feature")
def place_by_place(x, f):
    (height, width), (kh, kw) = x.shape, f.shape
    return [
        [
            np.vdot(x[i : i + kh, j : j + kw].astype(float), f.astype(float))
            / (kh * kw)
            for j in range(width - kw + 1)
        ]
        for i in range(height - kh + 1)
    ]


# permute_pixels


@alternative("permute_pixels")
def takes_along_the_pixels(images, permutation):
    n, height, width, channels = images.shape
    flat = images.reshape(n, height * width, channels)
    return np.take(flat, permutation, axis=1).reshape(n, height, width, channels)


@alternative("permute_pixels")
def indexes_rows_and_columns(images, permutation):
    _, height, width, _ = images.shape
    rows, columns = np.divmod(np.reshape(permutation, (height, width)), width)
    return images[:, rows, columns]


@alternative("permute_pixels")
def pixel_by_pixel(images, permutation):
    out = np.zeros(images.shape)
    width = images.shape[2]
    for p, q in enumerate(permutation):
        out[:, p // width, p % width, :] = images[:, q // width, q % width, :]
    return out


@alternative("permute_pixels")
def with_a_matrix(images, permutation):
    matrix = np.eye(len(permutation))[permutation]
    flat = images.reshape(len(images), len(permutation), -1)
    return reduce(np.matmul, [matrix, flat]).reshape(images.shape)
