# %% [markdown]
# # Filters and convolution
#
# A convolutional network is built from one small operation: lay a little pattern on a
# piece of the image, multiply, add up, move on. You write that operation here, in
# NumPy, in all the forms in which textbooks and slides present it. You try it on
# sequences, on letters, on photographs and on digits. At the end you scramble the
# pixels of the digits and see what a network loses by it.
#
# The rhythm is always the same: **predict** a result, **implement** the function,
# **check** it, **look** at what it does. Do write the prediction down before you run
# the cell below it. A wrong prediction is where the learning happens.
#
# | | you write | points |
# |---|---|---|
# | 1 | `dense_params` | 5 |
# | 2 | `conv1d` | 15 |
# | 3 | `correlate2d` | 20 |
# | 4 | `flip180` | 10 |
# | 5 | `convolve2d` | 20 |
# | 6 | `blur_kernel` | 5 |
# | 7 | `match_feature` | 15 |
# | 8 | `permute_pixels` | 10 |
#
# After each answer stands `check("...")`, which runs a few public tests in a moment.
# The grader runs more: other shapes, other kinds of numbers. `python -m grader
# assignments/01` in a terminal shows the score.

# %%
import os

from shared.quiet import quiet_tensorflow

quiet_tensorflow()

import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_image

from grader.notebook import check
from shared.datasets import load_arrays

DATASET = "digits"  # "mnist" for the bigger one, which is downloaded once
QUICK = os.environ.get("COURSE_QUICK") == "1"

plt.rcParams.update({"figure.dpi": 80, "font.size": 12, "image.cmap": "gray"})


def show_numbers(axis, values, title, box=None, form="g"):
    """Draws a matrix as a grid with its numbers; box = (row, column, height, width)."""
    values = np.asarray(values)
    low, high = values.min(), values.max()
    axis.imshow(values, cmap="Greys", vmin=low, vmax=2 * high - low + 1)
    for (i, j), value in np.ndenumerate(values):
        axis.text(j, i, format(value, form), ha="center", va="center")
    if box:
        row, column, height, width = box
        corner = (column - 0.5, row - 0.5)
        axis.add_patch(plt.Rectangle(corner, width, height, fill=False, lw=3))
    axis.set(title=title, xticks=[], yticks=[])


def show_pictures(axes, pictures):
    """Draws named pictures; each picture has its own contrast."""
    for axis, (name, picture) in zip(np.ravel(axes), pictures.items(), strict=True):
        axis.imshow(picture)
        axis.set(title=name, xticks=[], yticks=[])
    plt.tight_layout()
    plt.show()


# %% [markdown]
# ## Conventions
#
# They hold in every question, and the tests rely on them.
#
# - A grey image `x` is an array `(H, W)`, a kernel `k` is `(kh, kw)`: rows first, row 0
#   on top. Where there are many images, in question 8, they are `(N, H, W, C)`.
# - Arrays hold floats or whole numbers of **any** kind; photographs are uint8, from 0
#   to 255. No result may wrap around or lose its fraction: compute in floats. In which
#   kind of float your result comes is your choice.
# - `stride` and `pad` are ints and hold for rows and columns alike. `pad` is the
#   number of zeros on **each** of the four sides.
# - Sizes are **floored**: a window that would stick out is not computed. The tests
#   never ask for a kernel larger than the (padded) image, but for `"full"` in
#   question 5, where either of the two may be the larger one.
# - A function never changes its arguments.
# - NumPy is the only library an answer may call. Loops are welcome, and so are all of
#   NumPy's tricks: the result counts. An answer may use your earlier answers.
#
# ## 1. What a dense layer costs
#
# A fully connected (*dense*) layer flattens its input to a line of numbers. Each of its
# **units** multiplies every number by a weight of its own, adds up, and adds one bias.
#
# **Predict** the number of parameters from 1000 signals to 1000 units; and from a small
# colour photograph, 100×100×3, to 1000 units.


# %% question="dense_params"
def dense_params(input_shape, units, use_bias=True):
    """Count the parameters of a fully connected layer.

    Args:
        input_shape: shape of one input, a tuple such as (100, 100, 3), or an int.
        units: number of units, an int.
        use_bias: whether every unit has a bias.

    Returns:
        How many numbers the layer has to learn: one number, exact.
    """
    # BEGIN SOLUTION
    # TODO: count the input numbers, then the weights, then the biases.
    signals = int(np.prod(input_shape))
    biases = units if use_bias else 0
    return signals * units + biases
    # END SOLUTION


# %%
check("dense_params")

# %%
for shape in (1000, (100, 100, 3), (1000, 1000, 3)):
    weights = dense_params(shape, 1000, use_bias=False)
    biases = dense_params(shape, 1000) - weights
    print(f"{shape!s:15} to 1000 units: {weights:13,} weights, {biases:,} biases")

# %% [markdown]
# ### Look: a slide that counts one unit
#
# One lecture says: an image of 1000×1000×3 needs 3M weights in the first layer, so a
# network with 100 layers has 300M, which is 2.4 GB in double precision.
#
# **Predict.** Which numbers does the slide get right: 3M, 300M, 2.4 GB?

# %%
one_unit = dense_params((1000, 1000, 3), 1, use_bias=False)
print(f"the slide:    {one_unit:,} weights, times 100 layers = {100 * one_unit:,}")
print(f"              {100 * one_unit * 8 / 1e9} GB at 8 bytes a number")

first, later = dense_params((1000, 1000, 3), 1000), dense_params(1000, 1000)
total = first + 99 * later
print(f"1000 units:   {first:,} in the first layer, {later:,} in each later one")
print(f"              {total:,} in 100 layers, {total * 8 / 1e9:.1f} GB")

# %% [markdown]
# **Your turn.** The slide's multiplications are right. Which two things about dense
# layers did it overlook?

# %% [markdown] answer="three_million"
# First, 3M is what *one* unit needs; a layer has many, here 1000, and so 3,000M
# weights. Second, the later layers are not of the first one's size: they see the units
# of the layer before, 1000 numbers, and not the image. A hundred layers have 3.1G
# parameters and 24.8 GB, nearly all in the first.

# %% [markdown]
# ### Look: one weight per pixel learns by heart
#
# A layer with a weight per pixel has 784 weights per class for digits of 28×28. We give
# it 100 digits, and choose the weights that fit best (least squares, no training). Then
# we do it again with **labels drawn by lot**, which mean nothing.
#
# **Predict** for both: how many of the 100 digits does it get right? How many of those
# that it has not seen?

# %%
train_x, train_y = load_arrays(DATASET, "train")
test_x, test_y = load_arrays(DATASET, "test")


def with_a_weight_per_pixel(labels, few=100):
    """Share of right answers on the digits it was fitted to, and on new ones."""
    lines, new = train_x.reshape(len(train_x), -1), test_x.reshape(len(test_x), -1)
    lines, new = lines[:few] / 255.0, new / 255.0
    wanted = np.eye(10)[labels[:few]]
    weights, *_ = np.linalg.lstsq(lines, wanted, rcond=None)
    seen = np.mean((lines @ weights).argmax(axis=1) == labels[:few])
    return seen, np.mean((new @ weights).argmax(axis=1) == test_y)


by_lot = np.random.default_rng(0).permutation(train_y)
for name, labels in {"true labels": train_y, "labels by lot": by_lot}.items():
    seen, new = with_a_weight_per_pixel(labels)
    print(f"{name:14} {seen:4.0%} of the digits seen, {new:4.0%} of new ones")

# %% [markdown]
# With more weights than digits it can fit anything, sense or nonsense. That is
# *overfitting*. The cure of this course is not to have fewer pixels but to let all
# places of the image **share** a few weights.
#
# ## 2. Convolution on a line
#
# The convolution of two sequences, in the two forms that textbooks print:
#
# $$(f * g)[i] = \sum_m f[m]\; g[i - m] = \sum_m f[i - m]\; g[m]$$
#
# What lies outside a sequence counts as 0. So `n` numbers and `k` numbers give
# `n + k − 1`: for all other `i` no product is left. (That is called *full*.)
#
# **Predict.** With paper: `[1, 2, 3] * [1, 10]`. Then: what is `f * g` if `f` is a
# single 1 between zeros?


# %% question="conv1d"
def conv1d(f, g):
    """The full convolution of two sequences.

    Args:
        f: numbers, (n,).
        g: numbers, (k,); either may be the longer one.

    Returns:
        (n + k - 1,): at i, the sum of f[m] * g[i - m].
    """
    # BEGIN SOLUTION
    # TODO: out (n + k - 1,). Either collect for every i, or let every pair f[m], g[j]
    # TODO: give its product to the i that it belongs to. np.convolve is not allowed.
    f, g = np.asarray(f, dtype=float), np.asarray(g, dtype=float)
    out = np.zeros(len(f) + len(g) - 1)
    for m, weight in enumerate(g):
        out[m : m + len(f)] += weight * f
    return out
    # END SOLUTION


# %%
check("conv1d")

# %% [markdown]
# ### Look: the two forms, and a short kernel
#
# If `g` is not zero only from −M to M, the sum over `m` needs no more than these
# places, and the result is wanted where `f` is: drop M numbers on either side of the
# full one.
#
# **Predict** the middle number of the second line, from the formula with M = 1.

# %%
f, g, M = np.array([3, 1, 4, 1, 5]), np.array([1, 2, -1]), 1
print("f * g        ", conv1d(f, g))
print("where f is   ", conv1d(f, g)[M : M + len(f)])
print("f * g = g * f", np.array_equal(conv1d(f, g), conv1d(g, f)))

# %% [markdown]
# ### Look: from sums to integrals
#
# For functions of time the sum becomes an integral,
# $(f * g)(t) = \int f(\tau)\, g(t - \tau)\, d\tau$. Take a box `f` of length 1 (a
# switch, on for a second) and `g` that dies away as $e^{-t}$ (an echo). Cut both into
# steps, convolve, multiply by the step. Calculus says: $1 - e^{-t}$ until 1, then
# $e^{-(t-1)} - e^{-t}$.
#
# **Predict.** How does the largest error change if the step is halved?


# %%
def box_with_echo(step):
    """Times, the convolution by your conv1d, and what calculus says."""
    box = np.ones(round(1 / step))
    echo = np.exp(-(np.arange(round(5 / step)) + 0.5) * step)
    t = (np.arange(len(echo)) + 1) * step
    computed = conv1d(box, echo)[: len(t)] * step
    exact = np.where(t <= 1, 1 - np.exp(-t), np.exp(1 - t) - np.exp(-t))
    return t, computed, exact


for step in (0.2, 0.1, 0.05, 0.025):
    t, computed, exact = box_with_echo(step)
    print(f"step {step:5}: largest error {np.abs(computed - exact).max():.6f}")

t, computed, exact = box_with_echo(0.2)
fig, axis = plt.subplots(figsize=(7, 3.2))
axis.plot([0, 0, 1, 1, 5], [0, 1, 1, 0, 0], color="0.6", label="f, a box")
axis.plot(t, np.exp(-t), "k:", label="g, dying away")
axis.plot(t, exact, "k", label="f * g by calculus")
axis.plot(t, computed, "ko", markersize=4, label="f * g by conv1d, step 0.2")
axis.set(xlabel="t in seconds", ylabel="value")
axis.legend()
plt.tight_layout()
plt.show()

# %% [markdown]
# Half the step, a quarter of the error. Signal processing and convolutional networks
# use the same operation.
#
# ## 3. A kernel slides over an image
#
# In two dimensions: put the kernel on a window of the image, multiply number by number,
# add up, write the sum down, move on. Here the kernel is used **as it is**. That is
# *cross-correlation*, and it is what deep-learning libraries call convolution. Turning
# the kernel comes in part 4.
#
# A line of `n` pixels with `pad` zeros on both sides has room for
# $\lfloor (n + 2\,\text{pad} - k) / \text{stride} \rfloor + 1$ windows.
#
# **Predict** the sum in the window below; and what stands one step further left.

# %%
step_image = np.array([[8, 8, 8, 0, 0, 0]] * 6)
edge = np.array([[1, 0, -1]] * 3)
fig, axes = plt.subplots(1, 2, figsize=(6.5, 3.4))
show_numbers(axes[0], step_image, "image", box=(1, 2, 3, 3))
show_numbers(axes[1], edge, "kernel")
plt.tight_layout()
plt.show()


# %% question="correlate2d"
def correlate2d(x, k, stride=1, pad=0):
    """Slide a kernel over a grey image.

    Args:
        x: image (H, W).
        k: kernel (kh, kw), not turned.
        stride: step between windows, in pixels.
        pad: zeros added on each of the four sides.

    Returns:
        (H_out, W_out): at (i, j), the sum of the products in the window whose upper
        left corner is (i * stride, j * stride) in the padded image.
    """
    # BEGIN SOLUTION
    # TODO: floats first; pad; work out H_out and W_out; fill in window by window.
    padded, k = np.pad(np.asarray(x, dtype=float), pad), np.asarray(k, dtype=float)
    kh, kw = k.shape
    rows = (padded.shape[0] - kh) // stride + 1
    columns = (padded.shape[1] - kw) // stride + 1
    out = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride, j * stride
            out[i, j] = np.sum(padded[top : top + kh, left : left + kw] * k)
    return out
    # END SOLUTION


# %%
check("correlate2d")

# %% [markdown]
# ### Look: two examples from lectures
#
# The image above, and another one of which a slide shows only the first output.
#
# **Predict** that first output. Two of its nine products are negative.

# %%
numbers = np.array(
    [
        [2, 4, 9, 1, 4],
        [2, 1, 4, 4, 6],
        [1, 1, 2, 9, 2],
        [7, 3, 5, 1, 3],
        [2, 3, 4, 8, 5],
    ]
)
mixed = np.array([[1, 2, 3], [-4, 7, 4], [2, -5, 1]])
fig, axes = plt.subplots(1, 4, figsize=(12, 3.4), width_ratios=(4, 5, 3, 3))
show_numbers(axes[0], correlate2d(step_image, edge), "edge, map")
show_numbers(axes[1], numbers, "image", box=(0, 0, 3, 3))
show_numbers(axes[2], mixed, "kernel")
show_numbers(axes[3], correlate2d(numbers, mixed), "map", box=(0, 0, 1, 1))
plt.tight_layout()
plt.show()

# %% [markdown]
# ### Look: bytes wrap around
#
# **Predict** 8 − 24, if both are bytes (uint8, from 0 to 255) as in a photograph.

# %%
print(np.array([8], np.uint8) - np.array([24], np.uint8))

# %% [markdown]
# No warning, no error. If your map of a photograph ever looks like a snowstorm, this
# is why.
#
# ### Look: move the digit, and the map moves
#
# A detector must find a fish wherever it swims. Some slides conclude that we need
# operations *invariant* to translation, and that convolution is one. Here is a digit,
# the same digit 6 pixels further right and 3 further down, and what the edge kernel
# makes of both.
#
# **Predict.** Are the two maps equal? If not, what is their relation?

# %%
digit = np.pad(train_x[3, :, :, 0], 8)
moved = np.roll(digit, (3, 6), axis=(0, 1))
its_map, map_of_moved = correlate2d(digit, edge), correlate2d(moved, edge)
fig, axes = plt.subplots(1, 4, figsize=(11, 3))
show_pictures(
    axes,
    {
        "digit": digit,
        "its map": its_map,
        "moved digit": moved,
        "map of the moved": map_of_moved,
    },
)
moved_map = np.roll(its_map, (3, 6), axis=(0, 1))
print("largest change of the map:        ", np.abs(map_of_moved - its_map).max())
print("against the map, moved just as far:", np.abs(map_of_moved - moved_map).max())

# %% [markdown]
# The operation is **equivariant**: moving the input moves the output. (A margin of
# zeros keeps the borders out of it.)
#
# **Your turn.** What would an *invariant* operation give for the two digits? Name one
# that can be computed from the map. And why would a network not want that at once, in
# its first layer?

# %% [markdown] answer="equivariance"
# It would give exactly the same for both. The largest number of the map is such a
# result, or its sum: neither asks where. In the first layer it is too early: whether
# two edges form a corner depends on where they are, and an invariant layer has thrown
# that away. Networks stay equivariant for many layers and become (nearly) invariant at
# the end, by pooling.

# %% [markdown]
# ## 4. Turning a kernel
#
# A mathematician's convolution has a minus sign in it, `f[i − m]`: one of the two runs
# backwards. For a kernel that means a turn by 180° before it slides: the number in the
# upper left corner goes to the lower right one.
#
# The function shall serve for kernels with channels and filters too, `(kh, kw, C, F)`.
# Only the first two axes are places; the turn leaves the others alone.


# %% question="flip180"
def flip180(k):
    """Turn a kernel by 180 degrees in its plane.

    Args:
        k: kernel (kh, kw), or (kh, kw, C, F) with channels and filters.

    Returns:
        Array of the same shape: [a, b] holds k[kh - 1 - a, kw - 1 - b].
    """
    # BEGIN SOLUTION
    # TODO: mirror up and down, and left and right; nothing else.
    return np.asarray(k)[::-1, ::-1]
    # END SOLUTION


# %%
check("flip180")

# %% [markdown]
# ### Look: "take the transpose"
#
# That is how one lecture explains the difference between cross-correlation and
# convolution.
#
# **Predict.** In the window at the edge the kernel answered 24. What does its transpose
# answer there, and what the kernel turned by 180°?

# %%
candidates = {"as it is": edge, "transposed": edge.T, "turned by 180°": flip180(edge)}
fig, axes = plt.subplots(2, 3, figsize=(9, 6.4))
for (above, below), (name, kernel) in zip(axes.T, candidates.items(), strict=True):
    show_numbers(above, kernel, name)
    show_numbers(below, correlate2d(step_image, kernel), "its map")
plt.tight_layout()
plt.show()

# %% [markdown]
# The transposed kernel asks about top and bottom, and this image has nothing to say
# there: all zeros. The turned kernel finds the same edge with the opposite sign, −24.
# "Transpose" is a slip: it is a turn.
#
# The same lecture adds that leaving it out saves time and changes little. The second
# half is true for a reason: kernels are *learned*, and a network that needs the turned
# one learns that one.
#
# ## 5. True convolution: valid, same, full
#
# $$(x * k)[i, j] = \sum_{m, n} x[i - m,\, j - n]\; k[m, n]$$
#
# Turn the kernel, then slide it; there is no stride here. Three sizes are in use:
#
# - `"full"`: wherever kernel and image touch, `(H + kh − 1, W + kw − 1)` numbers. What
#   is outside the image counts as 0.
# - `"same"`: the middle of the full result, of the image's size `(H, W)`. It starts at
#   row `(kh − 1) // 2` and column `(kw − 1) // 2` of the full one.
# - `"valid"`: only where the kernel lies inside the image, `(H − kh + 1, W − kw + 1)`.
#
# **Predict** the three sizes for 5×5 pixels and a 3×3 kernel. For which of them is
# `x * k = k * x` possible?


# %% question="convolve2d"
def convolve2d(x, k, mode="valid"):
    """True convolution of a grey image with a kernel.

    Args:
        x: image (H, W).
        k: kernel (kh, kw).
        mode: "valid", "same" or "full".

    Returns:
        (H - kh + 1, W - kw + 1), (H, W) or (H + kh - 1, W + kw - 1).
    """
    # BEGIN SOLUTION
    # TODO: turn the kernel; pad the image (rows and columns may need different
    # TODO: numbers of zeros); slide; cut out what mode asks for.
    (height, width), (kh, kw) = np.shape(x), np.shape(k)
    padded = np.pad(x, ((kh - 1, kh - 1), (kw - 1, kw - 1)))
    full = correlate2d(padded, flip180(k))
    if mode == "full":
        return full
    if mode == "same":
        top, left = (kh - 1) // 2, (kw - 1) // 2
        return full[top : top + height, left : left + width]
    return full[kh - 1 : height, kw - 1 : width]
    # END SOLUTION


# %%
check("convolve2d")

# %% [markdown]
# ### Look: correct a slide
#
# A lecture convolves the image `f` with the kernel `g`, zero padded so that the size
# stays, and prints the table `printed`. Below are its first example, without padding,
# and then the table.
#
# **Predict.** Some numbers in the last column of the table are wrong. Compute the
# second one by hand: it stands where the slide has a 5.

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
fig, axes = plt.subplots(1, 4, figsize=(12, 3.4), width_ratios=(5, 3, 3, 3))
show_numbers(axes[0], f, "f")
show_numbers(axes[1], g, "g")
show_numbers(axes[2], convolve2d(f, g), "convolution, valid")
show_numbers(axes[3], correlate2d(f, g), "cross-correlation")
plt.tight_layout()
plt.show()

# %%
computed = convolve2d(f, g, "same")
fig, axes = plt.subplots(1, 2, figsize=(7.5, 3.9))
show_numbers(axes[0], computed, "yours, same")
show_numbers(axes[1], printed, "on the slide")
for i, j in np.argwhere(computed != printed):
    axes[1].add_patch(plt.Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, lw=3))
    print(f"row {i}, column {j}: {printed[i, j]} should be {computed[i, j]:g}")
plt.tight_layout()
plt.show()

# %% [markdown]
# **Your turn.** The slide's `g` equals itself upside down. Suppose you test your
# function with this `g` only. Which wrong ways to turn a kernel would pass? What
# should a test kernel look like?

# %% [markdown] answer="test_kernel"
# Mirroring only left and right passes, because mirroring up and down changes nothing
# here. (The transpose, mirroring up and down only, and not turning at all do show.) A
# test kernel should have no symmetry at all and should not be square: then every
# mix-up changes a number or the shape.

# %% [markdown]
# ### Look: why mathematicians turn the kernel
#
# Blurring twice is blurring once with a wider kernel, if the order of the operations
# does not matter. Below, a picture goes through two kernels one after the other; then
# the two kernels are joined first.
#
# **Predict.** For which of the two operations do the results agree?

# %%
rng = np.random.default_rng(5)
x, k1, k2 = rng.normal(size=(9, 8)), rng.normal(size=(3, 2)), rng.normal(size=(2, 3))
for name, apply, join in [
    ("convolution", convolve2d, convolve2d(k1, k2, "full")),
    ("correlation", correlate2d, correlate2d(np.pad(k1, ((1, 1), (2, 2))), k2)),
]:
    difference = np.abs(apply(apply(x, k1), k2) - apply(x, join)).max()
    print(f"{name}: (x ∘ k1) ∘ k2 and x ∘ (k1 ∘ k2) differ by up to {difference:.1e}")

# %% [markdown]
# Convolution is associative and commutative, as multiplication is; correlation is
# neither.
#
# ## 6. Filters for photographs
#
# *Replace each pixel by the mean of all pixels within distance 2*, counted along rows
# and columns. Which kernel does that? The question comes from a lecture, and so does
# the next one: *subtract from each pixel the mean of its four neighbours.*
#
# **Predict** both kernels. What does each make of an evenly grey sky?


# %% question="blur_kernel"
def blur_kernel(radius):
    """The kernel that takes the mean over a square.

    Args:
        radius: how many pixels the square reaches beyond its middle, 0 or more.

    Returns:
        (2 * radius + 1, 2 * radius + 1): equal weights with sum 1.
    """
    # BEGIN SOLUTION
    # TODO: all weights are the same; what must they be so that a grey stays that grey?
    size = 2 * radius + 1
    return np.ones((size, size)) / size**2
    # END SOLUTION


# %%
check("blur_kernel")

# %%
outline = np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]]) / 4
laplace = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])
fig, axes = plt.subplots(1, 3, figsize=(10, 3.8), width_ratios=(5, 3, 3))
show_numbers(axes[0], blur_kernel(2), f"blur, sum {blur_kernel(2).sum():g}")
show_numbers(axes[1], outline, f"outline, sum {outline.sum():g}")
show_numbers(axes[2], laplace, f"Laplace, sum {laplace.sum():g}")
plt.tight_layout()
plt.show()

# %% [markdown]
# The *Laplace* kernel of physics and image processing is the outline kernel times −4:
# how far the neighbours lie above their middle. Now for two real photographs.
#
# **Predict.** In the pictures of the last two kernels, grey means 0. Where will they be
# grey?


# %%
def grey_photo(name):
    """One of scikit-learn's photographs, grey, with every second pixel."""
    step = 4 if QUICK else 2
    return load_sample_image(name).mean(axis=2)[::step, ::step]


def contrasted(picture):
    """Cuts the strongest ten percent off, and puts zero at middle grey."""
    most = np.percentile(np.abs(picture), 90)
    return np.clip(picture / most, -1, 1) / 2 + 0.5


photos = {name: grey_photo(f"{name}.jpg") for name in ("china", "flower")}
kernels = {"outline": outline, "Laplace": laplace, "left − right": edge}
for name, photo in photos.items():
    pictures = {name: photo, "blur, radius 2": convolve2d(photo, blur_kernel(2))}
    pictures["blur, radius 6"] = convolve2d(photo, blur_kernel(6))
    for title, kernel in kernels.items():
        pictures[title] = contrasted(correlate2d(photo, kernel))
    fig, axes = plt.subplots(2, 3, figsize=(9, 4.6), dpi=60)
    show_pictures(axes, pictures)

# %% [markdown]
# Sky and petals are even: there the neighbours' mean is the pixel itself, and the
# difference is 0. Roofs, leaves and letters are all edges. Blurring does the opposite:
# it keeps what is even and loses the detail.
#
# ## 7. Where does a feature fit?
#
# A kernel is also a *template*. Take an image of +1 and −1 and a small feature of the
# same two numbers. Lay the feature on a window, multiply, add up, **divide by the
# number of the feature's pixels**. Where all agree the result is 1, where all disagree
# −1.
#
# **Predict** the match of the diagonal stroke with each of the marked windows of the X:
# how many of the nine pixels agree?

# %%
letter_x = np.full((9, 9), -1)
for i in range(1, 8):
    letter_x[i, i] = letter_x[i, 8 - i] = 1
diagonal = np.array([[1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
cross = np.array([[1, -1, 1], [-1, 1, -1], [1, -1, 1]])
anti_diagonal = diagonal[:, ::-1]

fig, axes = plt.subplots(1, 4, figsize=(12, 3.8), width_ratios=(9, 4, 4, 4))
show_numbers(axes[0], letter_x, "an X", box=(1, 1, 3, 3))
axes[0].add_patch(plt.Rectangle((2.5, 2.5), 3, 3, fill=False, lw=3, ls=":"))
show_numbers(axes[1], diagonal, "diagonal")
show_numbers(axes[2], cross, "cross")
show_numbers(axes[3], anti_diagonal, "anti-diagonal")
plt.tight_layout()
plt.show()


# %% question="match_feature"
def match_feature(x, f):
    """How well a feature fits at every place of an image.

    Args:
        x: image (H, W).
        f: feature (kh, kw), of any size.

    Returns:
        (H - kh + 1, W - kw + 1): the mean product of feature and window, not rounded.
    """
    # BEGIN SOLUTION
    # TODO: align, multiply, add up, divide by the number of pixels of f.
    return correlate2d(x, f) / np.size(f)
    # END SOLUTION


# %%
check("match_feature")

# %%
match = match_feature(letter_x, diagonal)
print(f"solid box: {match[1, 1]:.2f}, dotted box: {match[3, 3]:.2f}, which is 5/9")

# %% [markdown]
# ### Look: all 147 numbers of a lecture
#
# A lecture prints the maps of all three features. They stand below in hundredths,
# beside yours.
#
# **Predict.** Your map has a 0.777… in its corner, the lecture's a 0.77. What has the
# lecture done, and how many of its numbers would be another one if it had rounded?

# %%
lecture = {
    "diagonal": """
         77 -11  11  33  55 -11  33
        -11 100 -11  33 -11  11 -11
         11 -11 100 -33  11 -11  55
         33  33 -33  55 -33  33  33
         55 -11  11 -33 100 -11  11
        -11  11 -11  33 -11 100 -11
         33 -11  55  33  11 -11  77""",
    "cross": """
         33 -55  11 -11  11 -55  33
        -55  55 -55  33 -55  55 -55
         11 -55  55 -77  55 -55  11
        -11  33 -77 100 -77  33 -11
         11 -55  55 -77  55 -55  11
        -55  55 -55  33 -55  55 -55
         33 -55  11 -11  11 -55  33""",
    "anti-diagonal": """
         33 -11  55  33  11 -11  77
        -11  11 -11  33 -11 100 -11
         55 -11  11 -33 100 -11  11
         33  33 -33  55 -33  33  33
         11 -11 100 -33  11 -11  55
        -11 100 -11  33 -11  11 -11
         77 -11  11  33  55 -11  33""",
}
features = {"diagonal": diagonal, "cross": cross, "anti-diagonal": anti_diagonal}
fig, axes = plt.subplots(2, 3, figsize=(12, 8.4), dpi=70)
same_cut, same_rounded = 0, 0
for (above, below), (name, feature) in zip(axes.T, features.items(), strict=True):
    hundredths = 100 * match_feature(letter_x, feature)
    slide = np.array(lecture[name].split(), float).reshape(7, 7)
    same_cut += np.sum(np.trunc(hundredths.round(6)) == slide)
    same_rounded += np.sum(np.round(hundredths) == slide)
    show_numbers(above, hundredths / 100, f"{name}: yours", form=".3f")
    show_numbers(below, slide / 100, f"{name}: the lecture's", form=".2f")
for axis in axes.flat:
    plt.setp(axis.texts, fontsize=10)
plt.tight_layout()
plt.show()
print(f"cut off after two decimals, {same_cut} of 147 agree; rounded, {same_rounded}")

# %% [markdown]
# All 147 are right, if one knows that they are **cut off, not rounded**: 7/9 is 0.78 to
# two decimals, and 5/9 is 0.56.
#
# A copy error shows in another way. Suppose that a printed X has lost its last row.
#
# **Predict** the shape of the map then.

# %%
print(match_feature(letter_x[:8], diagonal).shape)

# %% [markdown]
# ### Look: X or O?
#
# The best match of each feature tells whether it occurs at all, wherever that is.
#
# **Predict.** Which of the three features will an O have?

# %%
letter_o = np.full((9, 9), -1)
letter_o[1, 3:6] = letter_o[7, 3:6] = letter_o[3:6, 1] = letter_o[3:6, 7] = 1
letter_o[[2, 2, 6, 6], [2, 6, 2, 6]] = 1
fig, axes = plt.subplots(1, 2, figsize=(5, 2.6))
show_pictures(axes, {"an X": letter_x, "an O": letter_o})
for letter, image in {"X": letter_x, "O": letter_o}.items():
    best = {name: match_feature(image, k).max() for name, k in features.items()}
    print(letter, ", ".join(f"{name} {value:.2f}" for name, value in best.items()))

# %% [markdown]
# The O has the strokes of its corners, but no crossing. A layer of three kernels, a
# maximum of each map, and one comparison tell X from O. The rest of this course is
# about *learning* the kernels, and about more than three of them.
#
# ## 8. What if the pixels were shuffled?
#
# A dense layer flattens the image first. Does it then matter which pixels were
# neighbours? Try it: shuffle the pixels of every image, **all images in the same way**.
#
# Pixels are numbered along the rows, `p = i·W + j`. Pixel `p` of the result is pixel
# `permutation[p]` of the image, with all its channels.
#
# **Predict.** Which of the two suffers more from the shuffle: a network of dense
# layers, or a convolutional one?


# %% question="permute_pixels"
def permute_pixels(images, permutation):
    """Shuffle the pixels of all images in the same way.

    Args:
        images: (N, H, W, C).
        permutation: each number from 0 to H * W - 1 once, (H * W,).

    Returns:
        (N, H, W, C): pixel p is pixel permutation[p] of the same image.
    """
    # BEGIN SOLUTION
    # TODO: number the pixels, fetch them in the new order, restore the shape.
    count, height, width, channels = images.shape
    pixels = images.reshape(count, height * width, channels)
    return pixels[:, permutation].reshape(images.shape)
    # END SOLUTION


# %%
check("permute_pixels")

# %% [markdown]
# The digits of our experiment are reduced to 14×14 and put **somewhere** on a sheet of
# 20×20, as a fish is somewhere in the sea.

# %%
SIDE = 20
limit = 200 if QUICK else 1500


def on_a_sheet(images, seed):
    """Digits at half size at random places of a sheet, float32 from -0.5 to 0.5."""
    rng = np.random.default_rng(seed)
    small = images[:limit, ::2, ::2] / 255
    sheets = np.zeros((len(small), SIDE, SIDE, 1), "float32")
    for sheet, digit in zip(sheets, small, strict=True):
        i, j = rng.integers(0, SIDE - len(digit) + 1, size=2)
        sheet[i : i + len(digit), j : j + len(digit)] = digit
    return sheets - 0.5


permutation = np.random.default_rng(1).permutation(SIDE**2)
plain = on_a_sheet(train_x, seed=0), on_a_sheet(test_x, seed=1)
shuffled = tuple(permute_pixels(images, permutation) for images in plain)
labels = train_y[:limit], test_y[:limit]

fig, axes = plt.subplots(2, 8, figsize=(11, 3.1))
for column in range(8):
    axes[0, column].imshow(plain[0][column, :, :, 0])
    axes[1, column].imshow(shuffled[0][column, :, :, 0])
for axis in axes.flat:
    axis.set(xticks=[], yticks=[])
axes[0, 0].set_ylabel("plain")
axes[1, 0].set_ylabel("shuffled")
plt.tight_layout()
plt.show()

# %% [markdown]
# Two networks. The second has the stages that you find in every lecture: convolution,
# ReLU, pooling, again, flatten, a dense layer; softmax and the loss come at the end.
# Every stage takes a volume (height, width, channels) and hands on another one.
#
# **Predict.** Which of the two has more parameters?

# %%
layers = keras.layers


def dense_network():
    return [layers.Flatten(), layers.Dense(64, activation="relu"), layers.Dense(10)]


def convolutional_network():
    return [
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(10),
    ]


networks = {"dense": dense_network, "convolutional": convolutional_network}
for name, make in networks.items():
    model = keras.Sequential([keras.Input((SIDE, SIDE, 1)), *make()])
    print(f"{name}, {model.count_params():,} parameters")
    for layer in model.layers:
        volume = " × ".join(map(str, layer.output.shape[1:]))
        print(f"  {type(layer).__name__:13} -> {volume}")

print("the first dense layer alone:", f"{dense_params((SIDE, SIDE, 1), 64):,}")

# %% [markdown]
# Now all four trainings: either network, plain or shuffled digits; in full size twice
# each, from different random weights. The numbers are shares of **new** digits read
# correctly. It takes less than a minute.

# %%
epochs, seeds = (2, (0,)) if QUICK else (15, (0, 1))


def trained(make, data, seed):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((SIDE, SIDE, 1)), *make()])
    model.compile(
        optimizer=keras.optimizers.Adam(0.003),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(data[0], labels[0], batch_size=32, epochs=epochs, verbose=0)
    return model


models, read = {}, {}
for name, make in networks.items():
    for kind, data in {"plain": plain, "shuffled": shuffled}.items():
        runs = [trained(make, data, seed) for seed in seeds]
        scores = [m.evaluate(data[1], labels[1], verbose=0)[1] for m in runs]
        models[name, kind], read[name, kind] = runs[0], scores
        print(f"{name:14} {kind:9}", "  ".join(f"{score:.1%}" for score in scores))

# %%
fig, axis = plt.subplots(figsize=(7, 3.6))
for place, (name, tone) in enumerate(zip(networks, ("0.75", "0.35"), strict=True)):
    means = [np.mean(read[name, kind]) for kind in ("plain", "shuffled")]
    bars = axis.bar(np.arange(2) + 0.4 * place, means, 0.38, color=tone, label=name)
    axis.bar_label(bars, fmt="{:.0%}")
axis.set(xticks=np.arange(2) + 0.2, xticklabels=["plain", "shuffled"], ylim=(0, 1.1))
axis.set(xlabel="pixels", ylabel="new digits read correctly")
axis.legend(loc="upper right", ncols=2)
plt.tight_layout()
plt.show()

# %% [markdown]
# The dense network does not mind: what it gains or loses is the luck of its random
# start. The convolutional one loses most of its lead.
#
# The first is no accident, and you can prove it without any training. Take the trained
# dense network and shuffle the rows of its first weight matrix in the same way.
#
# **Predict.** How far do its answers for shuffled digits lie from the old ones for
# plain digits?

# %%
model = models["dense", "plain"]
kernel, *rest = model.get_weights()
answers = model.predict(plain[1], verbose=0)
model.set_weights([kernel[permutation], *rest])
after = model.predict(shuffled[1], verbose=0)
model.set_weights([kernel, *rest])
print(f"largest difference of the answers: {np.abs(after - answers).max():.0e}")
print(f"(the answers go from {answers.min():.0f} to {answers.max():.0f})")

# %% [markdown]
# **Your turn.** So for every dense network on plain digits there is one on shuffled
# digits that does exactly the same. Why can the convolutional network not do that with
# its kernels? Which two assumptions about images does it make?

# %% [markdown] answer="shuffled"
# Its kernels see windows of neighbours, and after the shuffle the pixels of a window
# have nothing to do with each other; no choice of nine weights brings a stroke back
# that is scattered over the sheet. It assumes that what belongs together lies together
# (local windows), and that a pattern means the same wherever it stands (shared
# weights: equivariance). Both are true of images and both are destroyed by the
# shuffle. It still learns something, because its last layer is a dense one.

# %% [markdown]
# ## 9. Where the idea comes from
#
# | year | who | what |
# |---|---|---|
# | 1959 | Hubel, Wiesel | cells of a cat's visual cortex answer to edges |
# | 1980 | Fukushima | neocognitron: layers of shared local features, and pooling |
# | 1989 | Waibel and others | shared weights along time, for speech; backpropagation |
# | 1989 | LeCun and others | a convolutional network reads postcodes; backpropagation |
# | 1998 | LeCun and others | LeNet-5 reads cheques |
# | 2012 | Krizhevsky, Sutskever, Hinton | AlexNet wins ImageNet by a wide margin |
#
# **Your turn.** One lecture calls LeNet, 1998, "the first CNN paper"; another says that
# the main idea is from the eighties. Who is right, and what was already there when?

# %% [markdown] answer="history"
# The second. Local, shared features and pooling stood in the neocognitron of 1980,
# though it was not trained by backpropagation. Convolutional layers trained by
# backpropagation are from 1989, for speech and for handwritten postcodes. LeNet-5 of
# 1998 is the grown-up form of the latter, and the one that everybody cites. What 2012
# added was mostly size: a million photographs, graphics cards, ReLU, dropout.

# %% [markdown]
# ## What you have built
#
# Convolution on a line and on an image, with and without the turn; filters that blur
# and find edges; templates that tell letters apart; and an experiment that shows what
# a convolutional network relies on. The same operation now detects and segments things
# in photographs, paints in the style of others, steers cars, looks for tumours in
# tissue and has beaten the world's best players of Go.
#
# Before you hand in: run `python -m grader assignments/01` once, from the folder of
# the course.
