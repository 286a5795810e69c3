# %% [markdown]
# # Convolution layers, worked through
#
# This notebook stands beside assignment 04. It computes the lectures' examples live,
# asks you for a prediction before each result, and corrects the slides where they
# slipped. The code here leans on TensorFlow; in the assignment you write it yourself.
#
# Contents: 1 sliding a window · 2 convolution or correlation · 3 channels and filters ·
# 4 how large is the output · 5 the layer as a matrix, and its gradient · 6 groups and
# dilation · 7 equivariance · 8 one layer in two libraries.

# %%
from shared.quiet import quiet_tensorflow

quiet_tensorflow()

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from shared.datasets import load_arrays
from shared.shapes import effective_kernel, out_size, same_pads

plt.rcParams.update({"figure.dpi": 80, "font.size": 12, "image.cmap": "gray"})


def correlate(image, kernel, **options):
    """TensorFlow's layer on one grey image and one kernel."""
    x = np.asarray(image, "float32")[None, :, :, None]
    w = np.asarray(kernel, "float32")[:, :, None, None]
    options = {"strides": 1, "padding": "VALID"} | options
    return tf.nn.conv2d(x, w, **options).numpy()[0, :, :, 0]


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
# ## 1. Sliding a window
#
# A kernel lies on a window of the image. Multiply number by number, add up, write the
# sum down, move on.
#
# **Predict** the number for the marked window. (Two of the nine products are negative.)

# %%
image = np.array(
    [
        [2, 4, 9, 1, 4],
        [2, 1, 4, 4, 6],
        [1, 1, 2, 9, 2],
        [7, 3, 5, 1, 3],
        [2, 3, 4, 8, 5],
    ]
)
kernel = np.array([[1, 2, 3], [-4, 7, 4], [2, -5, 1]])

fig, axes = plt.subplots(1, 3, figsize=(10, 3.6))
show_numbers(axes[0], image, "image", box=(0, 0, 3, 3))
show_numbers(axes[1], kernel, "kernel")
show_numbers(axes[2], correlate(image, kernel), "feature map", box=(0, 0, 1, 1))
plt.tight_layout()
plt.show()

# %% [markdown]
# The first row of products is 2·1 + 4·2 + 9·3 = 37, the second −8 + 7 + 16 = 15, the
# third 2 − 5 + 2 = −1. Together 51, as on the slide, which stops there; the other eight
# numbers are one window each.
#
# A kernel is a question, the feature map the answers. The next kernel asks: *is it
# brighter on the left than on the right?*
#
# **Predict** the feature map of an image with three columns of 8 and three of 0.

# %%
step = np.array([[8, 8, 8, 0, 0, 0]] * 6)
edge = np.array([[1, 0, -1]] * 3)
fig, axes = plt.subplots(1, 3, figsize=(10, 3.6))
show_numbers(axes[0], step, "image")
show_numbers(axes[1], edge, "kernel")
show_numbers(axes[2], correlate(step, edge), "feature map")
plt.tight_layout()
plt.show()

# %% [markdown]
# Each row reads 0, 24, 24, 0. The two 24s are the two windows that straddle the edge.
#
# ## 2. Convolution or correlation?
#
# Mathematics defines the convolution of two sequences as
# $(f * g)[i] = \sum_m f[i - m]\, g[m]$. The minus sign turns one of them around. What
# we did above has a plus sign there, and is called cross-correlation.
#
# > **Slip on a slide.** "Convolution takes the transpose of the filter." It takes the
# > filter turned by 180°. A transpose mirrors at the diagonal, and is something else.
#
# **Predict** the largest absolute answer of `edge`, of its transpose and of its 180°
# turn on the image above.

# %%
for name, candidate in [
    ("as it is", edge),
    ("transposed", edge.T),
    ("turned by 180°", edge[::-1, ::-1]),
]:
    print(f"{name:15}", correlate(step, candidate)[0])

# %% [markdown]
# The transposed kernel asks about top and bottom, and this image has nothing to say
# there.
#
# The next example is a lecture's true convolution: image `f`, kernel `g`, result 12,
# 12, 17 in the first row. We turn `g` by hand, and TensorFlow agrees.

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
fig, axes = plt.subplots(1, 4, figsize=(12, 3.4), width_ratios=(5, 3, 3, 3))
show_numbers(axes[0], f, "f")
show_numbers(axes[1], g, "g")
show_numbers(axes[2], correlate(f, g[::-1, ::-1]), "true convolution")
show_numbers(axes[3], correlate(f, g), "cross-correlation")
plt.tight_layout()
plt.show()

# %% [markdown]
# **Question.** Turn `g` upside down: what changes? Why is it a poor kernel to test code
# with?
#
# <details><summary>Answer</summary>
# Nothing changes: its first and last rows are equal. So code that mirrors only left and
# right, instead of turning, passes a test with this `g`. Test with kernels that have no
# symmetry at all, and that are not square.
# </details>
#
# In networks it does not matter which of the two a library computes, because kernels
# are learned. All deep-learning libraries cross-correlate and say "convolution", and
# so does this course from here on.
#
# ## 3. Channels and filters
#
# A colour image has three channels, and a kernel reaches through all of them: a 5×5
# kernel on a 32×32×3 image holds 5·5·3 = 75 weights, and its 75 products make one
# number. One kernel gives one feature map. Six kernels give six, stacked as the six
# channels of the output.
#
# **Predict** output shape and parameters of each layer below.

# %%
layers = [
    ("32×32×3, one 5×5", (32, 32, 3), {"filters": 1, "kernel_size": 5}),
    ("32×32×3, six 5×5", (32, 32, 3), {"filters": 6, "kernel_size": 5}),
    (
        "33×33×5, ten 3×3, stride 2",
        (33, 33, 5),
        {"filters": 10, "kernel_size": 3, "strides": 2},
    ),
    (
        "32×32×3, ten 5×5, same",
        (32, 32, 3),
        {"filters": 10, "kernel_size": 5, "padding": "same"},
    ),
    ("56×56×64, 32 of 1×1", (56, 56, 64), {"filters": 32, "kernel_size": 1}),
]
for name, shape, arguments in layers:
    layer = keras.layers.Conv2D(**arguments)
    layer.build((None, *shape))
    out = layer.compute_output_shape((None, *shape))[1:]
    print(f"{name:27} -> {out!s:13} {layer.count_params():5} parameters")

# %% [markdown]
# The rule is `(kh·kw·C_in + 1)·filters`: the + 1 is the bias. It does not mention the
# size of the image.
#
# The last one, 1×1, looks pointless until you remember the channels: at every pixel it
# takes 64 numbers and returns 32 weighted sums of them. It is a small dense layer,
# applied at each pixel.

# %%
rng = np.random.default_rng(0)
x = rng.normal(size=(1, 4, 5, 64)).astype("float32")
weights = rng.normal(size=(64, 32)).astype("float32")
as_conv = tf.nn.conv2d(x, weights[None, None], strides=1, padding="VALID")
as_dense = x @ weights
print("largest difference:", f"{np.abs(as_conv - as_dense).max():.0e}")

# %% [markdown]
# ## 4. How large is the output?
#
# The picture shows where windows of 3 fit on 7 pixels.
#
# **Predict** the number of windows at stride 3. What happens to the last pixel?

# %%
fig, axes = plt.subplots(1, 3, figsize=(11, 3), sharey=True)
for axis, stride in zip(axes, (1, 2, 3), strict=True):
    count = out_size(7, 3, stride=stride)
    for pixel in range(7):
        axis.add_patch(plt.Rectangle((pixel, 0), 1, 0.8, fill=False))
        axis.text(pixel + 0.5, 0.4, pixel, ha="center", va="center")
    for window in range(count):
        start, height = window * stride, 1.3 + window * 0.6
        axis.plot([start + 0.1, start + 2.9], [height, height], "k", lw=6)
    axis.set(title=f"stride {stride}: {count} windows")
    axis.set(xlim=(-0.2, 7.2), ylim=(-0.2, 4.4))
    axis.axis("off")
plt.tight_layout()
plt.show()

# %% [markdown]
# `k` pixels on a line of `n`, with `p` zeros on each side and stride `s`:
#
# $$n_\text{out} = \left\lfloor \frac{n + 2p - k}{s} \right\rfloor + 1$$
#
# > **Two lectures disagree.** For 7 pixels, kernel 3, stride 3 one of them computes
# > 2.33 and says that it does not fit; the other rounds down. Libraries round down. The
# > seventh pixel is simply never seen.
#
# > **Slip on a slide.** "7×7, kernel 3, pad 1 gives 7×7", next to the formula
# > (N − F)/stride + 1, which has no padding in it and gives 5. With 2p it gives 7.
#
# Padding has three purposes: the output keeps its size (`p = (k − 1)/2`), pixels at the
# edge are used more often, and strides fit better.
#
# **Predict** the zeros `(before, after)` that TensorFlow adds for `"same"`.

# %%
print("pixels  kernel  stride  outputs  zeros")
for n, k, s in [(6, 3, 1), (6, 3, 2), (7, 3, 2), (5, 2, 1), (224, 7, 2)]:
    outputs = out_size(n, k, stride=s, padding="same")
    print(f"{n:6}  {k:6}  {s:6}  {outputs:7}  {same_pads(n, k, stride=s)}")

# %% [markdown]
# For 6 pixels at stride 2 it is (0, 1), not the (1, 1) of the textbooks: three windows
# need 7 pixels, so one zero is enough, and an odd one goes to the end. Networks that
# were trained in another library with (1, 1) do not give the same numbers here. In the
# picture the pixels are numbered 1 to 6, zeros are grey, and the white dots are the
# middles of the windows.

# %%
fig, axes = plt.subplots(1, 2, figsize=(10, 2))
for axis, (before, after, name) in zip(
    axes, ((0, 1, "TensorFlow's same"), (1, 1, "one zero on each side")), strict=True
):
    for pixel in range(-before, 6 + after):
        real = 0 <= pixel < 6
        face = "white" if real else "0.75"
        axis.add_patch(plt.Rectangle((pixel, 0), 1, 0.8, facecolor=face, edgecolor="k"))
        label = pixel + 1 if real else 0
        axis.text(pixel + 0.5, 0.4, label, ha="center", va="center")
    for window in range(3):
        start = 2 * window - before
        axis.plot([start + 0.1, start + 2.9], [1.2 + 0.5 * window] * 2, "k", lw=5)
        axis.plot(start + 1.5, 1.2 + 0.5 * window, "wo", markersize=5)
    axis.set(title=name, xlim=(-1.2, 7.2), ylim=(-0.1, 2.6))
    axis.axis("off")
plt.tight_layout()
plt.show()

# %% [markdown]
# ## 5. The layer as a matrix, and its gradient
#
# A convolution is linear, so it is a matrix. In one dimension we can look at it.
# Every row holds the kernel, shifted: most entries are zero, and all rows share the
# same three weights. A dense layer would have 7·5 = 35 free numbers here.

# %%
kernel = np.array([1.0, 2.0, -1.0])
n = 7
matrix = np.zeros((out_size(n, 3), n))
for row in range(len(matrix)):
    matrix[row, row : row + 3] = kernel

fig, axis = plt.subplots(figsize=(5.5, 4))
show_numbers(axis, matrix, "7 pixels to 5 outputs")
axis.set(xlabel="pixel", ylabel="output")
plt.tight_layout()
plt.show()

signal = rng.normal(size=n)
print(np.allclose(matrix @ signal, np.correlate(signal, kernel)))

# %% [markdown]
# Whatever is linear has an easy gradient. If `out = M x` and the loss hands back
# `dout`, then `dx = Mᵀ dout`.
#
# **Predict.** Read a *column* of the matrix from top to bottom. In which order do the
# weights stand in it?

# %%
dout = rng.normal(size=5)
with tf.GradientTape() as tape:
    x = tf.constant(signal.reshape(1, n, 1))
    tape.watch(x)
    out = tf.nn.conv1d(x, kernel.reshape(3, 1, 1), stride=1, padding="VALID")
    loss = tf.reduce_sum(out * dout.reshape(1, 5, 1))
print("TensorFlow's gradient equals Mᵀ dout:", end=" ")
print(np.allclose(tape.gradient(loss, x).numpy().ravel(), matrix.T @ dout))
print("and is a true convolution, full size:", end=" ")
print(np.allclose(np.convolve(dout, kernel), matrix.T @ dout))

# %% [markdown]
# In a column they stand in reverse: −1, 2, 1. That is where the flip of true
# convolution appears by itself: **the backward pass of a correlation is a
# convolution.**
#
# A column also shows who uses its pixel: count its non-zero entries. **Predict** the
# count for the first, the second and the middle pixel; then with one zero of padding.

# %%
print("no padding  ", np.count_nonzero(matrix, axis=0))
padded = np.zeros((out_size(n, 3, padding=1), n + 2))
for row in range(len(padded)):
    padded[row, row : row + 3] = kernel
print("one zero    ", np.count_nonzero(padded, axis=0)[1:-1])

# %% [markdown]
# ## 6. Groups and dilation
#
# **Groups** cut the connections between channels. A black square below means: this
# output channel sees this input channel.
#
# **Predict** how the number of weights of a 3×3 layer from 8 to 8 channels changes.

# %%
fig, axes = plt.subplots(1, 4, figsize=(11, 3.4))
for axis, groups in zip(axes, (1, 2, 4, 8), strict=True):
    block = np.ones((8 // groups, 8 // groups))
    axis.imshow(np.kron(np.eye(groups), block), cmap="Greys", vmin=0, vmax=1.4)
    layer = keras.layers.Conv2D(8, 3, groups=groups, use_bias=False)
    layer.build((None, 9, 9, 8))
    axis.set(title=f"groups {groups}: {layer.count_params()}", xticks=[], yticks=[])
    axis.set(xlabel="channel in")
axes[0].set_ylabel("channel out")
plt.tight_layout()
plt.show()

# %% [markdown]
# The last one is *depthwise*: every channel by itself. A 1×1 layer behind it can mix
# them again, and the two together cost far less than one full layer.
#
# **Dilation** pulls the taps apart. The kernel reaches further for the same price.
#
# **Predict** the reach of 3 taps with dilation 1, 2, 4, 8.

# %%
for dilation in (1, 2, 4, 8):
    reach = effective_kernel(3, dilation)
    print(f"dilation {dilation}: 3 taps reach over {reach:2} pixels")

# %% [markdown]
# ## 7. Equivariance
#
# > **Slip on a slide.** "We need operations invariant to translation." An *invariant*
# > operation gives the same result wherever the fish is. Convolution is *equivariant*:
# > move the fish and the answers move with it.
#
# Here a digit is shifted by one pixel. **Predict:** by how much do the feature maps
# move at stride 1? And at stride 2?

# %%
images, labels = load_arrays("digits", "test[:8]")
digit = np.pad(images[0, :, :, 0] / 255.0, 4)
moved = np.roll(digit, 1, axis=1)
fig, axes = plt.subplots(1, 4, figsize=(11, 3))
for axis, picture, name in (
    (axes[0], digit, "a digit"),
    (axes[1], moved, "moved by 1"),
):
    axis.imshow(picture)
    axis.set_title(name)
for axis, stride in ((axes[2], 1), (axes[3], 2)):
    first = correlate(digit, edge, strides=stride)
    second = correlate(moved, edge, strides=stride)
    shift = 1 if stride == 1 else 0
    difference = np.abs(np.roll(first, shift, axis=1) - second)
    axis.imshow(difference, vmin=0, vmax=np.abs(first).max())
    axis.set_title(f"stride {stride}: off by {difference.max():.2f}")
for axis in axes:
    axis.set(xticks=[], yticks=[])
plt.tight_layout()
plt.show()

# %% [markdown]
# The two right pictures show what is left after the first map is moved by one (stride
# 1) and compared with the second: nothing. At stride 2 a shift by one pixel is half a
# step, and no shift of the map undoes it. Equivariance holds for multiples of the
# stride only.
#
# ## 8. One layer in two libraries
#
# Lectures often show PyTorch's `Conv2d`. The same layer in Keras:
#
# | | PyTorch | Keras |
# |---|---|---|
# | number of filters | `out_channels` | `filters` |
# | step | `stride` | `strides` |
# | zeros | `padding=1`: on both sides | `padding="same"`: as many as needed |
# | spacing of taps | `dilation` | `dilation_rate` |
# | blocks of channels | `groups` | `groups` |
# | bias | `bias` | `use_bias` |
# | images | (N, C, H, W) | (N, H, W, C) |
# | kernel | (F, C/groups, kh, kw) | (kh, kw, C/groups, F) |
#
# **Question.** How do you carry trained weights from one to the other, and when will
# the results still differ?
#
# <details><summary>Answer</summary> <code>kernel = weight.transpose(2, 3, 1,
# 0)</code>, and images with <code>transpose(0, 2, 3, 1)</code>. Results still differ
# where <code>"same"</code> pads on one side only, as with stride 2 on an even size;
# pad by hand then, and use <code>"valid"</code>. </details>
#
# ## Now you
#
# Open `assignments/04_conv_layer/04_conv_layer.ipynb`. You know everything you need.
