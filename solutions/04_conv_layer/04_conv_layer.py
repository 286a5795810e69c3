# %% [markdown]
# # The convolution layer, forward and backward
#
# A network library gives you a convolution in one line. Here you build it yourself,
# three times: first with plain loops, so that every number has a reason; then as one
# matrix product, so that it is fast; then as a Keras layer, so that it learns. At
# the end your own layer reads handwritten digits.
#
# The rhythm is always the same: **predict** a result, **implement** the function,
# **check** it, **look** at what it does. Do write the prediction down before you run
# the cell below it. A wrong prediction is where the learning happens.
#
# | | you write | points |
# |---|---|---|
# | 2 | `conv_forward_naive` | 15 |
# | 3 | `conv_backward_naive` | 20 |
# | 4 | `im2col` | 10 |
# | 5 | `col2im` | 10 |
# | 6 | `conv_forward_fast`, `conv_backward_fast` | 5 + 10 |
# | 7 | `conv_grouped` | 10 |
# | 8 | `MyConv2D` | 20 |
#
# After each answer stands `check("...")`, which runs a few public tests in a moment.
# The grader runs more: other shapes, other layouts, your gradients against numeric
# ones. `python -m grader assignments/04` in a terminal shows the score.

# %%
import os
import time

from shared.quiet import quiet_tensorflow

quiet_tensorflow()

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from grader.notebook import check
from shared.datasets import load_arrays

DATASET = "digits"  # "mnist" for the bigger one, which is downloaded once
QUICK = os.environ.get("COURSE_QUICK") == "1"

train_x, train_y = load_arrays(DATASET, "train")
test_x, test_y = load_arrays(DATASET, "test")
digit = train_x[3, :, :, 0] / 255.0
rng = np.random.default_rng(0)

plt.rcParams.update({"figure.dpi": 90, "font.size": 12, "image.cmap": "gray"})


def show_numbers(axis, values, title, box=None):
    """Draws a matrix as a grid with its numbers; box = (row, column, height, width)."""
    values = np.asarray(values)
    axis.imshow(values, cmap="Greys", vmin=values.min(), vmax=2 * values.max() + 1)
    for (i, j), value in np.ndenumerate(values):
        axis.text(j, i, f"{value:g}", ha="center", va="center")
    if box:
        row, column, height, width = box
        corner = (column - 0.5, row - 0.5)
        axis.add_patch(plt.Rectangle(corner, width, height, fill=False, lw=3))
    axis.set(title=title, xticks=[], yticks=[])


# %% [markdown]
# ## Conventions
#
# They hold in every question, and the tests rely on them.
#
# - Images are **NHWC**: `x` has shape `(N, H, W, C)`. Kernels are **HWIO**: `w` has
#   shape `(kh, kw, C, F)` for `F` filters. The bias `b` has shape `(F,)` and is always
#   given.
# - `stride` and `pad` are ints and hold for rows and columns alike. `pad` is the
#   number of zeros added on **each** of the four sides.
# - Sizes are **floored**: a window that would stick out at the end is not computed.
#   The tests never ask for a kernel larger than the padded image.
# - Arrays are float32 or float64, in any memory layout. The natural dtype of a result
#   is that of `x`, though either passes.
# - A function never changes its arguments.
# - In questions 2–7 NumPy is the only library an answer may call. Loops are
#   welcome, so are `np.einsum` and stride tricks: the result counts.
#
# ## 1. A window, a product, a sum
#
# Put the kernel on a window of the image, multiply number by number, add up: one
# output. Move the window and repeat.
#
# **Predict.** The image below is bright on the left and dark on the right. What is the
# output where the box is? And one step to the left, where all is bright?

# %%
image = np.array([[8, 8, 8, 0, 0, 0]] * 6)
edge = np.array([[1, 0, -1]] * 3)
window = image[1:4, 2:5]

fig, axes = plt.subplots(1, 3, figsize=(9, 3.4))
show_numbers(axes[0], image, "image", box=(1, 2, 3, 3))
show_numbers(axes[1], edge, "kernel")
show_numbers(axes[2], window * edge, f"product, sum {np.sum(window * edge)}")
plt.tight_layout()
plt.show()

# %% [markdown]
# One step to the left the window is 8 everywhere, and each 8 meets a 1 and a −1: the
# sum is 0. The kernel answers 24 at the edge and 0 where nothing changes. It is an edge
# detector, and the same one for every place in the image.
#
# ### Convolution or cross-correlation?
#
# What we just did is called *cross-correlation*. A mathematician's *convolution*
# first turns the kernel by 180°. NumPy has both in one dimension.
#
# **Predict.** Which of the two lines below begins with a −1?

# %%
signal = np.array([0, 0, 1, 0, 0])
kernel = np.array([1, 2, -1])
print("np.correlate", np.correlate(signal, kernel))
print("np.convolve ", np.convolve(signal, kernel, mode="valid"))

# %% [markdown]
# Convolving with a single 1 copies the kernel; correlating copies it backwards. Deep
# learning libraries cross-correlate and call it convolution. Nothing is lost: the
# kernel is learned, and a network that needs the flipped kernel learns that one. So
# **in this course a convolution never flips the kernel.**
#
# Lecture slides sometimes say that convolution "takes the transpose of the filter".
# That is a slip. Below are the three candidates for our edge kernel.
#
# **Predict.** What does each of them answer at the edge of the image above?

# %%
variants = {"as it is": edge, "transposed": edge.T, "turned by 180°": edge[::-1, ::-1]}
fig, axes = plt.subplots(1, 3, figsize=(9, 3.2))
for axis, (name, variant) in zip(axes, variants.items(), strict=True):
    show_numbers(axis, variant, f"{name}: {np.sum(window * variant)}")
plt.tight_layout()
plt.show()

# %% [markdown]
# The transposed kernel looks for *horizontal* edges, finds none and answers 0. The
# flipped one finds the same edge and answers −24. They are different operations.
#
# ### How many windows fit?
#
# A window of `k` pixels has `n − k + 1` places on a line of `n`. Padding makes the line
# `n + 2·pad` long, and a stride keeps every `stride`-th place:
#
# $$n_\text{out} =
#   \left\lfloor \frac{n + 2\,\text{pad} - k}{\text{stride}} \right\rfloor + 1$$
#
# **Predict** the sizes for a 7×7 image and a 3×3 kernel: stride 1; stride 2; stride
# 3; stride 1 with `pad=1`.

# %%
from shared.shapes import out_size

for stride, pad in [(1, 0), (2, 0), (3, 0), (1, 1)]:
    print(f"7 pixels, kernel 3, stride {stride}, pad {pad}:", end=" ")
    print(out_size(7, 3, stride=stride, padding=pad), "outputs")

# %% [markdown]
# Two traps that lecture slides set here:
#
# - With stride 3 the quotient is 4/3 and not a whole number. One school says "it
#   doesn't fit" and forbids it. Libraries floor: two windows, and the last pixel is
#   never looked at. We floor.
# - With `pad=1` some slides keep the formula without `2·pad` and still write 7. With
#   the formula as they print it one gets 5.
#
# **Your turn.** A 3×3 kernel keeps the size with `pad=1`. Which `pad` does a `k`×`k`
# kernel need at stride 1, and why is an even `k` a problem?

# %% [markdown] answer="same_size"
# `n + 2·pad − k + 1 = n` gives `pad = (k − 1) / 2`: 1, 2, 3 for kernels of 3, 5, 7. For
# an even `k` that is no whole number: one side would need one zero more than the other.
# With the same `pad` on both sides the size cannot be kept.

# %% [markdown]
# ## 2. Forward, with loops
#
# Write the whole layer. For every image `n`, every place `(i, j)` and every filter `f`:
# cut the window out of the padded image, over all channels, multiply by filter `f`,
# add up, add the bias.
#
# Return `out` and a `cache`: whatever your backward pass will need later. What you put
# into the cache is your own business.


# %% question="conv_forward_naive"
def conv_forward_naive(x, w, b, stride, pad):
    """Convolve a batch of images with a bank of filters.

    Args:
        x: images (N, H, W, C).
        w: kernels (kh, kw, C, F).
        b: biases (F,).
        stride: step between windows, in pixels.
        pad: zeros added on each side of height and width.

    Returns:
        (out, cache): out (N, H_out, W_out, F), and what conv_backward_naive needs.
    """
    # BEGIN SOLUTION
    # TODO: pad x; work out H_out and W_out; fill out (N, H_out, W_out, F) window by
    # TODO: window; return out and your cache.
    images, height, width, _ = x.shape
    kh, kw, _, filters = w.shape
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    out_h = (height + 2 * pad - kh) // stride + 1
    out_w = (width + 2 * pad - kw) // stride + 1
    out = np.zeros((images, out_h, out_w, filters), dtype=x.dtype)
    for n in range(images):
        for i in range(out_h):
            for j in range(out_w):
                top, left = i * stride, j * stride
                window = padded[n, top : top + kh, left : left + kw]
                for f in range(filters):
                    out[n, i, j, f] = np.sum(window * w[..., f]) + b[f]
    return out, (x, w, b, stride, pad)
    # END SOLUTION


# %%
check("conv_forward_naive")

# %% [markdown]
# ### Look: three numbers on a slide are wrong
#
# A lecture convolves the 5×5 image `f` with the kernel `g`, zero padded so that the
# size stays. It means *true* convolution, so we turn `g` before we call your function.
# The slide prints the table `printed`.
#
# **Predict.** Compute the lower right corner by hand: is the slide's 4 correct?

# %%
f = np.array(
    [
        [3, 3, 2, 1, 0],
        [0, 0, 1, 3, 1],
        [3, 1, 2, 2, 3],
        [2, 0, 0, 2, 2],
        [2, 0, 0, 0, 1],
    ]
)
g = np.array([[2, 1, 0], [0, 2, 2], [2, 1, 0]])
printed = np.array(
    [
        [6, 14, 17, 11, 3],
        [14, 12, 12, 17, 5],
        [8, 10, 17, 19, 9],
        [11, 9, 6, 14, 8],
        [6, 4, 4, 6, 4],
    ]
)


def on_one_channel(image, kernel, pad=0, stride=1):
    """Your forward pass on one grey image, one kernel, no bias."""
    x = np.asarray(image, dtype=float)[None, :, :, None]
    w = np.asarray(kernel, dtype=float)[:, :, None, None]
    out, _ = conv_forward_naive(x, w, np.zeros(1), stride=stride, pad=pad)
    return out[0, :, :, 0]


computed = on_one_channel(f, g[::-1, ::-1], pad=1)
fig, axes = plt.subplots(1, 2, figsize=(7.5, 3.8))
show_numbers(axes[0], computed, "yours")
show_numbers(axes[1], printed, "on the slide")
for i, j in np.argwhere(computed != printed):
    axes[1].add_patch(plt.Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, lw=3))
plt.tight_layout()
plt.show()

# %% [markdown]
# The corner is right; three numbers in the last column are not.
#
# Now something nastier. This kernel equals itself upside down. Suppose a programmer
# flips it only from left to right, or only turns it by 180°:

# %%
print("180°:\n", on_one_channel(f, g[::-1, ::-1]))
print("left-right only:\n", on_one_channel(f, g[:, ::-1]))
print("not at all:\n", on_one_channel(f, g))

# %% [markdown]
# **Your turn.** The first two agree, so a test with this `g` accepts a wrong flip.
# Which property must a test kernel have so that every mix-up (flip one axis, flip
# both, transpose, swap height and width) shows?

# %% [markdown] answer="asymmetric"
# It must differ from all its flips and from its transpose, and it should not be square:
# for example random numbers of shape 3×2. Then every mix-up changes the result, or its
# shape. The same holds for the image: H ≠ W.

# %% [markdown]
# ### Look: what filters see in a digit
#
# **Predict** what each of these kernels makes of a handwritten digit: the mean of 5×5
# pixels; a centre minus its four neighbours; left minus right; top minus bottom.

# %%
filters = {
    "blur": np.full((5, 5), 0.04),
    "outline": np.array([[0, -0.25, 0], [-0.25, 1, -0.25], [0, -0.25, 0]]),
    "left − right": edge,
    "top − bottom": edge.T,
}
fig, axes = plt.subplots(1, 5, figsize=(11, 2.8))
axes[0].imshow(digit)
axes[0].set_title(f"a {train_y[3]}")
for axis, (name, kernel) in zip(axes[1:], filters.items(), strict=True):
    axis.imshow(on_one_channel(digit, kernel))
    axis.set_title(name)
for axis in axes:
    axis.set(xticks=[], yticks=[])
plt.tight_layout()
plt.show()

# %% [markdown]
# Those of `"digits"` were drawn on 8×8 pixels and enlarged to 28×28. You hardly see it,
# but the outline kernel does: it answers along the seams of the old pixels.
#
# ## 3. Backward, with loops
#
# Somebody tells you how much the loss changes per output: `dout`, of the shape of
# `out`. You tell them how much it changes per input pixel, weight and bias.
#
# The forward pass is many small products: `out[n, i, j, f]` grows by
# `pixel * weight`, once for each pixel of the window. A product hands its upstream
# gradient to each factor, times the *other* factor:
#
# - the pixel's gradient grows by `dout[n, i, j, f] * weight`,
# - the weight's gradient grows by `dout[n, i, j, f] * pixel`.
#
# *Grows*: windows overlap, so a pixel collects from all windows that saw it, and a
# weight is used at every place of every image. Collect with `+=`. Pixels of the padding
# collect too, but nobody asked for them: cut them off at the end.
#
# The cache comes from your own `conv_forward_naive`, here and when graded, so that
# function must work first.
#
# **Predict.** The bias `b[f]` is added at every place. What is `db` for 2 images and
# 5×4 outputs, if every number of `dout` is 1?


# %% question="conv_backward_naive"
def conv_backward_naive(dout, cache):
    """Gradients of a loss through conv_forward_naive.

    Args:
        dout: gradient of the loss with respect to out, (N, H_out, W_out, F).
        cache: what your conv_forward_naive returned.

    Returns:
        (dx, dw, db), with the shapes of x, w and b.
    """
    # BEGIN SOLUTION
    # TODO: dx (N, H, W, C), dw (kh, kw, C, F), db (F,): run over the windows as in the
    # TODO: forward pass and let each hand back its share.
    x, w, _, stride, pad = cache
    _, height, width, _ = x.shape
    kh, kw, _, filters = w.shape
    images, out_h, out_w, _ = dout.shape
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    for n in range(images):
        for i in range(out_h):
            for j in range(out_w):
                rows = slice(i * stride, i * stride + kh)
                columns = slice(j * stride, j * stride + kw)
                for f in range(filters):
                    upstream = dout[n, i, j, f]
                    dpadded[n, rows, columns] += upstream * w[..., f]
                    dw[..., f] += upstream * padded[n, rows, columns]
    dx = dpadded[:, pad : pad + height, pad : pad + width]
    return dx, dw, dout.sum(axis=(0, 1, 2))
    # END SOLUTION


# %%
check("conv_backward_naive")

# %% [markdown]
# ### Look: gradients you can trust
#
# Push one number of the input up and down by a tiny `h`, see how the loss follows: that
# is the gradient, computed without any of your calculus. It is slow, and the best test
# there is.
#
# **Predict.** To about how many digits will the two agree?

# %%
from shared.testing import numeric_gradient

x, w, b = rng.normal(size=(2, 5, 4, 2)), rng.normal(size=(3, 2, 2, 3)), np.zeros(3)
out, cache = conv_forward_naive(x, w, b, stride=2, pad=1)
dout = rng.normal(size=out.shape)
yours = conv_backward_naive(dout, cache)
numeric = (
    numeric_gradient(lambda v: conv_forward_naive(v, w, b, 2, 1)[0], x, dout),
    numeric_gradient(lambda v: conv_forward_naive(x, v, b, 2, 1)[0], w, dout),
    numeric_gradient(lambda v: conv_forward_naive(x, w, v, 2, 1)[0], b, dout),
)
for name, ours, theirs in zip(("dx", "dw", "db"), yours, numeric, strict=True):
    print(f"{name}: largest difference {np.abs(ours - theirs).max():.0e}")

# %% [markdown]
# ### Look: the kernel comes back as a stamp
#
# **Predict.** Let `dout` be 0 everywhere but for two places, where it is 1. What does
# `dx` look like?

# %%
stamp = np.array([[1.0, 2, 3], [4, 5, 6], [7, 8, 9]])[:, :, None, None]
fig, axes = plt.subplots(1, 2, figsize=(9, 4))
for axis, stride, size in ((axes[0], 1, 8), (axes[1], 2, 8)):
    blank = np.zeros((1, size, size, 1))
    out, cache = conv_forward_naive(blank, stamp, np.zeros(1), stride=stride, pad=0)
    dout = np.zeros_like(out)
    dout[0, 0, 0, 0] = dout[0, 2, 2, 0] = 1
    dx, _, _ = conv_backward_naive(dout, cache)
    show_numbers(axis, dx[0, :, :, 0], f"dx, stride {stride}")
plt.tight_layout()
plt.show()

# %% [markdown]
# Each output stamps the kernel, the right way up, onto the pixels that it had looked
# at; where stamps overlap they add. Stamping a kernel for every single 1 is what *true*
# convolution does: **the backward pass of a cross-correlation is a convolution.** The
# flip that we left out of the forward pass shows up here by itself.

# %% [markdown]
# ## 4. `im2col`: windows become rows
#
# Loops in Python are slow; one large matrix product is fast. So we copy every window
# into a row of a matrix, once, and the whole layer becomes `cols @ weights`.
#
# A 3×3 image with pixels numbered 0 to 8 and a 2×2 kernel has four windows:
#
# | window at | row of `cols` |
# |---|---|
# | (0, 0) | 0 1 3 4 |
# | (0, 1) | 1 2 4 5 |
# | (1, 0) | 3 4 6 7 |
# | (1, 1) | 4 5 7 8 |
#
# Order matters, for you and for the tests:
#
# - **rows** by image, then output row, then output column: row
#   `(n * H_out + i) * W_out + j`;
# - **columns** by kernel row, kernel column, channel: column `(a * kw + c) * C +
#   channel` for kernel place `(a, c)`. It is the order of `w.reshape(kh * kw * C,
#   F)`.
#
# `kernel_size` is a pair `(kh, kw)`. **Predict** the shape of `cols` for 2 images
# of 7×5 with 3 channels, kernel 3×2, stride 2, `pad=1`.


# %% question="im2col"
def im2col(x, kernel_size, stride, pad):
    """Copy every window of every image into a row.

    Args:
        x: images (N, H, W, C).
        kernel_size: (kh, kw).
        stride: step between windows, in pixels.
        pad: zeros added on each side of height and width.

    Returns:
        cols (N * H_out * W_out, kh * kw * C); rows in the order (n, i, j), columns in
        the order (kernel row, kernel column, channel).
    """
    # BEGIN SOLUTION
    # TODO: cols (N * H_out * W_out, kh * kw * C). A loop over the kh * kw places of the
    # TODO: kernel is short: each place takes a strided slice of the padded images.
    images, height, width, channels = x.shape
    kh, kw = kernel_size
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    out_h = (height + 2 * pad - kh) // stride + 1
    out_w = (width + 2 * pad - kw) // stride + 1
    cols = np.empty((images, out_h, out_w, kh, kw, channels), dtype=x.dtype)
    for a in range(kh):
        for c in range(kw):
            rows = slice(a, a + (out_h - 1) * stride + 1, stride)
            columns = slice(c, c + (out_w - 1) * stride + 1, stride)
            cols[:, :, :, a, c] = padded[:, rows, columns]
    return cols.reshape(images * out_h * out_w, kh * kw * channels)
    # END SOLUTION


# %%
check("im2col")

# %% [markdown]
# ### Look: a picture of the matrix
#
# **Predict.** How many numbers has `cols` for a 12×12 image, kernel 3×3, `pad=1`,
# compared with the image?

# %%
numbered = np.arange(9.0).reshape(1, 3, 3, 1)
patch = digit[8:20, 8:20][None, :, :, None]
cols = im2col(patch, (3, 3), stride=1, pad=1)

fig, axes = plt.subplots(1, 4, figsize=(11, 4.6), width_ratios=(1, 1.2, 1.2, 0.5))
show_numbers(axes[0], numbered[0, :, :, 0], "image", box=(0, 1, 2, 2))
small = im2col(numbered, (2, 2), stride=1, pad=0)
show_numbers(axes[1], small, "its im2col, 2×2", box=(1, 0, 1, 4))
axes[2].imshow(patch[0, :, :, 0])
axes[2].set(title="12×12 pixels", xticks=[], yticks=[])
axes[3].imshow(cols, aspect="auto")
axes[3].set(title="im2col, 3×3", xlabel="9 columns", ylabel="144 windows")
axes[3].set(xticks=[], yticks=[])
plt.tight_layout()
plt.show()
print(f"{patch.size} pixels became {cols.size} numbers")

# %% [markdown]
# Each column is the whole image again, shifted by one kernel place: nine copies for a
# 3×3 kernel. That is the price of the matrix product: memory.

# %% [markdown]
# ## 5. `col2im`: rows go home
#
# For the backward pass we need the way back: every number of `cols` returns to the
# pixel that it was copied from. A pixel was copied into several rows, so several
# numbers come home to it, and they **add up**. Numbers that came from the padding
# are dropped.
#
# This is not the inverse of `im2col` but its *adjoint* (its transpose, if you write
# `im2col` as one big matrix). For any `x` and any `cols` of matching shapes
#
# $$\langle \operatorname{im2col}(x),\ \text{cols} \rangle =
#   \langle x,\ \operatorname{col2im}(\text{cols}) \rangle$$
#
# where ⟨u, v⟩ multiplies number by number and adds up. **Predict.** What is
# `col2im(im2col(x))` for the middle pixel of a 3×3 image and a 2×2 kernel?


# %% question="col2im"
def col2im(cols, x_shape, kernel_size, stride, pad):
    """Add every number of cols to the pixel it came from.

    Args:
        cols: (N * H_out * W_out, kh * kw * C), ordered as im2col orders it.
        x_shape: (N, H, W, C), the shape of the images without padding.
        kernel_size: (kh, kw).
        stride: step between windows, in pixels.
        pad: zeros that im2col had added on each side.

    Returns:
        (N, H, W, C).
    """
    # BEGIN SOLUTION
    # TODO: start from zeros of the padded shape, add each kernel place's share to the
    # TODO: pixels it came from, cut the padding off: (N, H, W, C).
    images, height, width, channels = x_shape
    kh, kw = kernel_size
    out_h = (height + 2 * pad - kh) // stride + 1
    out_w = (width + 2 * pad - kw) // stride + 1
    cols = cols.reshape(images, out_h, out_w, kh, kw, channels)
    padded_shape = (images, height + 2 * pad, width + 2 * pad, channels)
    padded = np.zeros(padded_shape, dtype=cols.dtype)
    for a in range(kh):
        for c in range(kw):
            rows = slice(a, a + (out_h - 1) * stride + 1, stride)
            columns = slice(c, c + (out_w - 1) * stride + 1, stride)
            padded[:, rows, columns] += cols[:, :, :, a, c]
    return padded[:, pad : pad + height, pad : pad + width]
    # END SOLUTION


# %%
check("col2im")

# %% [markdown]
# ### Look: who is seen how often
#
# If every number of `cols` is 1, `col2im` counts the windows that see a pixel.
#
# **Predict** the corner, the edge and the middle for a 3×3 kernel at stride 1 without
# padding. Then: what does stride 2 do to the picture?

# %%
fig, axes = plt.subplots(1, 3, figsize=(11, 4))
for axis, (stride, pad) in zip(axes, ((1, 0), (1, 1), (2, 0)), strict=True):
    shape = (1, 7, 7, 1)
    ones = np.ones_like(im2col(np.zeros(shape), (3, 3), stride=stride, pad=pad))
    seen = col2im(ones, shape, (3, 3), stride=stride, pad=pad)
    show_numbers(axis, seen[0, :, :, 0], f"stride {stride}, pad {pad}")
plt.tight_layout()
plt.show()

# %% [markdown]
# Without padding a corner pixel is seen once and a middle pixel nine times: one reason
# for padding. With stride 2 the counts form a chequered pattern, and gradients arrive
# in that pattern. When the same operation is used to *enlarge* pictures, the pattern
# becomes visible in them as checkerboard artefacts.

# %% [markdown]
# ## 6. The fast layer
#
# Now the layer is a matrix product, and you know how to differentiate one. With
# `cols` of shape `(M, K)`, weights `(K, F)` and `out = cols @ weights + b`:
#
# | gradient | formula | shape |
# |---|---|---|
# | weights | `cols.T @ dout` | `(K, F)` |
# | cols | `dout @ weights.T` | `(M, K)` |
# | bias | sum of `dout` over rows | `(F,)` |
#
# The rest is `reshape`, your `im2col` and your `col2im`. Arguments and results are
# those of the naive pair; the cache is again your own business, and the backward pass
# is graded with the cache of your own forward pass.


# %% question="conv_forward_fast"
def conv_forward_fast(x, w, b, stride, pad):
    """The same layer as conv_forward_naive, as one matrix product.

    Args:
        x: images (N, H, W, C).
        w: kernels (kh, kw, C, F).
        b: biases (F,).
        stride: step between windows, in pixels.
        pad: zeros added on each side of height and width.

    Returns:
        (out, cache): out (N, H_out, W_out, F), and what conv_backward_fast needs.
    """
    # BEGIN SOLUTION
    # TODO: cols (N * H_out * W_out, kh * kw * C) times weights (kh * kw * C, F), then
    # TODO: back to (N, H_out, W_out, F).
    images, height, width, _ = x.shape
    kh, kw, _, filters = w.shape
    out_h = (height + 2 * pad - kh) // stride + 1
    out_w = (width + 2 * pad - kw) // stride + 1
    cols = im2col(x, (kh, kw), stride, pad)
    out = cols @ w.reshape(-1, filters) + b
    cache = (cols, x.shape, w, stride, pad)
    return out.reshape(images, out_h, out_w, filters), cache
    # END SOLUTION


# %%
check("conv_forward_fast")


# %% question="conv_backward_fast"
def conv_backward_fast(dout, cache):
    """Gradients of a loss through conv_forward_fast.

    Args:
        dout: gradient of the loss with respect to out, (N, H_out, W_out, F).
        cache: what your conv_forward_fast returned.

    Returns:
        (dx, dw, db), with the shapes of x, w and b.
    """
    # BEGIN SOLUTION
    # TODO: flatten dout to (N * H_out * W_out, F), use the table above, and take the
    # TODO: gradient of cols back to the pixels.
    cols, x_shape, w, stride, pad = cache
    kh, kw, _, filters = w.shape
    flat = dout.reshape(-1, filters)
    dw = (cols.T @ flat).reshape(w.shape)
    dcols = flat @ w.reshape(-1, filters).T
    dx = col2im(dcols, x_shape, (kh, kw), stride, pad)
    return dx, dw, flat.sum(axis=0)
    # END SOLUTION


# %%
check("conv_backward_fast")

# %% [markdown]
# ### Look: how much faster?
#
# **Predict** a factor between your loops and your matrix product, and one between that
# and TensorFlow, for a 64×64 image with 3 channels and eight 3×3 filters.

# %%
sizes = (8, 16) if QUICK else (8, 16, 32, 64)
w, b = rng.normal(size=(3, 3, 3, 8)).astype("float32"), np.zeros(8, "float32")


def fastest(run):
    """The best of some timings, in milliseconds: the least disturbed one."""
    timings = []
    while len(timings) < 3 or (sum(timings) < 100 and len(timings) < 50):
        start = time.perf_counter()
        run()
        timings.append(1000 * (time.perf_counter() - start))
    return min(timings)


def tensorflow_conv(x):
    return tf.nn.conv2d(x, w, strides=1, padding="SAME").numpy()


timings = {"naive": [], "fast": [], "TensorFlow": []}
for size in sizes:
    x = rng.normal(size=(1, size, size, 3)).astype("float32")
    timings["naive"].append(fastest(lambda x=x: conv_forward_naive(x, w, b, 1, 1)))
    timings["fast"].append(fastest(lambda x=x: conv_forward_fast(x, w, b, 1, 1)))
    timings["TensorFlow"].append(fastest(lambda x=x: tensorflow_conv(x)))

fig, axis = plt.subplots(figsize=(7, 4.5))
for (name, milliseconds), style in zip(
    timings.items(), ("o-", "s--", "^:"), strict=True
):
    axis.loglog(sizes, milliseconds, style, color="black", label=name, markersize=8)
axis.set(xlabel="height and width of the image (pixels)", ylabel="forward pass (ms)")
axis.set_title("The same layer, three ways")
axis.set_xticks(sizes, sizes)
axis.minorticks_off()
axis.legend()
axis.grid(alpha=0.3)
plt.tight_layout()
plt.show()

# %% [markdown]
# **Your turn.** The matrix product does *more* work than your loops: it copies every
# pixel nine times first. Why is it so much faster? And for small images, what is
# TensorFlow busy with?

# %% [markdown] answer="why_fast"
# Both do the same multiplications. The loops pay Python's overhead, about a
# microsecond for every small NumPy call, once per window and filter; the matrix product
# pays it once. Inside, a tuned routine (BLAS) keeps the numbers in registers and cache
# and uses the processor's vector units. For small images TensorFlow's time is overhead
# too: converting the arrays and dispatching the operation.

# %% [markdown]
# ## 7. Groups and dilation
#
# **Groups.** Cut the channels into `groups` blocks of neighbours: the first
# `C/groups` channels, the next, and so on. Cut the filters into as many blocks. Block
# `g` of the filters sees block `g` of the channels only, and the results are put side
# by side. So a filter has only `C_in/groups` channels, and `w` has shape `(kh, kw,
# C_in/groups, C_out)`. With `groups = C_in` every channel is convolved by itself: a
# *depthwise* convolution.
#
# **Dilation.** Pull the kernel apart so that its taps stand `dilation` pixels
# from each other. It sees more, and costs the same. `kh` taps span
# `(kh − 1)·dilation + 1` pixels.
#
# **Predict.** How many weights has a 3×3 layer from 8 channels to 8 with 1, 2, 4, 8
# groups?
#
# Here stride is 1, there is no padding and no bias. The tests use group counts that
# divide `C_in` and `C_out`, and images that hold the dilated kernel.


# %% question="conv_grouped"
def conv_grouped(x, w, groups, dilation):
    """Convolve block by block of channels, with a dilated kernel.

    Args:
        x: images (N, H, W, C_in).
        w: kernels (kh, kw, C_in // groups, C_out).
        groups: number of blocks; divides C_in and C_out.
        dilation: pixels from one kernel tap to the next, an int.

    Returns:
        out (N, H - (kh - 1) * dilation, W - (kw - 1) * dilation, C_out).
    """
    # BEGIN SOLUTION
    # TODO: out (N, H_out, W_out, C_out); block g of the filters sees block g of the
    # TODO: channels.
    images, height, width, _ = x.shape
    kh, kw, depth, filters = w.shape
    per_group = filters // groups
    out_h, out_w = height - (kh - 1) * dilation, width - (kw - 1) * dilation
    out = np.zeros((images, out_h, out_w, filters), dtype=x.dtype)
    for g in range(groups):
        seen = x[..., g * depth : (g + 1) * depth]
        block = slice(g * per_group, (g + 1) * per_group)
        for a in range(kh):
            for c in range(kw):
                top, left = a * dilation, c * dilation
                shifted = seen[:, top : top + out_h, left : left + out_w]
                out[..., block] += shifted @ w[a, c, :, block]
    return out
    # END SOLUTION


# %%
check("conv_grouped")

# %% [markdown]
# ### Look: what one output sees
#
# We ask your function which pixels reach one output, by pushing a single 1 through
# every input place in turn.
#
# **Predict** the three pictures.

# %%
fig, axes = plt.subplots(1, 3, figsize=(11, 4))
for axis, dilation in zip(axes, (1, 2, 3), strict=True):
    pixels = np.eye(49).reshape(49, 7, 7, 1)
    out = conv_grouped(pixels, np.ones((3, 3, 1, 1)), groups=1, dilation=dilation)
    seen = out[:, 0, 0, 0].reshape(7, 7)
    axis.imshow(1 - seen, vmin=-0.3, vmax=1.2)
    axis.set(title=f"dilation {dilation}: {seen.sum():.0f} taps", xticks=[], yticks=[])
plt.tight_layout()
plt.show()

for groups in (1, 2, 4, 8):
    print(f"groups {groups}: {3 * 3 * (8 // groups) * 8:>3} weights")

# %% [markdown]
# ## 8. Your own Keras layer
#
# Now everything together, with gradients for free: TensorFlow differentiates what you
# build from its simple operations. `MyConv2D` takes the arguments of
# `keras.layers.Conv2D` and gives its results. `__init__` is written for you; you write
# `build`, `call`, `compute_output_shape` and `get_config`.
#
# **What is allowed.** NumPy, Keras and TensorFlow, but no ready-made convolution, in
# whatever way it is reached: no `keras.layers.Conv2D` or its relatives (1-D, 3-D,
# depthwise, separable, transposed), no `keras.ops.conv` and relatives, no
# `tf.nn.conv2d` and relatives, no operation that runs a convolution inside
# (`extract_patches` of Keras is one). Slices, `tf.pad`, `tf.concat`, `tf.reshape`,
# `tf.einsum`, `tf.tensordot` are all you need.
#
# **What is asked.**
#
# - `kernel` has shape `(kh, kw, C_in/groups, filters)`, `bias` has shape `(filters,)`;
#   add them in this order, the bias only if `use_bias`.
# - Every argument works together with every other: `kernel_size`, `strides` and
#   `dilation_rate` may differ in height and width.
# - `padding` is `"valid"` (no zeros) or `"same"`: see the next cell.
# - The batch, height and width may be unknown (`None`) while TensorFlow traces the
#   layer. Then `x.shape[1]` is `None`; `tf.shape(x)[1]` knows the size when the layer
#   runs.
# - `compute_output_shape((N, H, W, C))` returns a tuple; what is `None` in the input
#   (N, H or W) is `None` in the output.
# - `get_config()` holds what `MyConv2D.from_config` needs to build the same layer
#   again, and what every Keras layer holds (its name, for one).
#
# ### "Same" is not symmetric
#
# TensorFlow's rule for `"same"`: there are `⌈n / stride⌉` outputs, and just as many
# zeros as these need. With `span = (k − 1)·dilation + 1`:
#
# $$\text{total} =
#   \max\big((n_\text{out} - 1)\cdot\text{stride} + \text{span} - n,\ 0\big)$$
#
# of which half, rounded **down**, goes before the first pixel and the rest after the
# last.
#
# **Predict** the zeros `(before, after)` for 6 pixels, kernel 3, stride 2. Textbooks
# would pad (1, 1).

# %%
from shared.shapes import same_pads

for n, k, stride in [(6, 3, 1), (6, 3, 2), (7, 3, 2), (6, 5, 2)]:
    print(f"{n} pixels, kernel {k}, stride {stride}: {same_pads(n, k, stride)}")

ramp = np.arange(1.0, 7).reshape(1, 1, 6, 1)
middle = np.array([0.0, 1, 0]).reshape(1, 3, 1, 1)
looked_at = tf.nn.conv2d(ramp, middle, strides=2, padding="SAME").numpy().ravel()
print("TensorFlow's windows at stride 2 are centred on pixels", looked_at)

# %% [markdown]
# With (1, 1) they would be centred on pixels 1, 3, 5. A network trained with one rule
# and run with the other sees everything one pixel off.


# %% question="MyConv2D"
def pair(value):
    """3 -> (3, 3); (3, 2) and [3, 2] -> (3, 2)."""
    return (value, value) if isinstance(value, int) else tuple(value)


class MyConv2D(keras.layers.Layer):
    """Two-dimensional convolution on NHWC images, as keras.layers.Conv2D."""

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
        self.filters = filters
        self.kernel_size = pair(kernel_size)
        self.strides = pair(strides)
        self.padding = padding
        self.dilation_rate = pair(dilation_rate)
        self.groups = groups
        self.activation = keras.activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)

    def build(self, input_shape):
        """Create kernel (kh, kw, C_in // groups, filters) and bias (filters,)."""
        # BEGIN SOLUTION
        # TODO: self.add_weight(name=..., shape=..., initializer=...), kernel first.
        depth = input_shape[-1] // self.groups
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, depth, self.filters),
            initializer=self.kernel_initializer,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias", shape=(self.filters,), initializer=self.bias_initializer
            )
        # END SOLUTION

    def call(self, x):
        """Images (N, H, W, C_in) to feature maps (N, H_out, W_out, filters)."""
        # BEGIN SOLUTION
        # TODO: pad if "same"; a strided, dilated slice for each kernel place; multiply
        # TODO: by the kernel, group by group; bias; activation.
        if self.padding == "same":
            pads = [self._same_pads(self._size(x, axis), axis) for axis in (1, 2)]
            x = tf.pad(x, [(0, 0), *pads, (0, 0)])
        rows, columns = self._taps(x, 1), self._taps(x, 2)
        taps = [x[:, r, c] for r in rows for c in columns]
        blocks = [tf.split(tap, self.groups, axis=-1) for tap in taps]
        kernels = tf.split(self.kernel, self.groups, axis=-1)
        outputs = []
        for group, kernel in zip(zip(*blocks, strict=True), kernels, strict=True):
            weights = tf.reshape(kernel, (-1, self.filters // self.groups))
            outputs.append(tf.tensordot(tf.concat(group, axis=-1), weights, axes=1))
        out = tf.concat(outputs, axis=-1)
        if self.use_bias:
            out = out + self.bias
        return self.activation(out)
        # END SOLUTION

    def compute_output_shape(self, input_shape):
        """(N, H, W, C_in) to (N, H_out, W_out, filters); None stays None."""
        # BEGIN SOLUTION
        # TODO: return a tuple of four.
        sizes = []
        for axis in (1, 2):
            size = input_shape[axis]
            if size is not None and self.padding == "same":
                size += sum(self._same_pads(size, axis))
            sizes.append(None if size is None else self._windows(size, axis))
        return (input_shape[0], *sizes, self.filters)
        # END SOLUTION

    def get_config(self):
        """The arguments of __init__, as plain values."""
        # BEGIN SOLUTION
        # TODO: start from super().get_config(); keras.activations.serialize and
        # TODO: keras.initializers.serialize turn objects into plain values.
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "dilation_rate": self.dilation_rate,
            "groups": self.groups,
            "activation": keras.activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
        }

    @staticmethod
    def _size(x, axis):
        """The length of an axis: a number if known, else a tensor."""
        return tf.shape(x)[axis] if x.shape[axis] is None else x.shape[axis]

    def _span(self, axis):
        return (self.kernel_size[axis - 1] - 1) * self.dilation_rate[axis - 1] + 1

    def _windows(self, size, axis):
        """How many windows fit into size pixels, padding included."""
        return (size - self._span(axis)) // self.strides[axis - 1] + 1

    def _same_pads(self, size, axis):
        stride = self.strides[axis - 1]
        outputs = (size + stride - 1) // stride
        needed = (outputs - 1) * stride + self._span(axis) - size
        total = tf.maximum(needed, 0) if tf.is_tensor(size) else max(needed, 0)
        return total // 2, total - total // 2

    def _taps(self, x, axis):
        """For each kernel place along an axis, the slice of pixels that it meets."""
        stride, dilation = self.strides[axis - 1], self.dilation_rate[axis - 1]
        length = (self._windows(self._size(x, axis), axis) - 1) * stride + 1
        starts = [a * dilation for a in range(self.kernel_size[axis - 1])]
        return [slice(start, start + length, stride) for start in starts]
        # END SOLUTION


# %%
check("MyConv2D")

# %% [markdown]
# ### Look: your layer beside Keras's
#
# The same weights in both, and the largest difference of the results.
#
# **Predict.** Exactly zero, or about 1e-7?

# %%
cases = {
    "3×3 valid": {"kernel_size": 3},
    "3×2 same": {"kernel_size": (3, 2), "padding": "same"},
    "5×5 same, stride 2": {"kernel_size": 5, "padding": "same", "strides": 2},
    "3×3, dilation 2": {"kernel_size": 3, "dilation_rate": 2},
}
images = test_x[:4].astype("float32") / 255
for name, arguments in cases.items():
    mine = MyConv2D(8, activation="relu", **arguments)
    theirs = keras.layers.Conv2D(8, activation="relu", **arguments)
    out = mine(images)
    theirs.build(images.shape)
    theirs.set_weights(mine.get_weights())
    difference = np.abs(out - theirs(images)).max()
    print(f"{name:20} {tuple(out.shape)!s:18} {difference:.0e}")

# %% [markdown]
# ## 9. It learns
#
# A small network of your layers, on handwritten digits. Two of them shrink the image
# with stride 2; the mean over what remains goes to ten outputs.
#
# **Predict.** Before training the loss should be near ln 10 ≈ 2.3 (why?). How many
# digits out of a hundred will it read correctly in the end?

# %%
limit, epochs = (256, 2) if QUICK else (6000, 25 if DATASET == "digits" else 10)


def as_images(x):
    """uint8 to float32 around zero: learning is steadier than with 0 to 1."""
    return x[:limit].astype("float32") / 255 - 0.5


keras.utils.set_random_seed(4)
model = keras.Sequential(
    [
        keras.Input(train_x.shape[1:]),
        MyConv2D(8, 5, strides=2, padding="same", activation="relu", name="first"),
        MyConv2D(16, 3, strides=2, padding="same", activation="relu"),
        MyConv2D(32, 3, padding="same", activation="relu"),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(10),
    ]
)
model.compile(
    optimizer=keras.optimizers.Adam(0.003),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
before = model.get_layer("first").get_weights()[0]
history = model.fit(
    as_images(train_x),
    train_y[:limit],
    batch_size=32,
    epochs=epochs,
    validation_data=(as_images(test_x), test_y[:limit]),
    verbose=0,
)
after = model.get_layer("first").get_weights()[0]
accuracy = history.history["val_accuracy"][-1]
print(f"{model.count_params()} parameters, test accuracy {accuracy:.1%}")

# %%
fig, axes = plt.subplots(1, 2, figsize=(10, 4))
passes = np.arange(1, epochs + 1)
for axis, quantity in zip(axes, ("loss", "accuracy"), strict=True):
    axis.plot(passes, history.history[quantity], "k-o", label="training")
    axis.plot(passes, history.history[f"val_{quantity}"], "k--s", label="test")
    axis.set(xlabel="epoch", ylabel=quantity, title=quantity.capitalize())
    axis.legend()
    axis.grid(alpha=0.3)
plt.tight_layout()
plt.show()

# %% [markdown]
# ### Look: what it learned to look for
#
# Upper row: the eight 5×5 kernels of the first layer before training. Middle row: after
# it (white is positive, black negative, each with its own contrast). Lower row: what
# each makes of one digit.
#
# **Predict.** Will the learned kernels look like noise?

# %%
maps = model.get_layer("first")(as_images(test_x)[:1])[0]
fig, axes = plt.subplots(3, 8, figsize=(11, 4.6))
for k in range(8):
    for axis, kernels in zip(axes[:, k], (before, after), strict=False):
        most = np.abs(kernels[:, :, 0, k]).max()
        axis.imshow(kernels[:, :, 0, k], vmin=-most, vmax=most)
    axes[2, k].imshow(maps[:, :, k])
for axis, label in zip(axes[:, 0], ("before", "after", "output"), strict=True):
    axis.set_ylabel(label)
for axis in axes.flat:
    axis.set(xticks=[], yticks=[])
plt.tight_layout()
plt.show()

# %% [markdown]
# The noise has turned into something smoother. Several kernels have a bright side and a
# dark side: they look for an edge in some direction, as `edge` of part 1 did. Others
# take something like a mean. Nobody told the network that edges matter.
#
# ### Look: where it errs

# %%
logits = model.predict(as_images(test_x), verbose=0)
guesses = logits.argmax(axis=1)
wrong = np.flatnonzero(guesses != test_y[:limit])[:8]
fig, axes = plt.subplots(1, 8, figsize=(11, 2))
for axis, k in zip(axes, wrong, strict=False):
    axis.imshow(test_x[k, :, :, 0])
    axis.set_title(f"{test_y[k]}, read {guesses[k]}", fontsize=11)
for axis in axes:
    axis.axis("off")
plt.tight_layout()
plt.show()

# %% [markdown]
# **Your turn.** Your layer is *equivariant* to translation: shift the image and the
# feature maps shift with it. Some slides say *invariant*, which would mean that the
# result does not change at all. Which layer of this network comes close to invariance,
# and what do the two strides spoil?

# %% [markdown] answer="equivariance"
# Global average pooling: the mean over all places does not ask where something was. It
# is exact only up to the borders, where the zeros of the padding come in, and only for
# shifts by multiples of 4 pixels: a layer with stride 2 is equivariant to even shifts
# alone, and two of them to multiples of four.

# %% [markdown]
# ## What you have built
#
# The forward pass, its gradients, the trick that makes it fast, and a layer that
# trains. In later assignments the same layer comes with pooling, normalisation and
# shortcuts, and finally as a kernel in C++ and CUDA, where the seven loops of part 2
# return and are fast.
#
# Before you hand in: run `python -m grader assignments/04` once, from the folder of
# the course.
