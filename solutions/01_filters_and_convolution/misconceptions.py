"""Mistakes that students make in this assignment, with a hint for each.

Every function is wrong in one way and right in all others, so that a submission with
that mistake gives the same numbers and gets the hint.
"""

import numpy as np

from grader.authoring import misconception


def _signals(input_shape):
    return int(np.prod(input_shape))


def _conv1d(f, g):
    f, g = np.asarray(f, float), np.asarray(g, float)
    out = np.zeros(len(f) + len(g) - 1)
    for m, weight in enumerate(g):
        out[m : m + len(f)] += weight * f
    return out


def _correlate(x, k, stride=1, pad=((0, 0), (0, 0))):
    x, k = np.pad(np.asarray(x, float), pad), np.asarray(k, float)
    (height, width), (kh, kw) = x.shape, k.shape
    rows, columns = (height - kh) // stride + 1, (width - kw) // stride + 1
    out = np.zeros((max(rows, 0), max(columns, 0)))
    for i, j in np.ndindex(*out.shape):
        window = x[i * stride : i * stride + kh, j * stride : j * stride + kw]
        out[i, j] = np.sum(window * k)
    return out


# dense_params


@misconception(
    "dense_params",
    hint="The biases are missing (or are not left out where use_bias=False): a layer "
    "has one bias per unit, besides its weights.",
)
def forgets_the_biases(input_shape, units, use_bias=True):
    return _signals(input_shape) * units


@misconception(
    "dense_params",
    hint="You counted one bias for the whole layer. Every unit has a bias of its own, "
    "so a layer with 1000 units has 1000.",
)
def one_bias_for_all(input_shape, units, use_bias=True):
    return _signals(input_shape) * units + int(use_bias)


@misconception(
    "dense_params",
    hint="This is the slip of the slide that says 3M: the weights of ONE unit. Every "
    "unit looks at every input number with weights of its own.",
)
def counts_one_unit(input_shape, units, use_bias=True):
    return _signals(input_shape) + (units if use_bias else 0)


@misconception(
    "dense_params",
    hint="The channels got lost: a dense layer sees the flattened image, and a colour "
    "image of 100 by 100 pixels flattens to 30,000 numbers, not 10,000.",
)
def forgets_the_channels(input_shape, units, use_bias=True):
    shape = (input_shape,) if isinstance(input_shape, int) else tuple(input_shape)
    pixels = _signals(shape[:2])
    return (pixels + int(use_bias)) * units


@misconception(
    "dense_params",
    hint="The count went past what 32 bits hold (about 2.1 billion) and is wrong. "
    "Count with Python's own ints, which never overflow, or with int64.",
)
def counts_in_32_bits(input_shape, units, use_bias=True):
    total = (_signals(input_shape) + int(use_bias)) * units
    return int(np.array(total).astype(np.int32))


# conv1d


@misconception(
    "conv1d",
    hint="This is cross-correlation: neither sequence was turned around. In (f * g)[i]"
    " the two indices add up to i: where m grows, i - m falls. Try f = [0, 0, 1, "
    "0]: a convolution copies g in its own order.",
)
def correlates_sequences(f, g):
    return _conv1d(f, np.asarray(g)[::-1])


@misconception(
    "conv1d",
    hint="You kept only the places where the sequences overlap completely. The full "
    "convolution has n + k - 1 numbers: outside, a sequence counts as zero.",
)
def full_overlap_only(f, g):
    n, k = sorted((len(f), len(g)))
    return _conv1d(f, g)[n - 1 : k]


@misconception(
    "conv1d",
    hint="Your result has the length of f. That is the middle of the convolution; the "
    "full one has n + k - 1 numbers, so that f * g equals g * f.",
)
def as_long_as_f(f, g):
    start = (len(g) - 1) // 2
    return _conv1d(f, g)[start : start + len(f)]


@misconception(
    "conv1d",
    hint="The indices went round in a circle: a negative index in Python counts from "
    "the end, but f[-1] in the formula is a number before the first, and that is "
    "0.",
)
def goes_round_in_a_circle(f, g):
    out = _conv1d(f, g)
    around = np.zeros_like(out)
    f, g = np.asarray(f, float), np.asarray(g, float)
    for i in range(len(out)):
        for m in range(len(g)):
            if i - m < len(f) and m - i <= len(f):
                around[i] += f[i - m] * g[m]
    return around


@misconception(
    "conv1d",
    hint="Bytes wrapped around: a uint8 goes from 0 to 255, and 200 * 3 is not in it. "
    "Turn both sequences into floats before the first product.",
)
def wraps_bytes_in_sequences(f, g):
    f, g = np.asarray(f), np.asarray(g)
    if f.dtype.kind in "iu" and g.dtype.kind in "iu":
        return _conv1d(f, g).astype(np.int64).astype(np.result_type(f, g))
    return _conv1d(f, g)


# correlate2d


@misconception(
    "correlate2d",
    hint="This is true convolution: you turned the kernel by 180 degrees. Here k[a, b]"
    " meets the pixel a rows below and b columns right of the window's corner.",
)
def turns_the_kernel(x, k, stride=1, pad=0):
    return _correlate(x, np.asarray(k)[::-1, ::-1], stride, pad)


@misconception(
    "correlate2d",
    hint="Rows and columns of the map are exchanged. Axis 0 of an image goes down, "
    "axis 1 to the right, and the map keeps that order. A square image would not "
    "tell.",
)
def exchanges_height_and_width(x, k, stride=1, pad=0):
    return _correlate(x, k, stride, pad).T


@misconception(
    "correlate2d",
    hint="The stride makes the map smaller, but your windows still start at (i, j): "
    "the window of output (i, j) starts at row i * stride, column j * stride.",
)
def steps_by_one(x, k, stride=1, pad=0):
    rows, columns = _correlate(x, k, stride, pad).shape
    return _correlate(x, k, 1, pad)[:rows, :columns]


@misconception(
    "correlate2d",
    hint="The stride is ignored: you computed the map of stride 1.",
)
def ignores_the_stride(x, k, stride=1, pad=0):
    return _correlate(x, k, 1, pad)


@misconception(
    "correlate2d",
    hint="All zeros went to the bottom and the right. pad zeros belong on each of the "
    "four sides.",
)
def pads_two_sides(x, k, stride=1, pad=0):
    return _correlate(x, k, stride, ((0, 2 * pad), (0, 2 * pad)))


@misconception(
    "correlate2d",
    hint="pad zeros were shared between the two sides, or went to one side only: the "
    "map is too small. pad counts the zeros on EACH side, so a line grows by 2 * "
    "pad.",
)
def pads_half(x, k, stride=1, pad=0):
    return _correlate(x, k, stride, ((0, pad), (0, pad)))


@misconception(
    "correlate2d",
    hint="The border repeats the image's edge. Padding here means zeros.",
)
def repeats_the_edge(x, k, stride=1, pad=0):
    return _correlate(np.pad(x, pad, mode="edge"), k, stride)


@misconception(
    "correlate2d",
    hint="The map is one too large where the stride leaves a remainder: you rounded "
    "the size up. A window that would stick out is not computed, so the division "
    "floors.",
)
def rounds_the_size_up(x, k, stride=1, pad=0):
    missing = [
        -(n + 2 * pad - size) % stride
        for n, size in zip(np.shape(x), np.shape(k), strict=True)
    ]
    return _correlate(x, k, stride, [(pad, pad + extra) for extra in missing])


@misconception(
    "correlate2d",
    hint="Bytes wrapped around: photographs are uint8, from 0 to 255, and 8 - 24 is "
    "not in that range. Turn image and kernel into floats first, and let the map "
    "be one of floats too.",
)
def wraps_bytes(x, k, stride=1, pad=0):
    out = _correlate(x, k, stride, pad)
    if np.asarray(x).dtype.kind in "iu":
        return out.astype(np.int64).astype(np.asarray(x).dtype)
    return out


@misconception(
    "correlate2d",
    hint="The map is one of floats, but the products were still products of bytes, and "
    "200 * 2 is not a byte. Turn image and kernel into floats before they meet.",
)
def multiplies_bytes(x, k, stride=1, pad=0):
    x, k = np.pad(x, pad), np.asarray(k)
    (height, width), (kh, kw) = x.shape, k.shape
    out = np.zeros(((height - kh) // stride + 1, (width - kw) // stride + 1))
    for i, j in np.ndindex(*out.shape):
        window = x[i * stride : i * stride + kh, j * stride : j * stride + kw]
        out[i, j] = np.sum(window * k)
    return out


# flip180


@misconception(
    "flip180",
    hint="This is the transpose. Some slides say so, and it is a slip: a transpose "
    "mirrors at the diagonal, so k[0, 1] goes to [1, 0]. A turn by 180 degrees "
    "sends every number to the opposite place, through the centre.",
)
def transposes(k):
    return np.swapaxes(k, 0, 1)


@misconception(
    "flip180",
    hint="You mirrored left and right only. A turn by 180 degrees mirrors up and down "
    "as well. The lecture's kernel g equals itself upside down and hides this.",
)
def mirrors_left_and_right(k):
    return np.asarray(k)[:, ::-1]


@misconception(
    "flip180",
    hint="You mirrored up and down only. A turn by 180 degrees mirrors left and right "
    "as well.",
)
def mirrors_up_and_down(k):
    return np.asarray(k)[::-1]


@misconception(
    "flip180",
    hint="This is a quarter turn, 90 degrees. Two of them make 180.",
)
def turns_a_quarter(k):
    return np.rot90(k)


@misconception(
    "flip180",
    hint="Channels and filters were reversed too. The turn happens in the plane: only "
    "the first two axes of a kernel (kh, kw, C, F) are places.",
)
def turns_the_channels_too(k):
    return np.flip(k)


# convolve2d


def _convolve(x, k, mode, turn=lambda k: k[::-1, ::-1]):
    (height, width), (kh, kw) = np.shape(x), np.shape(k)
    full = _correlate(x, turn(np.asarray(k)), 1, ((kh - 1,) * 2, (kw - 1,) * 2))
    if mode == "full":
        return full
    if mode == "same":
        top, left = (kh - 1) // 2, (kw - 1) // 2
        return full[top : top + height, left : left + width]
    return full[kh - 1 : height, kw - 1 : width]


@misconception(
    "convolve2d",
    hint="This is cross-correlation: the kernel was not turned. A true convolution "
    "turns it by 180 degrees before it slides. A single 1 in the image should "
    "copy the kernel as it is, not turned.",
)
def does_not_turn(x, k, mode="valid"):
    return _convolve(x, k, mode, turn=lambda k: k)


@misconception(
    "convolve2d",
    hint="The kernel was mirrored left and right only. Test with a kernel without any "
    "symmetry: the lecture's g equals itself upside down and cannot tell the "
    "difference.",
)
def mirrors_one_axis(x, k, mode="valid"):
    return _convolve(x, k, mode, turn=lambda k: k[:, ::-1])


@misconception(
    "convolve2d",
    hint="'same' starts one pixel off for an even kernel: the middle of the full "
    "result starts at row (kh - 1) // 2 and column (kw - 1) // 2.",
)
def same_starts_late(x, k, mode="valid"):
    if mode != "same":
        return _convolve(x, k, mode)
    (height, width), (kh, kw) = np.shape(x), np.shape(k)
    full = _convolve(x, k, "full")
    return full[kh // 2 : kh // 2 + height, kw // 2 : kw // 2 + width]


@misconception(
    "convolve2d",
    hint="'full' gave the result of 'same'. Full starts where the kernel touches the "
    "image with one corner, so each axis has n + k - 1 places, with k - 1 zeros "
    "on both sides.",
)
def full_is_same(x, k, mode="valid"):
    return _convolve(x, k, "same" if mode == "full" else mode)


@misconception(
    "convolve2d",
    hint="Rows were padded by the kernel's width, columns by its height. Axis 0 goes "
    "down: it needs kh - 1 zeros, and axis 1 needs kw - 1. Only a square kernel "
    "hides this.",
)
def exchanges_the_paddings(x, k, mode="valid"):
    if mode == "valid":
        return _convolve(x, k, mode)
    (height, width), (kh, kw) = np.shape(x), np.shape(k)
    turned = np.asarray(k)[::-1, ::-1]
    full = _correlate(x, turned, 1, ((kw - 1,) * 2, (kh - 1,) * 2))
    if mode == "full":
        return full
    top, left = (kw - 1) // 2, (kh - 1) // 2
    return full[top : top + height, left : left + width]


@misconception(
    "convolve2d",
    hint="'same' repeats the image's edge. Outside, the image counts as zero.",
)
def same_repeats_the_edge(x, k, mode="valid"):
    if mode != "same":
        return _convolve(x, k, mode)
    pads = [(size // 2, (size - 1) // 2) for size in np.shape(k)]
    return _convolve(np.pad(x, pads, mode="edge"), k, "valid")


# blur_kernel


@misconception(
    "blur_kernel",
    hint="All weights are 1: the kernel adds up instead of taking the mean, and the "
    "picture turns white. The weights must sum to 1.",
)
def sums_instead_of_averaging(radius):
    return np.ones((2 * radius + 1, 2 * radius + 1))


@misconception(
    "blur_kernel",
    hint="You divided by the side of the square. The mean is over all its pixels, and "
    "these are (2 * radius + 1) squared.",
)
def divides_by_the_side(radius):
    side = 2 * radius + 1
    return np.ones((side, side)) / side


@misconception(
    "blur_kernel",
    hint="The square is 2 * radius wide: the pixel in the middle was forgotten. radius"
    " pixels to the left, radius to the right, and one more.",
)
def forgets_the_middle(radius):
    side = max(2 * radius, 1)
    return np.ones((side, side)) / side**2


@misconception(
    "blur_kernel",
    hint="You took the radius for the size. It is the distance from the middle to the "
    "edge: radius 2 gives a square of 5 by 5 pixels.",
)
def takes_the_radius_for_the_size(radius):
    side = max(radius, 1)
    return np.ones((side, side)) / side**2


# match_feature


@misconception(
    "match_feature",
    hint="The sums were not divided: a perfect match must give 1, whatever the "
    "feature's size.",
)
def does_not_divide(x, f):
    return _correlate(x, f)


@misconception(
    "match_feature",
    hint="You divided by 9. That is the lecture's feature of 3 by 3 pixels; another "
    "feature has another number of pixels.",
)
def always_divides_by_nine(x, f):
    return _correlate(x, f) / 9


@misconception(
    "match_feature",
    hint="The feature was turned by 180 degrees. To compare, align it as it is. (The "
    "lecture's three features look the same turned, so they do not tell.)",
)
def turns_the_feature(x, f):
    return _correlate(x, np.asarray(f)[::-1, ::-1]) / np.size(f)


@misconception(
    "match_feature",
    hint="You counted equal pixels. The mean product is something else: a pixel that "
    "differs counts -1, not 0, so 7 of 9 right gives 5/9.",
)
def counts_equal_pixels(x, f):
    x, f = np.asarray(x), np.asarray(f)
    (height, width), (kh, kw) = x.shape, f.shape
    out = np.zeros((height - kh + 1, width - kw + 1))
    for i, j in np.ndindex(*out.shape):
        out[i, j] = np.mean(x[i : i + kh, j : j + kw] == f)
    return out


@misconception(
    "match_feature",
    hint="You cut the numbers off after two decimals, as the slide prints them. "
    "Cutting and rounding are for printing; a function returns what it has "
    "computed.",
)
def cuts_decimals_off(x, f):
    return np.trunc(np.round(_correlate(x, f) / np.size(f) * 100, 6)) / 100


@misconception(
    "match_feature",
    hint="You rounded to two decimals. Rounding is for printing; a function returns "
    "what it has computed.",
)
def rounds_to_two_decimals(x, f):
    return np.round(_correlate(x, f) / np.size(f), 2)


# permute_pixels


def _as_rows(images):
    images = np.asarray(images)
    return images.reshape(len(images), images.shape[1] * images.shape[2], -1)


@misconception(
    "permute_pixels",
    hint="You sent pixels where you should have fetched them: this is the inverse "
    "permutation. Pixel p of the result is pixel permutation[p] of the image.",
)
def sends_instead_of_fetching(images, permutation):
    out = np.empty_like(np.asarray(images))
    rows = _as_rows(out)
    rows[:, np.asarray(permutation)] = _as_rows(images)
    return rows.reshape(np.shape(images))


@misconception(
    "permute_pixels",
    hint="Pixels were numbered column by column. Pixel number p stands at row p // W, "
    "column p % W: along the rows, as NumPy's reshape reads. Only W = 1 or H = 1 "
    "hides this.",
)
def numbers_by_columns(images, permutation):
    images = np.swapaxes(images, 1, 2)
    out = _as_rows(images)[:, permutation].reshape(images.shape)
    return np.swapaxes(out, 1, 2)


@misconception(
    "permute_pixels",
    hint="Every image was shuffled in its own way. With one shuffle for all, a pixel "
    "still means the same thing in every image; with many, nothing can be "
    "learned.",
)
def shuffles_each_image_differently(images, permutation):
    rows = [
        image[np.roll(permutation, number)]
        for number, image in enumerate(_as_rows(images))
    ]
    return np.reshape(rows, np.shape(images))


@misconception(
    "permute_pixels",
    hint="The pixels are where they were: the result of the indexing was not used, or "
    "only copied back.",
)
def changes_nothing(images, permutation):
    return np.array(images)


@misconception(
    "permute_pixels",
    hint="The result is flat: give it the shape of images again, (N, H, W, C).",
)
def leaves_it_flat(images, permutation):
    return _as_rows(images)[:, permutation].reshape(len(images), -1)
