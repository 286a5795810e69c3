# %% [markdown]
# # Shapes and cost, worked through
#
# This notebook stands beside assignment 02. There you write the arithmetic of layers;
# here you see what it means, on a photograph and in real networks. All sizes and counts
# below come from `shared.shapes`, from `shared.accounting` or from Keras itself.
#
# Contents: 1 windows on a line · 2 what zeros do · 3 TensorFlow's same · 4 channels and
# parameters · 5 what a stride costs you · 6 halve and double · 7 what an output can
# see · 8 what it mainly looks at · 9 small windows or large · 10 four networks.
#
# Before each result stands a question. Answer it, then run the cell.

# %%
import os

from shared.quiet import quiet_tensorflow

quiet_tensorflow()

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from ipywidgets import Dropdown, IntSlider
from sklearn.datasets import load_sample_image

from shared.accounting import layer_table, totals
from shared.models import build
from shared.shapes import effective_kernel, explicit_pads, out_size, receptive_field
from shared.sliders import with_sliders

QUICK = os.environ.get("COURSE_QUICK") == "1"
plt.rcParams.update({"figure.dpi": 80, "font.size": 12, "image.cmap": "gray"})
photo = load_sample_image("china.jpg")[60:284, 200:424] / 255.0
grey = photo.mean(axis=2).astype("float32")
print("the photograph, cut to", photo.shape)

# %% [markdown]
# ## 1. Windows on a line
#
# A layer does the same along rows and along columns, so one line of pixels is all we
# need to look at. **Predict** before you move a slider: 7 pixels, kernel 3. How many
# windows at stride 1, 2, 3? How many with padding 1? Can you find settings where two
# pixels at the end are never seen (they are grey)?


# %%
def windows(pixels, kernel, stride, dilation, padding):
    """Draws a line of pixels, its zeros, and the windows above it."""
    pad = int(padding) if padding.isdigit() else padding
    before, after = explicit_pads(pixels, kernel, stride, pad, dilation)
    figure, axis = plt.subplots(figsize=(9, 3))
    axis.axis("off")
    reach = effective_kernel(kernel, dilation)
    if pixels + before + after < reach:
        axis.text(0, 0, f"a window that reaches over {reach} has no place here")
        return figure
    count = out_size(pixels, kernel, stride, pad, dilation)
    taps = {
        (w, w * stride - before + k * dilation)
        for w in range(count)
        for k in range(kernel)
    }
    seen = {place for _, place in taps}
    for place in range(-before, pixels + after):
        inside = 0 <= place < pixels
        face = "white" if inside and place in seen else "0.75"
        axis.add_patch(plt.Rectangle((place, 0), 1, 0.8, facecolor=face, ec="k"))
        label = place if inside else "zero"
        size = 12 if inside else 8
        axis.text(place + 0.5, 0.4, label, ha="center", va="center", fontsize=size)
    for window, place in taps:
        height = 1.3 + 0.55 * window
        axis.plot([place + 0.15, place + 0.85], [height] * 2, "k", lw=6)
    axis.set_title(f"{count} outputs, zeros ({before}, {after})")
    axis.set(xlim=(-4.2, max(pixels, 12) + 4.2), ylim=(-0.1, 1.6 + 0.55 * count))
    return figure


with_sliders(
    windows,
    pixels=IntSlider(value=7, min=1, max=14),
    kernel=IntSlider(value=3, min=1, max=7),
    stride=IntSlider(value=3, min=1, max=5),
    dilation=IntSlider(value=1, min=1, max=4),
    padding=Dropdown(value="valid", options=["valid", "same", "0", "1", "2", "3"]),
)

# %% [markdown]
# The picture shows 7 pixels, kernel 3, stride 3.
#
# > **Two lectures disagree.** One computes (7 − 3)/3 + 1 = 2.33 and says that this
# > layer cannot exist. The other rounds down. So does Keras: two windows, and the last
# > pixel is not looked at.

# %%
for stride in (1, 2, 3):
    layer = keras.layers.Conv1D(1, 3, strides=stride)
    built = layer.compute_output_shape((None, 7, 1))[1]
    print(f"stride {stride}: {(7 - 3) / stride + 1:.2f} computed, {built} built")

# %% [markdown]
# > **Slip on a slide.** 7×7 with a 3×3 filter and one zero all around: the slide
# > recalls `(N − F)/stride + 1` and prints 7. Put the numbers in and you get 5. The
# > formula for a padded image needs `N + 2P` in place of `N`.

# %%
print("as printed:", out_size(7, 3), " with the padding:", out_size(7, 3, padding=1))

# %% [markdown]
# Zeros at both ends, so that the size stays: **predict** `P` for filters of 3, 5 and 7.

# %%
for kernel in (3, 5, 7):
    keeping = [p for p in range(5) if out_size(32, kernel, padding=p) == 32]
    print(f"F = {kernel}: P = {keeping[0]} keeps 32 pixels")

# %% [markdown]
# ## 2. What zeros do
#
# Padding keeps pixels at the edge from being forgotten. But a zero is not what stands
# beyond the edge of a photograph. Here is the mean of all 9×9 windows of the
# photograph, with padding. **Predict:** what happens along the four sides? And what if
# the photograph is first made to have mean 0?

# %%
box = np.full((9, 9, 1, 1), 1 / 81, "float32")


def blurred(image):
    """The mean of all windows of 9 by 9, zeros beyond the edge."""
    return tf.nn.conv2d(image[None, :, :, None], box, 1, "SAME").numpy()[0, :, :, 0]


centred = grey - grey.mean()
fig, axes = plt.subplots(1, 3, figsize=(9, 3.3))
for axis, image, title in (
    (axes[0], grey, "the photograph"),
    (axes[1], blurred(grey), "mean of 9×9, padded"),
    (axes[2], blurred(centred), "the same, mean 0"),
):
    axis.imshow(image)
    axis.set(title=title, xticks=[], yticks=[])
plt.tight_layout()
plt.show()
top = blurred(np.ones((32, 32), "float32"))
print("of an image of ones: corner", f"{top[0, 0]:.2f}", "edge", f"{top[0, 16]:.2f}")

# %% [markdown]
# A dark frame: at an edge almost half of the window is zeros, in a corner more than
# two thirds. Networks see that frame too, and some learn from it where they are. With
# inputs of mean 0, a zero is at least an average pixel.
#
# ## 3. TensorFlow's same
#
# With a stride, `"same"` means `ceil(n / stride)` outputs and as few zeros as that
# takes, an odd one at the end. **Predict** where the dark frame is for stride 2, kernel
# 3, on an image of 224: on all sides, or on some?

# %%
print("224 pixels, kernel 3, stride 2: zeros", explicit_pads(224, 3, 2, "same"))
print("225 pixels, kernel 3, stride 2: zeros", explicit_pads(225, 3, 2, "same"))

mean3 = np.full((3, 3, 1, 1), 1 / 9, "float32")
x = grey[None, :, :, None]
by_tensorflow = tf.nn.conv2d(x, mean3, 2, "SAME").numpy()[0, :, :, 0]
by_textbook = tf.nn.conv2d(x, mean3, 2, [[0, 0], [1, 1], [1, 1], [0, 0]])
by_textbook = by_textbook.numpy()[0, :, :, 0]
difference = np.abs(by_tensorflow - by_textbook)
print("shapes", by_tensorflow.shape, by_textbook.shape)

fig, axes = plt.subplots(1, 2, figsize=(6.6, 3.5))
axes[0].imshow(by_tensorflow)
axes[0].set_title("TensorFlow: zeros (0, 1)")
axes[1].imshow(difference, cmap="Greys", vmax=0.3)
axes[1].set_title("difference to zeros (1, 1)")
for axis in axes:
    axis.set(xticks=[], yticks=[])
plt.tight_layout()
plt.show()

# %% [markdown]
# TensorFlow's picture has a dark frame below and on the right only. The shapes agree
# and the pictures do not: one is shifted by a pixel of the original,
# and it shows at every edge. This is the most common reason why weights that were
# trained with another library give slightly worse results under TensorFlow.
#
# ## 4. Channels and parameters
#
# A filter reaches through all channels of its input, so its kernel has shape (k, k,
# C_in). Each filter makes one map. **Predict** output and parameters of the lectures'
# layers.

# %%
lectures = [
    ("32×32×3, one 5×5", (32, 32, 3), {"filters": 1, "kernel_size": 5}),
    ("32×32×3, six 5×5", (32, 32, 3), {"filters": 6, "kernel_size": 5}),
    (
        "33×33×5, ten 3×3, stride 2",
        (33, 33, 5),
        {"filters": 10, "kernel_size": 3, "strides": 2},
    ),
    (
        "32×32×3, ten 5×5, pad 2",
        (32, 32, 3),
        {"filters": 10, "kernel_size": 5, "padding": "same"},
    ),
]
for name, shape, arguments in lectures:
    model = keras.Sequential([keras.Input(shape), keras.layers.Conv2D(**arguments)])
    row = layer_table(model).iloc[-1]
    print(f"{name:27} -> {row.output_shape!s:13}", end=" ")
    print(
        f"{row.weights:4} weights + {row.biases:2} biases = {row.parameters:3},",
        end=" ",
    )
    print("kernel", tuple(model.layers[0].kernel.shape))

# %% [markdown]
# The bias is one number per filter. The size of the image is nowhere in the count.
#
# ## 5. What a stride costs you
#
# A stride makes a layer cheaper and its output smaller, and something is lost.
# **Predict:** at which stride do the roof tiles disappear?

# %%
edges = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], "float32")
fig, axes = plt.subplots(1, 4, figsize=(10, 3.2))
for axis, stride in zip(axes, (1, 2, 4, 8), strict=True):
    model = keras.Sequential(
        [
            keras.Input((224, 224, 1)),
            keras.layers.Conv2D(1, 3, strides=stride, padding="same", use_bias=False),
        ]
    )
    model.set_weights([edges[:, :, None, None]])
    axis.imshow(np.abs(model(x).numpy()[0, :, :, 0]), cmap="Greys")
    cost = totals(layer_table(model))["multiply_adds"]
    side = model.output_shape[1]
    axis.set_title(f"stride {stride}: {side}×{side}\n{cost:,}")
    axis.set(xticks=[], yticks=[])
plt.tight_layout()
plt.show()

# %% [markdown]
# The numbers above the pictures are multiply-adds: each doubling of the stride leaves a
# quarter. Fine lines go first:
# what lies between the windows' places is gone for all later layers.
#
# ## 6. Halve and double
#
# A layer from `C` to `C` channels on `H×W`, and one from `2C` to `2C` on `H/2×W/2`.
# **Predict** which takes more multiply-adds, and which has more weights.

# %%
for channels, side in ((64, 56), (128, 28), (256, 14), (512, 7)):
    model = keras.Sequential(
        [
            keras.Input((side, side, channels)),
            keras.layers.Conv2D(channels, 3, padding="same", use_bias=False),
        ]
    )
    row = layer_table(model).iloc[-1]
    print(f"{side}×{side}×{channels}:".ljust(12), end="")
    print(f"{row.multiply_adds:12,} multiply-adds, {row.weights:9,} weights")

# %% [markdown]
# One and the same cost, four times over. These are the four stages of ResNet. Here is
# the whole of it. **Predict** the shape of the two bar charts.

# %%
resnet = build("resnet18")
table = layer_table(resnet)
sides = [56, 28, 14, 7]
mine = [table[[s[0] == side for s in table.output_shape]] for side in sides]
fig, axes = plt.subplots(1, 2, figsize=(9, 3.4))
for axis, column, unit, scale in (
    (axes[0], "multiply_adds", "multiply-adds, millions", 1e6),
    (axes[1], "parameters", "parameters, millions", 1e6),
):
    values = [part[column].sum() / scale for part in mine]
    axis.bar([f"{side}×{side}" for side in sides], values, color="0.6", ec="k")
    axis.set(ylabel=unit, xlabel="maps of this size")
fig.suptitle("ResNet-18, stage by stage")
plt.tight_layout()
plt.show()

# %% [markdown]
# Nearly equal in time; in memory every stage is four times the one before.
#
# ## 7. What an output can see
#
# The *receptive field* of an output is the window of the image that it depends on. Two
# 3×3 layers see 5×5, three see 7×7. Each new layer adds `(f − 1)` times the distance of
# its taps, measured in pixels of the image.
#
# **Predict:** which slider makes the square grow fastest: more layers, a larger kernel,
# a stride, dilation?


# %%
def field_on_photo(layers, kernel, stride, dilation):
    """Draws the field after each of some equal layers around the middle."""
    figure, axis = plt.subplots(figsize=(4, 4.2))
    axis.imshow(grey, alpha=0.75)
    for depth in range(1, layers + 1):
        size = receptive_field([(kernel, stride, dilation)] * depth).size
        corner = (112 - size / 2, 112 - size / 2)
        for color, width in (("white", 4), ("black", 1.6)):
            box = plt.Rectangle(corner, size, size, fill=False, ec=color, lw=width)
            axis.add_patch(box)
    axis.set_title(f"{layers} layers of {kernel}×{kernel}: {size}×{size}")
    axis.set(xlim=(0, 223), ylim=(223, 0), xticks=[], yticks=[])
    return figure


with_sliders(
    field_on_photo,
    layers=IntSlider(value=5, min=1, max=10),
    kernel=IntSlider(value=3, min=1, max=9, step=2),
    stride=IntSlider(value=2, min=1, max=3),
    dilation=IntSlider(value=1, min=1, max=4),
)

# %% [markdown]
# The lecture's answer to "how do we see more without larger kernels?" is this slider:
# put the next layer on a *smaller map*. Then a window of 3 taps is 2, 4, 8 times as
# wide in the photograph.
#
# Here are the fields in a real network, VGG-16, which has nothing but 3×3 windows and
# pooling. **Predict:** does an output of its last convolution see the whole image of
# 224×224?

# %%
vgg = layer_table(build("vgg16"))
shown = vgg[vgg.type.isin(["Conv2D", "MaxPooling2D"])]
fig, axis = plt.subplots(figsize=(9, 4.4))
sizes = shown.receptive_height
for kind, marker in (("Conv2D", "ko"), ("MaxPooling2D", "ws")):
    chosen = np.flatnonzero(shown.type == kind)
    label = "3×3 convolution" if kind == "Conv2D" else "2×2 pooling, stride 2"
    axis.plot(chosen, sizes.iloc[chosen], marker, mec="k", label=label, zorder=3)
axis.plot(range(len(sizes)), sizes, "k", lw=1)
axis.axhline(224, color="0.5", ls="--")
axis.text(0, 216, "the image", va="top")
axis.set_xticks(range(len(sizes)), shown.index, rotation=60, fontsize=10)
axis.set(ylabel="receptive field, pixels", title="VGG-16")
axis.legend(loc="center left")
plt.tight_layout()
plt.show()
print(sizes.iloc[[0, 1, 4, 9, 16, 17]].to_string())

# %% [markdown]
# The line gets steeper at each pooling: the same 3×3 adds 2 pixels in the first stage
# and 32 in the last. It ends at 196, and 212 after the last pooling: just short of the
# image. The dense layers do the rest.
#
# ## 8. What it mainly looks at
#
# The field is a boundary: nothing outside can matter. Inside, not all pixels matter
# equally. Below are gradients of one output with respect to the pixels, for stacks of
# 3×3 layers with weights 1. **Predict:** are they flat, or not?

# %%
fig, axes = plt.subplots(1, 3, figsize=(9, 3.3))
for axis, depth in zip(axes, (1, 4, 16), strict=True):
    image = tf.zeros((1, 41, 41, 1))
    ones = tf.ones((3, 3, 1, 1)) / 9
    with tf.GradientTape() as tape:
        tape.watch(image)
        out = image
        for _ in range(depth):
            out = tf.nn.conv2d(out, ones, 1, "SAME")
        middle = out[0, 20, 20, 0]
    weight = tape.gradient(middle, image).numpy()[0, :, :, 0]
    size = receptive_field([(3, 1)] * depth).size
    axis.imshow(weight, cmap="Greys")
    corner = (20.5 - size / 2 - 0.5, 20.5 - size / 2 - 0.5)
    axis.add_patch(plt.Rectangle(corner, size, size, fill=False, lw=2))
    inner = weight[14:27, 14:27].sum()
    axis.set(title=f"depth {depth}: field {size}×{size}", xticks=[], yticks=[])
    print(f"{depth:2} layers: the middle 13×13 pixels have {inner:.0%} of the weight")
plt.tight_layout()
plt.show()

# %% [markdown]
# They pile up in the middle: there are many ways from a middle pixel to the output, and
# a single one from a corner. The square grows with the depth, the dark spot only with
# its square root. So networks are built with fields well larger than the things they
# look for.
#
# ## 9. Small windows or large
#
# One 7×7 layer sees as much as three 3×3 layers. **Predict** the weights of both, from
# `C` to `C` channels, as a multiple of C².

# %%
for channels in (1, 64):
    for kernel, count in ((5, 1), (3, 2), (7, 1), (3, 3)):
        layers = [
            keras.layers.Conv2D(channels, kernel, padding="same", use_bias=False)
            for _ in range(count)
        ]
        model = keras.Sequential([keras.Input((56, 56, channels)), *layers])
        sums = totals(layer_table(model))
        sees = layer_table(model).receptive_height.iloc[-1]
        print(
            f"C = {channels:2}, {count} × {kernel}×{kernel}: sees {sees}×{sees},",
            end=" ",
        )
        per_square = sums["weights"] // channels**2
        print(f"{sums['weights']:7,} weights = {per_square} C²", end=", ")
        print(f"{sums['multiply_adds']:11,} multiply-adds")

# %% [markdown]
# 18 C² against 25 C², 27 C² against 49 C². Is it the same layer for less, then?
# **Predict:** can three 3×3 layers without anything in between imitate *every* 7×7
# kernel of one channel?
#
# Let them try, by gradient descent, with two kernels: one is a column times a row (soft
# up and down, rising from left to right), the other is random.

# %%
rng = np.random.default_rng(1)
steps = 100 if QUICK else 600
smooth = np.outer(np.hanning(9)[1:-1], np.linspace(-1, 1, 7))
for name, target in (("column times row", smooth), ("random", rng.normal(size=(7, 7)))):
    target = (target / np.linalg.norm(target)).astype("float32")[None, :, :, None]
    kernels = [
        tf.Variable(rng.normal(size=(3, 3, 1, 1)) / 3, dtype="float32")
        for _ in range(3)
    ]
    optimizer = keras.optimizers.Adam(0.02)
    dot = np.zeros((1, 13, 13, 1), "float32")
    dot[0, 6, 6, 0] = 1

    @tf.function
    def step(kernels=kernels, target=target, dot=dot):
        with tf.GradientTape() as tape:
            out = dot
            for kernel in kernels:
                out = tf.nn.conv2d(out, kernel, 1, "VALID")
            loss = tf.reduce_sum((out - target) ** 2)
        return loss, tape.gradient(loss, kernels)

    for _ in range(steps):
        loss, gradients = step()
        optimizer.apply_gradients(zip(gradients, kernels, strict=True))
    print(f"{name:16} {float(loss):.1%} of its sum of squares is left over")

# %% [markdown]
# A column times a row always splits into three 3×3 kernels (its two polynomials of
# degree 6 are products of quadratic ones). Most kernels do not: 27 numbers cannot be
# any 49. So the stack is not the same layer for less. But with a ReLU after each layer
# it can do what no single layer can, and that is the better bargain.
#
# ## 10. Four networks
#
# The three questions of this notebook, put to four networks. **Predict:** which has the
# most parameters, which takes the most time, which sees the furthest?

# %%
print(f"{'':10}{'parameters':>13}{'multiply-adds':>16}{'last map sees':>15}")
names = ("lenet5", "alexnet", "resnet18", "vgg16")
for name in names:
    table = {"vgg16": vgg, "resnet18": layer_table(resnet)}.get(name)
    if table is None:
        table = layer_table(build(name))
    maps = table[[len(shape) == 3 for shape in table.output_shape]]
    sums = totals(table)
    print(f"{name:10}{sums['parameters']:13,}{sums['multiply_adds']:16,}", end="")
    print(f"{maps.receptive_height.iloc[-1]:10} pixels")

# %% [markdown]
# VGG-16 has about twelve times the parameters of ResNet-18 and more than eight times
# its cost, and sees less of the image. Shapes and cost do not tell how good a network
# is. They tell what you pay.
#
# **Question.** You have to find ships of about 100 pixels in satellite images, on a
# small computer. Which of the three numbers do you look at first, and what would you
# change in VGG-16?
#
# <details><summary>Answer</summary> The field first: it must hold a ship and some sea
# around it, and its inner part is what counts, so 200 pixels or more; VGG's last stage
# is just enough. Then the multiply-adds: begin with a stride, halve all channels (a
# quarter of the cost). The parameters matter least, since the dense layers, which hold
# nearly all of them, are replaced by pooling over the whole map anyway. </details>
