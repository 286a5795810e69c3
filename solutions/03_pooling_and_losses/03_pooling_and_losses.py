# %% [markdown]
# # Pooling, ReLU, dense layers and the loss
#
# A convolutional network is a pipeline: **convolution → ReLU → pooling**, a few times
# over, then **flatten → dense → softmax → loss**. Here you write everything but the
# convolution, forward and backward, in NumPy. In the end the parts are put together,
# and what you have written learns to read handwriting.
#
# The rhythm is always the same: **predict** a result, **implement** the function,
# **check** it, **look** at what it does. Do write the prediction down before you run
# the cell below it. A wrong prediction is where the learning happens.
#
# | | you write | points |
# |---|---|---|
# | 1 | `maxpool_forward`, `maxpool_backward` | 15 + 20 |
# | 2 | `avgpool_forward`, `avgpool_backward` | 10 + 10 |
# | 3 | `relu_forward`, `relu_backward` | 5 + 5 |
# | 4 | `dense_forward`, `dense_backward` | 5 + 15 |
# | 5 | `softmax_cross_entropy` | 15 |
#
# After each answer stands `check("...")`, which runs a few public tests in a moment.
# The grader runs more: other shapes, other layouts, your gradients against numeric
# ones. `python -m grader assignments/03` in a terminal shows the score.

# %%
import os
import time

from shared.quiet import quiet_tensorflow

quiet_tensorflow()

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from grader.notebook import check
from shared.datasets import load_arrays
from shared.testing import numeric_gradient

DATASET = "digits"  # "mnist" for the bigger one, which is downloaded once
QUICK = os.environ.get("COURSE_QUICK") == "1"

train_x, train_y = load_arrays(DATASET, "train")
test_x, test_y = load_arrays(DATASET, "test")
rng = np.random.default_rng(0)

plt.rcParams.update({"figure.dpi": 90, "font.size": 12, "image.cmap": "gray"})


def show_numbers(axis, values, title, size=12):
    """Draws a matrix as a grid with its numbers."""
    values = np.asarray(values)
    low, high = values.min(), values.max()
    axis.imshow(values, cmap="Greys", vmin=low, vmax=low + 2 * (high - low) + 1e-9)
    for (i, j), value in np.ndenumerate(values):
        text = f"{value:.3g}".replace("-", "−")
        axis.text(j, i, text, ha="center", va="center", fontsize=size)
    axis.set(title=title, xticks=[], yticks=[])


def as_image(matrix):
    """A matrix as a batch of one image with one channel: (1, H, W, 1)."""
    return np.asarray(matrix, dtype=float)[None, :, :, None]


# %% [markdown]
# ## Conventions
#
# They hold in every question, and the tests rely on them.
#
# - Images are **NHWC**: `x` has shape `(N, H, W, C)`. Batches of vectors are `(N, D)`.
# - A backward function is given `dout`, how much the loss grows per unit of each
#   output, in the shape of the output; and, of what the forward function was given,
#   as much as it needs. It returns how much the loss grows per unit of each input, in
#   the shape of that input.
# - `pool_size` is a pair `(ph, pw)`, rows first. `stride` is an int and holds for rows
#   and columns alike; windows may overlap (`stride < ph`) or leave gaps.
# - `padding` is `"valid"` or `"same"`; the next cell but one says what they mean.
# - Arrays are float32 or float64, in any memory layout, without NaN or infinity. The
#   natural dtype of a result is that of the input, though either passes.
# - A function never changes its arguments.
# - NumPy is the only library an answer may call. Loops are welcome, so are stride
#   tricks: the result counts.
#
# ## 1. Max pooling
#
# Lay a window on the image, keep the largest number, move on by `stride`. It is done
# for every channel by itself, and nothing is learned: **a pooling layer has no
# parameters.** The usual windows are 2×2 with stride 2 and 3×3 with stride 2.
#
# ### Where the windows lie
#
# On a line of `n` pixels with windows of `k`:
#
# - `"valid"`: the first window starts at pixel 0, and only windows that fit count.
#   There are $\lfloor (n - k) / \text{stride} \rfloor + 1$. What is left over at the
#   end is never seen. The tests never ask for a window larger than the image here.
# - `"same"`: there are $\lceil n / \text{stride} \rceil$ windows, and nothing is left
#   over. They may stick out over the edges by
#   $$\text{total} = \max\big((n_\text{out} - 1)\cdot\text{stride} + k - n,\ 0\big)$$
#   pixels together: `total // 2` before the first pixel, the rest after the last. So
#   the first window starts at pixel `−(total // 2)`. This is TensorFlow's rule. Where
#   `total` is 0, the first window starts at 0. Here a window may be larger than the
#   image.
#
# **The padding is not part of the image.** A window that sticks out has fewer pixels,
# and that is all. A maximum is taken over the *true* pixels only, so that padding never
# wins, not even over negative numbers of any size; an average divides by the number of
# *true* pixels.
#
# **Predict** the windows (first pixel, one past the last) for 7 pixels, `k = 2`, stride
# 2: with `"valid"`, and with `"same"`.


# %% question="maxpool_forward"
def window_slices(n, size, stride, padding):
    """Where the windows lie on a line of n pixels, cut off at its ends.

    A helper for all four pooling functions. It is not graded by itself: if you would
    rather do it another way, leave it.

    Returns:
        A list with one slice per window, such as [slice(0, 2), slice(2, 4)], of true
        pixels only.
    """
    # BEGIN SOLUTION
    # TODO: how many windows; where the first one starts; cut at 0 and at n.
    count = -(-n // stride) if padding == "same" else (n - size) // stride + 1
    # For "valid" nothing sticks out: the total is never above 0.
    first = -(max((count - 1) * stride + size - n, 0) // 2)
    starts = [first + k * stride for k in range(count)]
    return [slice(max(start, 0), min(start + size, n)) for start in starts]
    # END SOLUTION


def maxpool_forward(x, pool_size, stride, padding):
    """Keep the largest number of every window, channel by channel.

    Args:
        x: images (N, H, W, C).
        pool_size: rows and columns of the window, (ph, pw).
        stride: step between windows, in pixels.
        padding: "valid" or "same".

    Returns:
        out (N, H_out, W_out, C).
    """
    # BEGIN SOLUTION
    # TODO: fill out (N, H_out, W_out, C), window by window.
    images, height, width, channels = x.shape
    rows = window_slices(height, pool_size[0], stride, padding)
    columns = window_slices(width, pool_size[1], stride, padding)
    out = np.empty((images, len(rows), len(columns), channels), dtype=x.dtype)
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            out[:, i, j] = x[:, row, column].max(axis=(1, 2))
    return out
    # END SOLUTION


# %%
check("maxpool_forward")

# %% [markdown]
# ### Look: the lectures' two examples
#
# **Predict** by hand. First: 2×2 windows with stride 2 on the left image. Then, on the
# right image, which a slide shows without the answers: 2×2 with stride 2, 2×2 with
# stride 1, 3×3 with stride 1. In the last two the windows *overlap*.

# %%
first = np.array([[2, 2, 7, 3], [9, 4, 6, 1], [8, 5, 2, 4], [3, 1, 2, 6]])
second = np.array([[-1, 4, 1, 2], [0, 1, 3, -2], [1, 5, -2, 6], [3, -1, -2, -2]])


def pooled(image, size, stride, padding="valid"):
    """Your max pooling of one grey image with a square window."""
    return maxpool_forward(as_image(image), (size, size), stride, padding)[0, :, :, 0]


fig, axes = plt.subplots(1, 6, figsize=(13, 2.6), width_ratios=(4, 2, 4, 2, 3, 2))
show_numbers(axes[0], first, "image 1")
show_numbers(axes[1], pooled(first, 2, 2), "2×2 / 2")
show_numbers(axes[2], second, "image 2")
show_numbers(axes[3], pooled(second, 2, 2), "2×2 / 2")
show_numbers(axes[4], pooled(second, 2, 1), "2×2 / 1")
show_numbers(axes[5], pooled(second, 3, 1), "3×3 / 1")
plt.tight_layout()
plt.show()

# %% [markdown]
# ### Look: a slide that breaks its own rule
#
# A lecture looks for pieces of an X in a picture of an X. Three features give three
# 7×7 maps (below, the first one, computed now), and 2×2 max pooling with stride 2 makes
# 4×4 of each. The rule that the same lecture gives for sizes is
# $\lfloor (n - k)/s + 1 \rfloor$.
#
# **Predict.** Which size does that rule give for 7, 2, 2? Which of your two paddings
# did the slide use?

# %%
picture = -np.ones((9, 9))
for k in range(1, 8):
    picture[k, k] = picture[k, 8 - k] = 1
diagonal = 2 * np.eye(3) - 1
# How well each 3x3 patch agrees with the feature, from -1 to 1.
agreement = tf.nn.conv2d(as_image(picture), diagonal[:, :, None, None], 1, "VALID")
feature_map = agreement[0, :, :, 0].numpy() / 9

fig, axes = plt.subplots(1, 3, figsize=(11, 3.8), width_ratios=(7, 4, 3))
show_numbers(axes[0], feature_map.round(2), "map, 7×7", size=9)
for axis, padding in zip(axes[1:], ("same", "valid"), strict=True):
    small = pooled(feature_map, 2, 2, padding)
    title = f'"{padding}": {small.shape[0]}×{small.shape[1]}'
    show_numbers(axis, small.round(2), title, size=10)
plt.tight_layout()
plt.show()

# %% [markdown]
# The slide's 4×4 needs `"same"`: the last window of each row sticks out by one pixel
# and holds what is left. The floor rule drops the seventh row and column, and gives
# 3×3. Both are in use; a network built with one and run with the other does not fit.
# (The slide also prints 0.77 and 0.55 for 7/9 and 5/9: it cuts decimals off instead of
# rounding.)
#
# **Your turn.** Had the padding been filled with zeros, would one of the sixteen
# numbers change? Describe a 7×7 map for which it does.

# %% [markdown] answer="zeros_in_the_padding"
# None would change: all numbers in the last row and column are positive, so no zero
# wins. With a map of negative numbers only (the answers before ReLU to an image without
# the feature) a zero would win in every window that sticks out, and the border of the
# pooled map would claim 0, the best answer of all.

# %% [markdown]
# ### The way back
#
# Nudge one pixel of a window. If it is not the largest, the output does not move, and
# the pixel's gradient is 0. If it is, the output moves along, and the pixel gets all of
# `dout` of that window. **The winner takes it all.**
#
# Two points to be exact about:
#
# - **Overlap.** A pixel may win in several windows; it collects from each. Add.
# - **Ties.** If several pixels of a window are equal and largest, the **first** one
#   wins, reading row by row, from the left. (At a tie the maximum has no derivative.
#   One must choose; TensorFlow chooses the first on a CPU.)
#
# **Predict.** An image of 4×4 equal numbers, 2×2 windows with stride 2, `dout` all 1:
# which four pixels get a gradient?


# %% question="maxpool_backward"
def maxpool_backward(dout, x, pool_size, stride, padding):
    """Gradient of a loss through maxpool_forward.

    Args:
        dout: gradient of the loss with respect to the pooled images,
            (N, H_out, W_out, C).
        x, pool_size, stride, padding: what maxpool_forward was given.

    Returns:
        dx (N, H, W, C).
    """
    # BEGIN SOLUTION
    # TODO: for every window find the winner of each image and channel; add its dout.
    rows = window_slices(x.shape[1], pool_size[0], stride, padding)
    columns = window_slices(x.shape[2], pool_size[1], stride, padding)
    dx = np.zeros_like(x)
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            window = x[:, row, column]
            images, height, width, channels = window.shape
            pixels = window.reshape(images, height * width, channels)
            winner = pixels.argmax(axis=1)  # of equals, argmax gives the first
            wins = np.arange(height * width)[:, None] == winner[:, None]
            share = wins * dout[:, i, j][:, None]
            dx[:, row, column] += share.reshape(window.shape)
    return dx
    # END SOLUTION


# %%
check("maxpool_backward")

# %% [markdown]
# ### Look: who gets the gradient
#
# **Predict** the right picture: image 2 again, 2×2 windows with stride 1, `dout` all 1.
# Which pixel wins most often? What do all the numbers add up to?

# %%
fig, axes = plt.subplots(1, 3, figsize=(10, 3.4))
show_numbers(axes[0], second, "image 2")
for axis, stride in zip(axes[1:], (2, 1), strict=True):
    image = as_image(second)
    ones = np.ones_like(maxpool_forward(image, (2, 2), stride, "valid"))
    dx = maxpool_backward(ones, image, (2, 2), stride, "valid")[0, :, :, 0]
    show_numbers(axis, dx, f"dx, 2×2 / {stride}: sum {dx.sum():.0f}")
plt.tight_layout()
plt.show()

# %% [markdown]
# The sum is the number of windows: nothing of `dout` is lost, and nothing is made.
#
# Now the test that knows no calculus. Push one number of the input up and down by a
# tiny `h` and see how the loss follows.

# %%
x = rng.normal(size=(2, 7, 6, 2))
dout = rng.normal(size=maxpool_forward(x, (3, 2), 2, "same").shape)
yours = maxpool_backward(dout, x, (3, 2), 2, "same")
numeric = numeric_gradient(lambda v: maxpool_forward(v, (3, 2), 2, "same"), x, dout)
print(f"largest difference {np.abs(yours - numeric).max():.0e}")

# %% [markdown]
# ## 2. Average pooling
#
# The mean instead of the maximum. Remember the convention at the edge: a window that
# sticks out is divided by the number of its **true** pixels, not by `ph * pw`. An image
# of ones is then pooled to ones, to the last corner.


# %% question="avgpool_forward"
def avgpool_forward(x, pool_size, stride, padding):
    """The mean of every window's true pixels, channel by channel.

    Args:
        x: images (N, H, W, C).
        pool_size: rows and columns of the window, (ph, pw).
        stride: step between windows, in pixels.
        padding: "valid" or "same".

    Returns:
        out (N, H_out, W_out, C).
    """
    # BEGIN SOLUTION
    # TODO: as maxpool_forward, with another last step.
    images, height, width, channels = x.shape
    rows = window_slices(height, pool_size[0], stride, padding)
    columns = window_slices(width, pool_size[1], stride, padding)
    out = np.empty((images, len(rows), len(columns), channels), dtype=x.dtype)
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            out[:, i, j] = x[:, row, column].mean(axis=(1, 2))
    return out
    # END SOLUTION


# %%
check("avgpool_forward")

# %% [markdown]
# On the way back every true pixel of a window gets the same share: `dout` divided by
# the number of true pixels. The values of the pixels do not matter, so the function is
# given the shape of `x` only.
#
# **Predict.** One image of 7×7, 3×3 windows with stride 2 and `"same"`, `dout` all 1.
# Where is the gradient largest? In the corners, where windows are small, or where
# windows overlap?


# %% question="avgpool_backward"
def avgpool_backward(dout, x_shape, pool_size, stride, padding):
    """Gradient of a loss through avgpool_forward.

    Args:
        dout: gradient of the loss with respect to the pooled images,
            (N, H_out, W_out, C).
        x_shape: the shape (N, H, W, C) of what avgpool_forward was given.
        pool_size, stride, padding: what avgpool_forward was given.

    Returns:
        dx (N, H, W, C).
    """
    # BEGIN SOLUTION
    # TODO: start from zeros of x_shape and add up the shares of all windows.
    rows = window_slices(x_shape[1], pool_size[0], stride, padding)
    columns = window_slices(x_shape[2], pool_size[1], stride, padding)
    dx = np.zeros(x_shape, dtype=dout.dtype)
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            pixels = (row.stop - row.start) * (column.stop - column.start)
            dx[:, row, column] += dout[:, i : i + 1, j : j + 1] / pixels
    return dx
    # END SOLUTION


# %%
check("avgpool_backward")

# %%
ones = np.ones((1, 4, 4, 1))
shares = avgpool_backward(ones, (1, 7, 7, 1), (3, 3), 2, "same")[0, :, :, 0]
fig, axes = plt.subplots(1, 2, figsize=(9, 4))
show_numbers(axes[0], shares.round(2), f"dx, 3×3 / 2, same: sum {shares.sum():.0f}", 10)

x = rng.normal(size=(2, 7, 6, 2))
dout = rng.normal(size=avgpool_forward(x, (3, 2), 2, "same").shape)
yours = avgpool_backward(dout, x.shape, (3, 2), 2, "same")
numeric = numeric_gradient(lambda v: avgpool_forward(v, (3, 2), 2, "same"), x, dout)
axes[1].plot(numeric.ravel(), yours.ravel(), "ko", markersize=4)
axes[1].set(xlabel="numeric gradient", ylabel="yours", title="Every number of dx")
axes[1].grid(alpha=0.3)
plt.tight_layout()
plt.show()
print(f"largest difference {np.abs(yours - numeric).max():.0e}")

# %% [markdown]
# ### Look: the two poolings on a photograph
#
# **Predict.** Which of the two keeps a thin bright line? Which one keeps the overall
# brightness?

# %%
from sklearn.datasets import load_sample_image

# A piece of roof, in grey, brightness from 0 to 1.
photo = load_sample_image("china.jpg")[60:252, 130:322].mean(axis=2) / 255
grey = as_image(photo)
views = {
    "photograph": photo,
    "max 8×8 / 8": maxpool_forward(grey, (8, 8), 8, "valid")[0, :, :, 0],
    "average 8×8 / 8": avgpool_forward(grey, (8, 8), 8, "valid")[0, :, :, 0],
}
fig, axes = plt.subplots(1, 3, figsize=(11, 4.4))
for axis, (name, view) in zip(axes, views.items(), strict=True):
    axis.imshow(view, vmin=0, vmax=1)
    axis.set(title=f"{name}\nmean {view.mean():.2f}", xticks=[], yticks=[])
plt.tight_layout()
plt.show()

# %% [markdown]
# The maximum asks *is it there?*, the average *how much of it is there?*. Behind a
# detector the first question is mostly the better one, and max pooling the more common
# layer. At the very end of modern networks stands an average over the whole map.
#
# ## 3. ReLU
#
# $f(x) = \max(x, 0)$, for every number of an array of any shape. Its derivative is 0
# for negative and 1 for positive numbers. And at 0?
#
# > **Slip on a slide.** One lecture gives $f'(0) = 1$. At 0 there is no derivative: the
# > slope from the left is 0, from the right 1. A library must return something, and
# > TensorFlow returns **0**. That is our convention, and the tests ask for it.
#
# `x` and `dout` may have any shape, here and in the tests.


# %% question="relu_forward"
def relu_forward(x):
    """max(x, 0) for every number; x and the result have any one shape."""
    # BEGIN SOLUTION
    # TODO: leave x as it is, return a new array.
    return np.maximum(x, 0)
    # END SOLUTION


# %%
check("relu_forward")


# %% question="relu_backward"
def relu_backward(dout, x):
    """Gradient of a loss through relu_forward; 0 where x is 0.

    Args:
        dout: gradient of the loss with respect to relu_forward(x), shape of x.
        x: what relu_forward was given.

    Returns:
        dx, shape of x.
    """
    # BEGIN SOLUTION
    # TODO: what matters is the sign of x, not that of dout.
    return dout * (x > 0)
    # END SOLUTION


# %%
check("relu_backward")

# %% [markdown]
# ### Look: does the slope at one point matter?
#
# **Predict** three answers for `x = 0`: yours, TensorFlow's and the one of central
# differences.

# %%
zero = tf.constant([0.0])
with tf.GradientTape() as tape:
    tape.watch(zero)
    out = tf.nn.relu(zero)
print("yours      ", relu_backward(np.ones(1), np.zeros(1))[0])
print("TensorFlow ", tape.gradient(out, zero).numpy()[0])
print("differences", numeric_gradient(relu_forward, np.zeros(1))[0].round(6))

# %% [markdown]
# Differences take the mean of both sides, and no rule asks for that either. You may
# think that no number is ever exactly 0. Take digits: their paper is exactly 0, a
# filter makes 0 of it, and a fresh layer has no bias.
#
# **Predict.** Which share of the numbers that reach the first ReLU is exactly 0?

# %%
paper = train_x[:200].astype("float32") / 255
filters = rng.normal(size=(5, 5, 1, 8)).astype("float32")
before = tf.nn.conv2d(paper, filters, 2, "SAME").numpy()
print(f"below 0: {np.mean(before < 0):.0%}", end=", ")
print(f"exactly 0: {np.mean(before == 0):.0%}", end=", ")
print(f"above 0: {np.mean(before > 0):.0%}")

# Ones come back from the layer above; how many of the eight filters let them through?
ones = np.ones_like(before[0])
counts = {
    "slope 0 at 0": relu_backward(ones, before[0]).sum(axis=-1),
    "slope 1 at 0": (before[0] >= 0).sum(axis=-1),
}
fig, axes = plt.subplots(1, 3, figsize=(10, 3.8))
axes[0].imshow(paper[0, :, :, 0])
axes[0].set_title("image")
for axis, (name, count) in zip(axes[1:], counts.items(), strict=True):
    axis.imshow(count, vmin=0, vmax=8)
    axis.set_title(f"{name}: {count.min():.0f} to {count.max():.0f}")
for axis in axes:
    axis.set(xticks=[], yticks=[])
plt.tight_layout()
plt.show()

# %% [markdown]
# Black: none, white: all eight. With slope 1 the empty paper sends a gradient into the
# bias of every filter, though nothing was seen there; with slope 0 it keeps quiet. One
# point of the real line, and not a rare one.
#
# **Your turn.** A unit is *dead* if it gives 0 for every image of the training set. Why
# does it never come back to life, and which mistake in training makes units die?

# %% [markdown] answer="dead_units"
# Its input is below 0 for every image, so the slope is 0 for every image, and its
# weights and bias get no gradient: they stay as they are. A step that is too large does
# it: it pushes the bias so far down that no image reaches above 0 any more. (Only
# changes in the layers before it could still wake the unit up.)

# %% [markdown]
# ## 4. Flatten and dense
#
# Each example is laid out as one row, `D` numbers in their own order, and multiplied by
# a matrix: `out = rows @ w + b`.
#
# - `x` has shape `(N, ...)`: it may be a batch of vectors `(N, D)` or of maps
#   `(N, H, W, C)` with `D = H·W·C`. The order is that of the indices, the last one
#   running fastest: NumPy's `reshape` as it comes. (It does not depend on how the array
#   lies in memory.)
# - `w` has shape `(D, M)`, `b` has shape `(M,)`; `out` has shape `(N, M)`.


# %% question="dense_forward"
def dense_forward(x, w, b):
    """Flatten each example, multiply by w, add b.

    Args:
        x: examples (N, ...), with D numbers each.
        w: weights (D, M).
        b: biases (M,).

    Returns:
        out (N, M).
    """
    # BEGIN SOLUTION
    # TODO: one line is enough.
    return x.reshape(len(x), -1) @ w + b
    # END SOLUTION


# %%
check("dense_forward")

# %% [markdown]
# For the way back you need no rules about matrices, only their shapes and one fact:
# `out[n, m]` grows by `x[n, d] * w[d, m]` for every `d`. So `x[n, d]` collects from
# every `m`, `w[d, m]` from every example `n`, and `b[m]` too. There is one product of
# two matrices each that has the right shape.
#
# A layer **adds up** over the examples. The mean over the batch belongs to the loss,
# and `dout` already holds it.


# %% question="dense_backward"
def dense_backward(dout, x, w):
    """Gradients of a loss through dense_forward.

    Args:
        dout: gradient of the loss with respect to out, (N, M).
        x: examples (N, ...), with D numbers each.
        w: weights (D, M).

    Returns:
        (dx, dw, db), with the shapes of x, w and b: (N, ...), (D, M) and (M,).
    """
    # BEGIN SOLUTION
    # TODO: two products and a sum; give dx the shape of x.
    rows = x.reshape(len(x), -1)
    return (dout @ w.T).reshape(x.shape), rows.T @ dout, dout.sum(axis=0)
    # END SOLUTION


# %%
check("dense_backward")

# %% [markdown]
# ### Look: most parameters sit here
#
# **Predict.** A network ends with 16 maps of 4×4 and ten classes. How many parameters
# does its dense layer have? How many if the maps were 14×14? And how many has a pooling
# layer that makes 4×4 of 14×14?

# %%
for size in (4, 7, 14, 28):
    maps = np.zeros((1, size, size, 16))
    weights = np.zeros((maps[0].size, 10))
    count = weights.size + dense_forward(maps, weights, np.zeros(10)).size
    print(f"16 maps of {size:2}×{size:<2} -> 10 classes: {count:7,} parameters")

# %% [markdown]
# That is why one pools first: the pooling itself costs none.
#
# ## 5. Softmax and cross-entropy
#
# The last layer gives `K` numbers per example, the *logits* `z`. Softmax makes
# probabilities of them, and cross-entropy asks how surprised they are by the truth `y`:
#
# $$p_k = \frac{e^{z_k}}{\sum_j e^{z_j}} \qquad
#   L = -\frac{1}{N}\sum_{n} \log p_{n, y_n}$$
#
# The logarithm is the natural one, and `L` is the **mean** over the batch. Its gradient
# is the nicest formula of the course: $p - 1$ for the true class, $p$ for the others,
# and a factor $1/N$ from the mean.
#
# ### Two traps
#
# **Predict.** What does NumPy make of `exp(1000)`? And what is `log` of the
# probability of a class that is 1000 below the best?

# %%
z = np.array([1000.0, 0.0])
with np.errstate(all="ignore"):
    p = np.exp(z) / np.exp(z).sum()
    print("softmax, as written above:", p)
    p = np.exp(z - 1000) / np.exp(z - 1000).sum()
    print("shifted by the largest:   ", p, "and its log:", np.log(p))

# %% [markdown]
# The first line is destroyed by overflow. Adding a number to all logits does not change
# `p` (why?), so one may subtract the largest before `exp`. The second line shows that
# this is only half of the cure: a `p` that underflows to 0 has the logarithm −∞, while
# the true loss is 1000. Take the logarithm on paper first:
#
# $$-\log p_y = \log \sum_j e^{z_j - m} - (z_y - m), \qquad m = \max_j z_j$$
#
# Nothing in it overflows, and the logarithm never sees a 0. (A small number added
# inside the logarithm stops the infinity, but the loss is wrong.)
#
# Labels are integers (of any integer dtype) from 0 to K − 1, of shape `(N,)`. Logits in
# the tests reach from about −10⁶ to 10⁶; the loss is one number, a NumPy scalar or a
# Python float.


# %% question="softmax_cross_entropy"
def softmax_cross_entropy(logits, labels):
    """Mean cross-entropy of softmax(logits), and its gradient.

    Args:
        logits: (N, K), any finite numbers.
        labels: the true classes, integers (N,).

    Returns:
        (loss, dlogits): one number, and its gradient (N, K).
    """
    # BEGIN SOLUTION
    # TODO: shift; the logarithm of the probabilities; the mean; p - 1 for the truth.
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    truth = np.arange(len(labels)), labels
    dlogits = np.exp(log_p)
    dlogits[truth] -= 1
    return -log_p[truth].mean(), dlogits / len(labels)
    # END SOLUTION


# %%
check("softmax_cross_entropy")

# %% [markdown]
# ### Look: what the loss punishes
#
# **Predict** the loss of a network that knows nothing and gives all ten classes the
# same logit. And the loss when it is wrong with a logit 5 above the truth?

# %%
loss, _ = softmax_cross_entropy(np.zeros((1, 10)), np.array([3]))
print(f"ten equal logits: {loss:.4f}, ln 10 = {np.log(10):.4f}")

margins = np.linspace(-6, 6, 61)  # the true logit above the only other one
losses, gradients = [], []
for margin in margins:
    loss, dz = softmax_cross_entropy(np.array([[margin, 0.0]]), np.array([0]))
    losses.append(loss)
    gradients.append(dz[0, 0])
fig, axes = plt.subplots(1, 2, figsize=(10, 3.6))
axes[0].plot(margins, losses, "k", label="cross-entropy")
axes[0].plot(margins, margins < 0, "k:", label="error, yes or no")
axes[1].plot(margins, gradients, "k")
axes[0].set(ylabel="loss", title="Two classes")
axes[1].set(ylabel="gradient of the true logit", title="How hard it pulls")
axes[0].legend()
for axis in axes:
    axis.set_xlabel("true logit minus the other")
    axis.grid(alpha=0.3)
plt.tight_layout()
plt.show()

# %% [markdown]
# Far on the wrong side the loss is a straight line and pulls with full strength; far on
# the right side it lets go. The yes-or-no error is flat almost everywhere: it could not
# teach anything.
#
# **Your turn.** Add up a row of `dlogits`. Which number comes out, whatever the logits,
# and why must it?

# %% [markdown] answer="gradient_sums_to_zero"
# 0: the probabilities add up to 1, and 1 is taken off at the true class. It must be so,
# for adding the same number to all logits of a row does not change the loss, and its
# slope in that direction is the sum of the row.

# %% [markdown]
# ## 6. A network of your own parts
#
# | layer | volume | parameters |
# |---|---|---|
# | images | 28×28×1 | |
# | convolution 5×5, stride 2, ReLU | 14×14×8 | (5·5·1 + 1)·8 |
# | max pooling 2×2 / 2, `"valid"` | 7×7×8 | none |
# | convolution 3×3, ReLU | 7×7×16 | (3·3·8 + 1)·16 |
# | max pooling 3×3 / 2, `"same"` | 4×4×16 | none |
# | flatten, dense | 10 | (256 + 1)·10 |
# | softmax, cross-entropy | 1 | none |
#
# It is the pipeline of every lecture: each layer takes a volume and gives a volume,
# until the maps are flattened. The second pooling is the slide's: 4×4 of 7×7.
#
# The convolution, forward and backward, is what assignment 04 is about. Until then
# TensorFlow lends us its own, behind a wrapper that takes and returns NumPy arrays.
# Everything else is yours.


# %%
def conv(x, w, stride):
    """Borrowed: convolution with "same" padding, (N, H, W, C) to (N, H', W', F)."""
    return tf.nn.conv2d(x.astype(w.dtype), w, stride, "SAME").numpy()


def conv_gradients(dout, x, w, stride):
    """Borrowed: gradients of a loss through conv, (dx, dw)."""
    x, w, dout = (tf.constant(a.astype(w.dtype)) for a in (x, w, dout))
    with tf.GradientTape() as tape:
        tape.watch((x, w))
        out = tf.nn.conv2d(x, w, stride, "SAME")
    return tuple(g.numpy() for g in tape.gradient(out, (x, w), dout))


def new_parameters(rng, dtype):
    """Random weights of a variance that keeps signals alive through ReLU; no biases."""
    shapes = {"w1": (5, 5, 1, 8), "w2": (3, 3, 8, 16), "w3": (256, 10)}
    parameters = {}
    for name, shape in shapes.items():
        spread = np.sqrt(2 / np.prod(shape[:-1]))
        parameters[name] = (spread * rng.normal(size=shape)).astype(dtype)
        parameters[name.replace("w", "b")] = np.zeros(shape[-1], dtype)
    return parameters


def forward(p, images):
    """All volumes on the way through the network, the logits last."""
    v = {"images": images}
    v["conv1"] = conv(v["images"], p["w1"], 2) + p["b1"]
    v["relu1"] = relu_forward(v["conv1"])
    v["pool1"] = maxpool_forward(v["relu1"], (2, 2), 2, "valid")
    v["conv2"] = conv(v["pool1"], p["w2"], 1) + p["b2"]
    v["relu2"] = relu_forward(v["conv2"])
    v["pool2"] = maxpool_forward(v["relu2"], (3, 3), 2, "same")
    v["logits"] = dense_forward(v["pool2"], p["w3"], p["b3"])
    return v


def backward(p, v, dlogits):
    """Gradients of all parameters: the same way, from the end to the start."""
    g = {}
    dpool2, g["w3"], g["b3"] = dense_backward(dlogits, v["pool2"], p["w3"])
    drelu2 = maxpool_backward(dpool2, v["relu2"], (3, 3), 2, "same")
    dconv2 = relu_backward(drelu2, v["conv2"])
    dpool1, g["w2"] = conv_gradients(dconv2, v["pool1"], p["w2"], 1)
    g["b2"] = dconv2.sum(axis=(0, 1, 2))
    drelu1 = maxpool_backward(dpool1, v["relu1"], (2, 2), 2, "valid")
    dconv1 = relu_backward(drelu1, v["conv1"])
    _, g["w1"] = conv_gradients(dconv1, v["images"], p["w1"], 2)
    g["b1"] = dconv1.sum(axis=(0, 1, 2))
    return g


def as_input(x, dtype=np.float32):
    """uint8 to 0 ... 1."""
    return (x / 255).astype(dtype)


# %% [markdown]
# **Predict** the shapes of the volumes on the way through. Which two are the same?

# %%
parameters = new_parameters(np.random.default_rng(1), np.float64)
few = as_input(train_x[:6], np.float64)
volumes = forward(parameters, few)
for name, volume in volumes.items():
    print(f"{name:7} {volume.shape}")
print(f"{sum(p.size for p in parameters.values()):,} parameters")

# %% [markdown]
# ### Check the whole
#
# Every part has been checked by itself. Now the chain of all of them: five numbers of
# each parameter, nudged up and down, against your gradients. Once as the network is
# born, with all biases 0; once with some other biases.
#
# **Predict.** Two lines of the first column will be far off. Which, and why? (Part 3
# knows.)


# %%
def worst_errors(p, images, labels):
    """For each parameter: your gradient at five places, minus that by differences."""
    volumes = forward(p, images)
    _, dlogits = softmax_cross_entropy(volumes["logits"], labels)
    errors = {}
    for name, gradient in sorted(backward(p, volumes, dlogits).items()):
        errors[name] = 0.0
        for _ in range(5):
            index = tuple(rng.integers(gradient.shape))
            loss = {}
            for h in (-1e-6, 1e-6):
                moved = {**p, name: p[name].copy()}
                moved[name][index] += h
                logits = forward(moved, images)["logits"]
                loss[h], _ = softmax_cross_entropy(logits, labels)
            slope = (loss[1e-6] - loss[-1e-6]) / 2e-6
            errors[name] = max(errors[name], abs(gradient[index] - slope))
    return errors


newborn = worst_errors(parameters, few, train_y[:6])
for name in ("b1", "b2", "b3"):
    parameters[name] = 0.1 * rng.normal(size=parameters[name].shape)
older = worst_errors(parameters, few, train_y[:6])
print("     biases 0   other biases")
for name in newborn:
    print(f"d{name}: {newborn[name]:7.0e} {older[name]:12.0e}")

# %% [markdown]
# The weights are right in both columns, so nothing is wrong with the chain. But where
# the paper is empty and the bias is 0, ReLU stands exactly at its corner: differences
# see half a slope there, you (and TensorFlow) none. Move the biases away from the
# corner, and all agree. When a gradient check fails, ask first whether it was made at a
# corner.
#
# ### It learns
#
# Stochastic gradient descent with momentum: the velocity keeps nine tenths of itself
# and takes up a bit of the gradient; the parameters follow it.
#
# **Predict.** The loss at the start (you know it from part 5), and how many of a
# hundred digits the network will read correctly in the end.

# %%
limit, epochs = (320, 2) if QUICK else (6000, 8)
batch, learning_rate, momentum = 32, 0.02, 0.9


def accuracy(p, x, y):
    """The share of images whose largest logit is that of the truth."""
    logits = forward(p, as_input(x))["logits"]
    return np.mean(logits.argmax(axis=1) == y)


shuffle = np.random.default_rng(1)
parameters = new_parameters(shuffle, np.float32)
velocity = {name: np.zeros_like(value) for name, value in parameters.items()}
count = min(limit, len(train_x))
losses, scores = [], [accuracy(parameters, test_x[:limit], test_y[:limit])]
start = time.perf_counter()
for _ in range(epochs):
    order = shuffle.permutation(count)
    for chosen in np.array_split(order, count // batch):
        volumes = forward(parameters, as_input(train_x[chosen]))
        loss, dlogits = softmax_cross_entropy(volumes["logits"], train_y[chosen])
        for name, gradient in backward(parameters, volumes, dlogits).items():
            velocity[name] = momentum * velocity[name] - learning_rate * gradient
            parameters[name] = parameters[name] + velocity[name].astype(np.float32)
        losses.append(loss)
    scores.append(accuracy(parameters, test_x[:limit], test_y[:limit]))
seconds = time.perf_counter() - start
print(f"{count} digits, {epochs} times, in {seconds:.0f} s")
print(f"loss {losses[0]:.2f} at the start, {np.mean(losses[-10:]):.2f} in the end")
print(f"test accuracy {scores[-1]:.1%}")

# %%
fig, axes = plt.subplots(1, 2, figsize=(10, 3.8))
axes[0].plot(np.linspace(0, epochs, len(losses)), losses, "k", lw=1)
axes[0].axhline(np.log(10), color="0.5", ls="--", label="ln 10: knows nothing")
axes[1].plot(scores, "k-o", label="test digits")
axes[1].axhline(0.9, color="0.5", ls="--", label="90 %")
axes[0].set(xlabel="epoch", ylabel="loss of a batch", title="Training loss")
axes[1].set(xlabel="epoch", ylabel="share read correctly", title="Accuracy")
for axis in axes:
    axis.legend()
    axis.grid(alpha=0.3)
plt.tight_layout()
plt.show()

# %% [markdown]
# The digits of the test were never trained on. (With loops over every single number the
# training takes a few minutes instead of seconds; `COURSE_QUICK=1` shortens it.)
#
# ### Look: one digit on its way through
#
# **Predict.** In the pooled maps, is it still visible where the strokes were?

# %%
volumes = forward(parameters, as_input(test_x[:1]))
stages = ("conv1", "relu1", "pool1", "relu2", "pool2")
fig, axes = plt.subplots(4, 6, figsize=(11, 7.6))
for row in axes:
    row[0].axis("off")
axes[0, 0].axis("on")
axes[0, 0].imshow(test_x[0, :, :, 0])
axes[0, 0].set_title("image")
for column, stage in enumerate(stages, 1):
    maps = volumes[stage][0]
    for k in range(4):
        axes[k, column].imshow(maps[:, :, k])
    axes[0, column].set_title(f"{stage}\n{maps.shape[0]}×{maps.shape[1]}")
for axis in axes.flat:
    axis.set(xticks=[], yticks=[])
plt.tight_layout()
plt.show()

for name in ("relu1", "relu2"):
    print(f"{name}: {np.mean(volumes[name] == 0):.0%} of the numbers are 0")

# %% [markdown]
# Only the first four maps of each volume are shown, each with its own contrast. ReLU
# leaves a good part of the numbers at 0: such a code is called *sparse*.
#
# ### Look: where it errs
#
# **Predict.** When it is wrong, is it at least in doubt?

# %%
logits = forward(parameters, as_input(test_x[:limit]))["logits"]
guesses = logits.argmax(axis=1)
wrong = np.flatnonzero(guesses != test_y[:limit])[:8]
fig, axes = plt.subplots(1, 8, figsize=(11, 2.4))
for axis, k in zip(axes, wrong, strict=False):
    loss, _ = softmax_cross_entropy(logits[k : k + 1], guesses[k : k + 1])
    axis.imshow(test_x[k, :, :, 0])
    title = f"{test_y[k]}, read {guesses[k]}\np = {np.exp(-loss):.2f}"
    axis.set_title(title, fontsize=11)
for axis in axes:
    axis.axis("off")
plt.tight_layout()
plt.show()

# %% [markdown]
# ## What you have built
#
# Pooling that handles every edge, the two-faced slope of ReLU, a dense layer, a loss
# that no logit can break; and a network that is made of nothing else but these and one
# borrowed convolution. In assignment 04 you write that one too.
#
# Before you hand in: run `python -m grader assignments/03` once, from the folder of
# the course.
