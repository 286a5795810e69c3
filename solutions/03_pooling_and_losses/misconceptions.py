"""Mistakes that students make in this assignment, with a hint for each.

Every function is wrong in one way and right in all others, so that a submission with
that mistake gives the same numbers and gets the hint.
"""

import numpy as np

from grader.authoring import misconception


def _line(n, size, stride, padding):
    """How many windows lie on a line of n pixels, and where the first one starts."""
    if padding == "valid":
        return (n - size) // stride + 1, 0
    count = (n + stride - 1) // stride
    return count, -(max((count - 1) * stride + size - n, 0) // 2)


def _lines(shape, pool_size, stride, padding):
    pairs = zip(shape[1:3], pool_size, strict=True)
    return [_line(n, size, stride, padding) for n, size in pairs]


def _windows(shape, pool_size, stride, lines):
    """Output place (i, j), and the slices of the true pixels of its window."""
    (down, top), (right, left) = lines
    for i, j in np.ndindex(down, right):
        row, column = top + i * stride, left + j * stride
        yield (
            (i, j),
            (
                slice(max(row, 0), max(min(row + pool_size[0], shape[1]), 0)),
                slice(max(column, 0), max(min(column + pool_size[1], shape[2]), 0)),
            ),
        )


def _pool(x, pool_size, stride, padding, reduce, lines=None):
    """reduce(pixels of one window (N, h, w, C)) -> (N, C), for every window."""
    lines = lines or _lines(x.shape, pool_size, stride, padding)
    out = np.zeros((len(x), lines[0][0], lines[1][0], x.shape[3]), x.dtype)
    for (i, j), (rows, columns) in _windows(x.shape, pool_size, stride, lines):
        out[:, i, j] = reduce(x[:, rows, columns])
    return out


def _unpool(dout, x, pool_size, stride, padding, share):
    """share(window (N, h, w, C), dout (N, 1, 1, C)) -> its gradient, added up."""
    dx = np.zeros(x.shape, dout.dtype)
    lines = _lines(x.shape, pool_size, stride, padding)
    for (i, j), (rows, columns) in _windows(x.shape, pool_size, stride, lines):
        upstream = dout[:, i : i + 1, j : j + 1]
        dx[:, rows, columns] += share(x[:, rows, columns], upstream)
    return dx


def _padded(x, pool_size, stride, padding, value):
    """The image with its padding filled in, so that all windows are whole."""
    pads = []
    lines = _lines(x.shape, pool_size, stride, padding)
    for n, size, (count, first) in zip(x.shape[1:3], pool_size, lines, strict=True):
        pads.append((-first, max(first + (count - 1) * stride + size - n, 0)))
    return np.pad(x, ((0, 0), *pads, (0, 0)), constant_values=value)


def _maximum(pixels):
    return pixels.max(axis=(1, 2))


def _mean(pixels):
    return pixels.mean(axis=(1, 2))


def _first_winner(pixels):
    """1 at the first largest pixel of each image and channel, else 0."""
    n, height, width, channels = pixels.shape
    flat = pixels.reshape(n, height * width, channels)
    wins = np.arange(height * width)[:, None] == flat.argmax(axis=1)[:, None]
    return wins.reshape(pixels.shape)


# maxpool_forward


@misconception(
    "maxpool_forward",
    hint="Zeros of the padding win: where all pixels of a window at the edge are "
    "negative, your maximum is 0, a number that is not in the image. Padding is not "
    "part of it: take the maximum over the true pixels only.",
)
def zeros_of_the_padding_win(x, pool_size, stride, padding):
    padded = _padded(x, pool_size, stride, padding, 0)
    return _pool(padded, pool_size, stride, "valid", _maximum)


@misconception(
    "maxpool_forward",
    hint="Your windows never stick out: with same you dropped what is left over at the "
    "end. Same has ceil(n / stride) outputs; the last windows hold fewer pixels.",
)
def same_is_taken_for_valid(x, pool_size, stride, padding):
    return _pool(x, pool_size, stride, "valid", _maximum)


@misconception(
    "maxpool_forward",
    hint="With valid you rounded the number of windows up. A window that does not fit "
    "is not computed: the division is floored. (A 4x4 map from 7x7 with 2x2 windows "
    "and stride 2 is what same gives.)",
)
def valid_is_rounded_up(x, pool_size, stride, padding):
    if padding == "valid":
        lines = [
            (-(-(n - size) // stride) + 1, 0)
            for n, size in zip(x.shape[1:3], pool_size, strict=True)
        ]
        padded = np.pad(
            x, ((0, 0), (0, stride), (0, stride), (0, 0)), constant_values=-np.inf
        )
        return _pool(padded, pool_size, stride, padding, _maximum, lines)
    return _pool(x, pool_size, stride, padding, _maximum)


@misconception(
    "maxpool_forward",
    hint="With same the windows start at the wrong pixel: you put the odd pixel of the "
    "padding before the image. Half of the total, rounded down, goes before the first "
    "pixel; the larger half goes to the end.",
)
def larger_half_before(x, pool_size, stride, padding):
    lines = []
    for n, size in zip(x.shape[1:3], pool_size, strict=True):
        count, _ = _line(n, size, stride, padding)
        total = max((count - 1) * stride + size - n, 0)
        lines.append((count, -((total + 1) // 2)))
    return _pool(x, pool_size, stride, padding, _maximum, lines)


@misconception(
    "maxpool_forward",
    hint="With same all your windows start at pixel 0, so all of the padding is at the "
    "end. Half of the total (rounded down) goes before the first pixel.",
)
def all_padding_at_the_end(x, pool_size, stride, padding):
    lines = [(count, 0) for count, _ in _lines(x.shape, pool_size, stride, padding)]
    return _pool(x, pool_size, stride, padding, _maximum, lines)


@misconception(
    "maxpool_forward",
    hint="The maximum is taken over the channels too. Each channel is pooled by "
    "itself: only rows and columns, axes 1 and 2 of a window, are reduced.",
)
def mixes_the_channels(x, pool_size, stride, padding):
    def reduce(pixels):
        return pixels.max(axis=(1, 2, 3))[:, None]

    return _pool(x, pool_size, stride, padding, reduce)


@misconception(
    "maxpool_forward",
    hint="Rows and columns of the window are exchanged: pool_size is (ph, pw), ph "
    "rows high and pw columns wide. A square window would not tell.",
)
def window_lies_on_its_side(x, pool_size, stride, padding):
    return _pool(x, pool_size[::-1], stride, padding, _maximum)


@misconception(
    "maxpool_forward",
    hint="That is the mean of the window (average pooling), not its largest number.",
)
def takes_the_mean(x, pool_size, stride, padding):
    return _pool(x, pool_size, stride, padding, _mean)


@misconception(
    "maxpool_forward",
    hint="Your windows lie side by side whatever the stride: they step by their own "
    "size. The step is stride, in rows and in columns; where it is smaller than the "
    "window, windows overlap.",
)
def steps_by_the_window(x, pool_size, stride, padding):
    blocks = [
        (n - size) // stride + 1 if padding == "valid" else -(-n // stride)
        for n, size in zip(x.shape[1:3], pool_size, strict=True)
    ]
    out = np.full((len(x), *blocks, x.shape[3]), -np.inf)
    for i, j in np.ndindex(*blocks):
        window = x[:, i * pool_size[0] :, j * pool_size[1] :]
        window = window[:, : pool_size[0], : pool_size[1]]
        if window.size:
            out[:, i, j] = _maximum(window)
    return out


# maxpool_backward


@misconception(
    "maxpool_backward",
    hint="Where pixels of a window are equal, all of them get the whole gradient. The "
    "comparison pixel == maximum is true for each of them, and the gradient is "
    "multiplied. Only the first of them, reading row by row, wins.",
)
def every_equal_pixel_wins(dout, x, pool_size, stride, padding):
    def share(pixels, upstream):
        return (pixels == pixels.max(axis=(1, 2), keepdims=True)) * upstream

    return _unpool(dout, x, pool_size, stride, padding, share)


@misconception(
    "maxpool_backward",
    hint="Where pixels of a window are equal, you share the gradient among them. That "
    "is a possible rule, but not ours: the first of them, reading row by row, gets "
    "all of it.",
)
def equal_pixels_share(dout, x, pool_size, stride, padding):
    def share(pixels, upstream):
        equal = pixels == pixels.max(axis=(1, 2), keepdims=True)
        return equal * upstream / equal.sum(axis=(1, 2), keepdims=True)

    return _unpool(dout, x, pool_size, stride, padding, share)


@misconception(
    "maxpool_backward",
    hint="Where pixels of a window are equal, the last of them wins in your function. "
    "Look at the comparison (>= or >?): the first, reading row by row, must win.",
)
def the_last_of_equals_wins(dout, x, pool_size, stride, padding):
    def share(pixels, upstream):
        turned = _first_winner(pixels[:, ::-1, ::-1])
        return turned[:, ::-1, ::-1] * upstream

    return _unpool(dout, x, pool_size, stride, padding, share)


@misconception(
    "maxpool_backward",
    hint="Where pixels of a window are equal, the winner is the first reading column "
    "by column. Read row by row: the upper row first, in it from the left.",
)
def reads_column_by_column(dout, x, pool_size, stride, padding):
    def share(pixels, upstream):
        return _first_winner(pixels.swapaxes(1, 2)).swapaxes(1, 2) * upstream

    return _unpool(dout, x, pool_size, stride, padding, share)


@misconception(
    "maxpool_backward",
    hint="Where windows overlap, a pixel that wins in several of them keeps only the "
    "gradient of the last: you assigned instead of adding.",
)
def assigns_instead_of_adding(dout, x, pool_size, stride, padding):
    dx = np.zeros(x.shape, dout.dtype)
    lines = _lines(x.shape, pool_size, stride, padding)
    for (i, j), (rows, columns) in _windows(x.shape, pool_size, stride, lines):
        wins = _first_winner(x[:, rows, columns])
        upstream = dout[:, i : i + 1, j : j + 1]
        dx[:, rows, columns] = np.where(wins, upstream, dx[:, rows, columns])
    return dx


@misconception(
    "maxpool_backward",
    hint="You overwrite whole windows: where they overlap, the zeros of the next one "
    "erase what the last one left. Add the gradient of each window to dx.",
)
def later_windows_erase(dout, x, pool_size, stride, padding):
    dx = np.zeros(x.shape, dout.dtype)
    lines = _lines(x.shape, pool_size, stride, padding)
    for (i, j), (rows, columns) in _windows(x.shape, pool_size, stride, lines):
        wins = _first_winner(x[:, rows, columns])
        dx[:, rows, columns] = wins * dout[:, i : i + 1, j : j + 1]
    return dx


@misconception(
    "maxpool_backward",
    hint="Every pixel of a window gets its gradient, not just the winner. Nudging a "
    "pixel that is not the largest does not change the maximum: its gradient is 0.",
)
def everyone_wins(dout, x, pool_size, stride, padding):
    def share(pixels, upstream):
        return np.ones_like(pixels) * upstream

    return _unpool(dout, x, pool_size, stride, padding, share)


@misconception(
    "maxpool_backward",
    hint="One winner is found for all channels together. Each channel has its own "
    "winner: search along rows and columns only.",
)
def one_winner_for_all_channels(dout, x, pool_size, stride, padding):
    def share(pixels, upstream):
        best = pixels.max(axis=3, keepdims=True)
        return _first_winner(best) * upstream

    return _unpool(dout, x, pool_size, stride, padding, share)


@misconception(
    "maxpool_backward",
    hint="The winner's gradient is multiplied by its value. The maximum grows as fast "
    "as the winner does: the slope is 1.",
)
def multiplies_by_the_pixel(dout, x, pool_size, stride, padding):
    def share(pixels, upstream):
        return _first_winner(pixels) * pixels * upstream

    return _unpool(dout, x, pool_size, stride, padding, share)


@misconception(
    "maxpool_backward",
    hint="Gradient is lost in windows that stick out: there a zero of the padding won "
    "and took it away. Padding never wins, also where all pixels are negative.",
)
def padding_takes_the_gradient(dout, x, pool_size, stride, padding):
    def share(pixels, upstream):
        if pixels.shape[1] * pixels.shape[2] == pool_size[0] * pool_size[1]:
            return _first_winner(pixels) * upstream
        return _first_winner(pixels) * (pixels > 0) * upstream

    return _unpool(dout, x, pool_size, stride, padding, share)


# avgpool_forward


@misconception(
    "avgpool_forward",
    hint="Windows that stick out are too dark: you divided by ph * pw. Divide by the "
    "number of true pixels, so that an image of ones stays ones to the last corner.",
)
def divides_by_the_whole_window(x, pool_size, stride, padding):
    padded = _padded(x, pool_size, stride, padding, 0)
    return _pool(padded, pool_size, stride, "valid", _mean)


@misconception(
    "avgpool_forward",
    hint="You return the sum of each window: the division by the number of its pixels "
    "is missing.",
)
def forgets_to_divide(x, pool_size, stride, padding):
    return _pool(x, pool_size, stride, padding, lambda p: p.sum(axis=(1, 2)))


@misconception(
    "avgpool_forward",
    hint="The mean is taken over the channels too. Each channel is pooled by itself: "
    "only rows and columns are reduced.",
)
def averages_the_channels(x, pool_size, stride, padding):
    def reduce(pixels):
        return pixels.mean(axis=(1, 2, 3))[:, None]

    return _pool(x, pool_size, stride, padding, reduce)


@misconception(
    "avgpool_forward",
    hint="With same all your windows start at pixel 0, so all of the padding is at the "
    "end. Half of the total (rounded down) goes before the first pixel.",
)
def averages_with_padding_at_the_end(x, pool_size, stride, padding):
    lines = [(count, 0) for count, _ in _lines(x.shape, pool_size, stride, padding)]
    return _pool(x, pool_size, stride, padding, _mean, lines)


@misconception(
    "avgpool_forward",
    hint="That is the largest number of each window (max pooling), not the mean.",
)
def takes_the_maximum(x, pool_size, stride, padding):
    return _pool(x, pool_size, stride, padding, _maximum)


# avgpool_backward


@misconception(
    "avgpool_backward",
    hint="Every pixel gets the whole gradient of its window. The mean grows by one "
    "n-th of what one of n pixels grows: divide by the number of pixels.",
)
def gives_everyone_everything(dout, x_shape, pool_size, stride, padding):
    def share(pixels, upstream):
        return upstream

    return _unpool(dout, np.zeros(x_shape), pool_size, stride, padding, share)


@misconception(
    "avgpool_backward",
    hint="At the edge the shares are too small: you divided by ph * pw. The forward "
    "pass divides by the number of true pixels, so the backward pass does.",
)
def shares_with_the_padding(dout, x_shape, pool_size, stride, padding):
    def share(pixels, upstream):
        return upstream / (pool_size[0] * pool_size[1])

    return _unpool(dout, np.zeros(x_shape), pool_size, stride, padding, share)


@misconception(
    "avgpool_backward",
    hint="Where windows overlap, a pixel keeps the share of the last window only: you "
    "assigned instead of adding.",
)
def keeps_the_last_share(dout, x_shape, pool_size, stride, padding):
    dx = np.zeros(x_shape, dout.dtype)
    lines = _lines(x_shape, pool_size, stride, padding)
    for (i, j), (rows, columns) in _windows(x_shape, pool_size, stride, lines):
        pixels = (rows.stop - rows.start) * (columns.stop - columns.start)
        dx[:, rows, columns] = dout[:, i : i + 1, j : j + 1] / pixels
    return dx


@misconception(
    "avgpool_backward",
    hint="You divide by the number of images as well. The mean over the batch belongs "
    "to the loss, and dout already holds it.",
)
def averages_over_the_batch_too(dout, x_shape, pool_size, stride, padding):
    def share(pixels, upstream):
        return upstream / (pixels.shape[0] * pixels.shape[1] * pixels.shape[2])

    return _unpool(dout, np.zeros(x_shape), pool_size, stride, padding, share)


# relu_forward and relu_backward


@misconception(
    "relu_forward",
    hint="That is the absolute value: negative numbers became positive. ReLU makes "
    "zeros of them.",
)
def takes_the_absolute_value(x):
    return np.abs(x)


@misconception(
    "relu_forward",
    hint="Your function writes zeros into the array that it was given. The backward "
    "pass, and everybody else who holds x, would see them. Return a new array.",
)
def overwrites_its_input(x):
    return np.maximum(x, 0, out=x)


@misconception(
    "relu_forward",
    hint="A little of the negative numbers leaks through: that is a leaky ReLU. Here "
    "negative numbers become exactly 0.",
)
def leaks(x):
    return np.where(x > 0, x, 0.01 * x)


@misconception(
    "relu_forward",
    hint="You return 1 where x is positive: that is the derivative of ReLU (a step). "
    "ReLU itself lets positive numbers through as they are.",
)
def returns_the_step(x):
    return (x > 0).astype(x.dtype)


@misconception(
    "relu_backward",
    hint="At exactly 0 your slope is 1, as one lecture prints it. There is no "
    "derivative at 0; by our convention, and TensorFlow's, it is 0: compare with >, "
    "not with >=.",
)
def slope_one_at_zero(dout, x):
    return dout * (x >= 0)


@misconception(
    "relu_backward",
    hint="You look at the sign of dout. Which numbers were let through was decided by "
    "x, in the forward pass; dout may have any sign.",
)
def looks_at_the_sign_of_dout(dout, x):
    return np.maximum(dout, 0)


@misconception(
    "relu_backward",
    hint="You multiply by the output of ReLU instead of by its slope, which is 1 for "
    "every positive x.",
)
def multiplies_by_the_output(dout, x):
    return dout * np.maximum(x, 0)


@misconception(
    "relu_backward",
    hint="You return the slope alone. By the chain rule dx is the slope times dout.",
)
def forgets_the_chain_rule(dout, x):
    return (x > 0).astype(dout.dtype)


@misconception(
    "relu_backward",
    hint="At exactly 0 your slope is 1/2, the mean of both sides. Our convention, and "
    "TensorFlow's, is 0.",
)
def slope_half_at_zero(dout, x):
    return dout * (np.sign(x) + 1) / 2


# dense_forward and dense_backward


@misconception("dense_forward", hint="The bias is missing: add b to every row.")
def forgets_the_bias(x, w, b):
    return x.reshape(len(x), -1) @ w


@misconception(
    "dense_forward",
    hint="The numbers of an example are laid out with the first index running fastest "
    "(Fortran order), so they meet the wrong weights. The last index runs fastest: "
    "reshape as it comes.",
)
def flattens_first_index_fastest(x, w, b):
    rows = np.stack([example.ravel(order="F") for example in x])
    return rows @ w + b


@misconception(
    "dense_forward",
    hint="The maps are laid out channel by channel, as libraries with (N, C, H, W) do, "
    "so numbers meet the wrong weights. Here the channels run fastest.",
)
def flattens_channels_first(x, w, b):
    moved = np.moveaxis(x, -1, 1)
    return moved.reshape(len(x), -1) @ w + b


@misconception(
    "dense_forward",
    hint="The result is flattened with the batch: examples and their outputs are mixed "
    "up. Keep axis 0 for the examples, and flatten what is behind it.",
)
def mixes_the_examples(x, w, b):
    return x.reshape(-1, len(x)).T @ w + b


@misconception(
    "dense_backward",
    hint="dw and db are divided by the number of examples. The mean over the batch "
    "belongs to the loss, and dout already holds it; a layer adds up.",
)
def dense_averages_over_the_batch(dout, x, w):
    rows = x.reshape(len(x), -1)
    dx = (dout @ w.T).reshape(x.shape)
    return dx, rows.T @ dout / len(x), dout.mean(axis=0)


@misconception(
    "dense_backward",
    hint="db alone is a mean over the examples; it is the sum: b[m] is added to the "
    "output of every example.",
)
def averages_the_bias(dout, x, w):
    rows = x.reshape(len(x), -1)
    return (dout @ w.T).reshape(x.shape), rows.T @ dout, dout.mean(axis=0)


@misconception(
    "dense_backward",
    hint="dx is still flat: it must have the shape of x. What was flattened on the way "
    "in is folded up again on the way back.",
)
def leaves_dx_flat(dout, x, w):
    return dout @ w.T, x.reshape(len(x), -1).T @ dout, dout.sum(axis=0)


@misconception(
    "dense_backward",
    hint="dw is transposed: it must have the shape of w, (D, M). The product that has "
    "it is that of the flattened examples, transposed, with dout.",
)
def transposes_dw(dout, x, w):
    rows = x.reshape(len(x), -1)
    return (dout @ w.T).reshape(x.shape), dout.T @ rows, dout.sum(axis=0)


@misconception(
    "dense_backward",
    hint="db has the wrong shape: you summed over the outputs instead of over the "
    "examples. Only the axis of the outputs stays.",
)
def sums_the_bias_over_outputs(dout, x, w):
    rows = x.reshape(len(x), -1)
    return (dout @ w.T).reshape(x.shape), rows.T @ dout, dout.sum(axis=1)


# softmax_cross_entropy


def _log_softmax(logits):
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def _loss_and_gradient(log_p, labels):
    """Of the whole batch, without the mean."""
    places = np.arange(len(labels)), labels
    gradient = np.exp(log_p)
    gradient[places] -= 1
    return -log_p[places], gradient


@misconception(
    "softmax_cross_entropy",
    hint="The loss never gets large: you add a small number inside the logarithm (or "
    "clip p), so a truth that is 1000 below the best costs 28 instead of 1000. The "
    "logarithm of the sum, taken on paper first, needs no such crutch.",
)
def adds_a_small_number(logits, labels):
    loss, gradient = _loss_and_gradient(_log_softmax(logits), labels)
    p = np.exp(-loss)
    return -np.log(p + 1e-12).mean(), gradient / len(labels)


@misconception(
    "softmax_cross_entropy",
    hint="exp overflows for large logits: inf / inf is NaN. Adding a number to all "
    "logits of an example changes nothing, so subtract its largest before exp.",
)
def forgets_the_shift(logits, labels):
    with np.errstate(all="ignore"):
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        loss, gradient = _loss_and_gradient(np.log(p), labels)
    return loss.mean(), gradient / len(labels)


@misconception(
    "softmax_cross_entropy",
    hint="The loss is infinite where the truth is far below the best: its probability "
    "underflows to 0 before you take the logarithm. Take the logarithm of the "
    "fraction on paper first; then exp is needed in the sum only.",
)
def takes_the_logarithm_too_late(logits, labels):
    p = np.exp(_log_softmax(logits))
    with np.errstate(all="ignore"):
        loss, _ = _loss_and_gradient(np.log(p), labels)
    _, gradient = _loss_and_gradient(_log_softmax(logits), labels)
    return loss.mean(), gradient / len(labels)


@misconception(
    "softmax_cross_entropy",
    hint="The loss is the mean over the batch, but the gradient lacks the factor 1/N "
    "that goes with it.",
)
def gradient_without_the_mean(logits, labels):
    loss, gradient = _loss_and_gradient(_log_softmax(logits), labels)
    return loss.mean(), gradient


@misconception(
    "softmax_cross_entropy",
    hint="The loss is summed over the batch; it is the mean. With a sum the right "
    "learning rate would depend on the size of the batch.",
)
def sums_over_the_batch(logits, labels):
    loss, gradient = _loss_and_gradient(_log_softmax(logits), labels)
    return loss.sum(), gradient


@misconception(
    "softmax_cross_entropy",
    hint="You take the mean over all N * K numbers. Each example has one true class "
    "and one loss; the mean is over the N examples.",
)
def averages_over_classes_too(logits, labels):
    loss, gradient = _loss_and_gradient(_log_softmax(logits), labels)
    return loss.sum() / logits.size, gradient / logits.size


@misconception(
    "softmax_cross_entropy",
    hint="The probabilities are normalised over the batch: your sum runs along axis 0. "
    "Each example has its own; they add up to 1 along axis 1, the classes.",
)
def softmax_over_the_batch(logits, labels):
    loss, gradient = _loss_and_gradient(_log_softmax(logits.T).T, labels)
    return loss.mean(), gradient / len(labels)


@misconception(
    "softmax_cross_entropy",
    hint="The gradient is p alone: at the true class 1 is missing. Without it every "
    "logit is pushed down, the true one too.",
)
def gradient_is_p(logits, labels):
    log_p = _log_softmax(logits)
    loss, _ = _loss_and_gradient(log_p, labels)
    return loss.mean(), np.exp(log_p) / len(labels)


@misconception(
    "softmax_cross_entropy",
    hint="The logarithm has base 2 (bits). The loss is defined with the natural one, "
    "and so is its gradient: ten equal logits cost ln 10 = 2.303.",
)
def counts_in_bits(logits, labels):
    loss, gradient = _loss_and_gradient(_log_softmax(logits), labels)
    return loss.mean() / np.log(2), gradient / len(labels)


@misconception(
    "softmax_cross_entropy",
    hint="The sign is wrong: probabilities are below 1, their logarithms below 0, and "
    "the loss is minus their mean.",
)
def forgets_the_minus(logits, labels):
    loss, gradient = _loss_and_gradient(_log_softmax(logits), labels)
    return -loss.mean(), gradient / len(labels)


@misconception(
    "softmax_cross_entropy",
    hint="You subtract one number from the whole batch, the largest of all logits. An "
    "example whose logits are far below it underflows entirely, and its logarithm "
    "is infinite. Each example needs its own largest.",
)
def one_shift_for_the_batch(logits, labels):
    shifted = logits - logits.max()
    with np.errstate(all="ignore"):
        total = np.exp(shifted).sum(axis=1, keepdims=True)
        loss, gradient = _loss_and_gradient(shifted - np.log(total), labels)
    return loss.mean(), gradient / len(labels)
