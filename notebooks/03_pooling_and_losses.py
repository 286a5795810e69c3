# %% [markdown]
# # Pooling, ReLU and the loss, worked through
#
# This notebook stands beside assignment 03. It computes the lectures' examples live,
# asks you for a prediction before each result, and corrects the slides where they
# slipped. The code here leans on TensorFlow and Keras; in the assignment you write it
# yourself.
#
# Contents: 1 the pipeline · 2 pooling by hand · 3 how many windows · 4 the edge · 5
# what pooling is good for · 6 the way back · 7 ReLU · 8 softmax · 9 cross-entropy.

# %%
import os

from shared.quiet import quiet_tensorflow

quiet_tensorflow()

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from ipywidgets import Dropdown, FloatSlider, IntSlider

from shared.datasets import load_arrays
from shared.shapes import out_size
from shared.sliders import with_sliders

QUICK = os.environ.get("COURSE_QUICK") == "1"
train_x, train_y = load_arrays("digits", "train")
plt.rcParams.update({"figure.dpi": 80, "font.size": 12, "image.cmap": "gray"})


def show_numbers(axis, values, title, size=12):
    """Draws a matrix as a grid with its numbers."""
    values = np.asarray(values)
    low, high = values.min(), values.max()
    axis.imshow(values, cmap="Greys", vmin=low, vmax=2 * high - low + 1e-9)
    for (i, j), value in np.ndenumerate(values):
        text = f"{value:.3g}".replace("-", "−")
        axis.text(j, i, text, ha="center", va="center", fontsize=size)
    axis.set(title=title, xticks=[], yticks=[])


def pool(image, size, stride, padding="VALID", kind=tf.nn.max_pool2d):
    """TensorFlow's pooling of one grey image."""
    batch = np.asarray(image, "float64")[None, :, :, None]
    return kind(batch, size, stride, padding).numpy()[0, :, :, 0]


# %% [markdown]
# ## 1. The pipeline
#
# Every convolutional network of the lectures is made like this: **convolution → ReLU →
# pooling**, several times, then **flatten → dense → softmax**, and a **loss** to train
# it. Each layer takes a volume (height × width × channels) and gives a volume.
#
# **Predict** the volume and the number of parameters after every line.

# %%
layers = keras.layers
model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(8, 5, name="convolution"),
        layers.ReLU(name="relu"),
        layers.MaxPooling2D(2, name="max_pooling"),
        layers.Conv2D(16, 3, padding="same", name="convolution_same"),
        layers.ReLU(name="relu_again"),
        layers.MaxPooling2D(3, strides=2, name="max_pooling_overlapping"),
        layers.Flatten(name="flatten"),
        layers.Dense(10, name="dense"),
        layers.Softmax(name="softmax"),
    ]
)
for layer in model.layers:
    volume = "×".join(str(n) for n in layer.output.shape[1:])
    print(f"{layer.name:24} {volume:10} {layer.count_params():6,} parameters")
print(f"{model.count_params():33,} parameters together")

# %% [markdown]
# ReLU, pooling and flattening have **no parameters**: nothing in them is learned. Most
# parameters sit in the dense layer, and it would have 23 times as many without the
# pooling: the volume would still be 24×24×16.
#
# ## 2. Pooling by hand
#
# Choose a window and a stride, walk over the map, keep the largest number of each
# window (or the mean). Usual are 2×2 with stride 2, and 3×3 with stride 2.
#
# **Predict** the four numbers: 2×2, stride 2, maximum. Then the four means.

# %%
first = np.array([[2, 2, 7, 3], [9, 4, 6, 1], [8, 5, 2, 4], [3, 1, 2, 6]])
fig, axes = plt.subplots(1, 3, figsize=(8.5, 3.4), width_ratios=(4, 2, 2))
show_numbers(axes[0], first, "map")
show_numbers(axes[1], pool(first, 2, 2), "maximum")
show_numbers(axes[2], pool(first, 2, 2, kind=tf.nn.avg_pool2d), "mean")
plt.tight_layout()
plt.show()

# %% [markdown]
# If the stride is smaller than the window, windows **overlap**. A lecture shows the
# next map for that purpose and leaves the answers to you.
#
# **Predict** 2×2 with stride 2 (standard), 2×2 with stride 1 and 3×3 with stride 1
# (overlapping). Which number of the map appears most often?

# %%
second = np.array([[-1, 4, 1, 2], [0, 1, 3, -2], [1, 5, -2, 6], [3, -1, -2, -2]])
fig, axes = plt.subplots(1, 4, figsize=(11, 3.2), width_ratios=(4, 2, 3, 2))
show_numbers(axes[0], second, "map")
for axis, (size, stride) in zip(axes[1:], ((2, 2), (2, 1), (3, 1)), strict=True):
    show_numbers(axis, pool(second, size, stride), f"{size}×{size} / {stride}")
plt.tight_layout()
plt.show()

# %% [markdown]
# ## 3. How many windows? A slide against itself
#
# A lecture looks for three features in the picture of an X: a diagonal, a small cross
# and the other diagonal. Each gives a 7×7 map of agreement (1 is perfect), and 2×2 max
# pooling with stride 2 makes of them the three maps `printed` below.
#
# The rule for sizes in the same lecture: $\lfloor (n - k)/s + 1 \rfloor$. **Predict**
# what it gives for $n = 7$, $k = 2$, $s = 2$. Which size has the slide?

# %%
picture = -np.ones((9, 9))
for k in range(1, 8):
    picture[k, k] = picture[k, 8 - k] = 1
diagonal = 2 * np.eye(3) - 1
cross = np.maximum(diagonal, diagonal[::-1])
features = np.stack([diagonal, cross, diagonal[::-1]], axis=-1)[:, :, None]
maps = tf.nn.conv2d(picture[None, :, :, None], features, 1, "VALID").numpy()[0] / 9

printed = np.array(
    [
        [
            [1.00, 0.33, 0.55, 0.33],
            [0.33, 1.00, 0.33, 0.55],
            [0.55, 0.33, 1.00, 0.11],
            [0.33, 0.55, 0.11, 0.77],
        ],
        [
            [0.55, 0.33, 0.55, 0.33],
            [0.33, 1.00, 0.55, 0.11],
            [0.55, 0.55, 0.55, 0.11],
            [0.33, 0.11, 0.11, 0.33],
        ],
        [
            [0.33, 0.55, 1.00, 0.77],
            [0.55, 0.55, 1.00, 0.33],
            [1.00, 1.00, 0.11, 0.55],
            [0.77, 0.33, 0.55, 0.33],
        ],
    ]
)

fig, axes = plt.subplots(3, 3, figsize=(10, 10), width_ratios=(7, 4, 3))
for k, (row, name) in enumerate(zip(axes, ("╲", "×", "╱"), strict=True)):
    show_numbers(row[0], maps[:, :, k].round(2), f"map of {name}, 7×7", size=9)
    same, valid = (pool(maps[:, :, k], 2, 2, p) for p in ("SAME", "VALID"))
    show_numbers(row[1], same.round(2), f"SAME: {same.shape[0]}×{same.shape[1]}", 10)
    show_numbers(
        row[2], valid.round(2), f"VALID: {valid.shape[0]}×{valid.shape[1]}", 10
    )
plt.tight_layout()
plt.show()

for k in range(3):
    ninths = np.rint(9 * pool(maps[:, :, k], 2, 2, "SAME"))
    cut_off = (100 * ninths) // 9 / 100
    agree = np.sum(np.isclose(cut_off, printed[k]))
    print(f"map {k + 1}: {agree} of {printed[k].size} numbers as on the slide")

# %% [markdown]
# > **Slip on a slide.** The pooled maps are 4×4, the lecture's own rule gives 3×3. The
# > slide rounds the number of windows *up*: the last window of each row and column
# > sticks out and holds what is left. (The numbers are right, but cut off after two
# > decimals: 7/9 is printed as 0.77.)
#
# Three rules are in use: round down ("valid"), round up ("ceil" in some libraries), and
# TensorFlow's "same", which makes `⌈n / s⌉` windows.
#
# **Predict.** Do the last two always agree?

# %%
print(" n  window  stride   floor  ceil  same")
for n, k, s in [(7, 2, 2), (55, 3, 2), (13, 3, 2), (6, 3, 2), (5, 3, 2), (8, 2, 3)]:
    sizes = out_size(n, k, s), out_size(n, k, s, ceil=True), out_size(n, k, s, "same")
    print("{:2}  {:6}  {:6}   {:5}  {:4}  {:4}".format(n, k, s, *sizes))

# %% [markdown]
# They do not. For 55 and 13 (AlexNet's sizes) two rules give 27 and 6, and the third
# does not. When you carry a network from one library to another, look here first.
#
# ## 4. The edge
#
# With "same", windows at the edge stick out. What lies there?
#
# **Predict** both results below: the maximum of a map where all is −5, and the mean of
# a map where all is 1. (3×3, stride 2, "same".)

# %%
negative, ones = np.full((5, 5), -5.0), np.ones((5, 5))
zeros_around = np.pad(ones, 1)
fig, axes = plt.subplots(1, 3, figsize=(10, 3.4))
show_numbers(axes[0], pool(negative, 3, 2, "SAME"), "maximum of −5")
mean = pool(ones, 3, 2, "SAME", tf.nn.avg_pool2d)
show_numbers(axes[1], mean, "mean of 1")
with_zeros = pool(zeros_around, 3, 2, "VALID", tf.nn.avg_pool2d)
show_numbers(axes[2], with_zeros.round(2), "mean of 1, zeros around")
plt.tight_layout()
plt.show()

# %% [markdown]
# Padding is not part of the map: it never wins a maximum, and it is not counted in a
# mean. The right picture shows what happens where it *is* counted: the edge grows dark.
# PyTorch's `AvgPool2d` does count its padding unless it is told not to
# (`count_include_pad=False`); TensorFlow and Keras do not.
#
# ## 5. What pooling is good for
#
# It shrinks the maps, so that later layers are cheap and see more of the image. And it
# forgets a little of *where*.
#
# **Predict.** A digit moves by one pixel. Its picture changes by some percent; do the
# pooled pictures change more, or less? Does the maximum or the mean forget more?

# %%
digits = np.pad(train_x[:200].astype("float64") / 255, ((0, 0), (4, 4), (4, 4), (0, 0)))
moved = np.roll(digits, 1, axis=2)


def change(before, after):
    """Mean absolute difference, in percent of the mean brightness."""
    return 100 * np.abs(before - after).mean() / before.mean()


print(f"no pooling       {change(digits, moved):5.1f} %")
for size in (2, 4, 6, 9):
    changes = [
        change(kind(digits, size, size, "SAME"), kind(moved, size, size, "SAME"))
        for kind in (
            lambda *a: tf.nn.max_pool2d(*a).numpy(),
            lambda *a: tf.nn.avg_pool2d(*a).numpy(),
        )
    ]
    print(
        "pooling {0}×{0}      {1:5.1f} % (maximum) {2:5.1f} % (mean)".format(
            size, *changes
        )
    )

# %% [markdown]
# Less and less: this is as close as a convolutional network comes to *invariance*. It
# holds for small shifts only, and it costs detail. Try how much a digit can bear:


# %%
def pooled_digit(size, stride, padding, kind):
    image = train_x[0, :, :, 0] / 255
    function = {"maximum": tf.nn.max_pool2d, "mean": tf.nn.avg_pool2d}[kind]
    small = pool(image, size, stride, padding, function)
    figure, axes = plt.subplots(1, 2, figsize=(7, 3.6))
    for axis, view in zip(axes, (image, small), strict=True):
        axis.imshow(view, vmin=0, vmax=1)
        axis.set(title=f"{view.shape[0]}×{view.shape[1]}", xticks=[], yticks=[])
    figure.tight_layout()
    return figure


with_sliders(
    pooled_digit,
    size=IntSlider(value=4, min=1, max=8),
    stride=IntSlider(value=4, min=1, max=8),
    padding=Dropdown(value="SAME", options=["SAME", "VALID"]),
    kind=Dropdown(value="maximum", options=["maximum", "mean"]),
)

# %% [markdown]
# ## 6. The way back
#
# How much does each pixel matter for the sum of all outputs? TensorFlow tells us.
#
# **Predict** where the gradient of max pooling is not 0 (2×2, stride 2; the map of part
# 2), and how it looks for the mean.


# %%
def gradient(kind, image, size, stride, padding="VALID"):
    """How much the sum of a pooling grows with each pixel."""
    x = tf.constant(np.asarray(image, "float64")[None, :, :, None])
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(kind(x, size, stride, padding))
    return tape.gradient(total, x).numpy()[0, :, :, 0]


fig, axes = plt.subplots(1, 4, figsize=(12.5, 3.4))
show_numbers(axes[0], first, "map")
show_numbers(axes[1], gradient(tf.nn.max_pool2d, first, 2, 2), "maximum, 2×2 / 2")
show_numbers(axes[2], gradient(tf.nn.max_pool2d, first, 2, 1), "maximum, 2×2 / 1")
show_numbers(axes[3], gradient(tf.nn.avg_pool2d, first, 2, 1), "mean, 2×2 / 1")
plt.tight_layout()
plt.show()

# %% [markdown]
# The winner takes it all; the mean shares. Where windows overlap, a pixel collects from
# each. The numbers of a picture add up to the number of windows.
#
# And if two pixels are equal? **Predict** the gradient for a map of equal numbers, 2×2,
# stride 2.

# %%
print(gradient(tf.nn.max_pool2d, np.ones((4, 4)), 2, 2).astype(int))

# %% [markdown]
# The first one, reading row by row, gets everything. Mathematics does not ask for this:
# at a tie there is no derivative. It is a rule of the implementation, and the
# assignment adopts it.
#
# ## 7. ReLU
#
# $f(x) = \max(0, x)$. It is easy to compute, it does not saturate for large `x`, and it
# makes many zeros.
#
# > **Slip on a slide.** "$f'(x) = 1$ for $x \ge 0$". At 0 the slope from the left is 0,
# > from the right 1, and there is no derivative.
#
# **Predict** what TensorFlow returns at 0.

# %%
points = tf.constant([-2.0, -1e-6, 0.0, 1e-6, 2.0])
with tf.GradientTape() as tape:
    tape.watch(points)
    rectified = tf.nn.relu(points)
slopes = tape.gradient(rectified, points).numpy()
for point, slope in zip(points.numpy(), slopes, strict=True):
    print(f"slope at {point:9.6f}: {slope:.0f}")

line = np.linspace(-3, 3, 301)
fig, axes = plt.subplots(1, 2, figsize=(9, 3.2))
axes[0].plot(line, tf.nn.relu(line), "k")
axes[0].set(xlabel="x", ylabel="f(x)", title="ReLU")
axes[1].plot([-3, 0], [0, 0], "k", [0, 3], [1, 1], "k")
axes[1].plot(0, slopes[2], "ko", 0, 1, "ko", markerfacecolor="white")
axes[1].plot(0, slopes[2], "ko")
axes[1].set(xlabel="x", ylabel="f'(x)", title="its slope, in TensorFlow")
for axis in axes:
    axis.grid(alpha=0.3)
plt.tight_layout()
plt.show()

# %% [markdown]
# ### Sparse, and sometimes dead
#
# In a fresh network about half of the numbers behind a ReLU are 0. A unit that gives 0
# for *every* image is **dead**: its slope is 0 everywhere, so it cannot learn its way
# back.
#
# **Predict.** Below, a layer of 64 units is trained for a while with different learning
# rates. Which of them kills units?

# %%
images = train_x.reshape(len(train_x), -1).astype("float32") / 255
rates = (0.01, 0.1, 0.3, 1.0)
zeros, dead = [], []
for rate in rates:
    keras.utils.set_random_seed(0)
    hidden = layers.Dense(64, activation="relu")
    network = keras.Sequential([keras.Input((784,)), hidden, layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(optimizer=keras.optimizers.SGD(rate), loss=loss)
    network.fit(images, train_y, batch_size=32, epochs=1 if QUICK else 3, verbose=0)
    codes = hidden(images).numpy()
    zeros.append(np.mean(codes == 0))
    dead.append(np.mean((codes == 0).all(axis=0)))

fig, axis = plt.subplots(figsize=(7, 3.4))
places = np.arange(len(rates))
axis.bar(places - 0.2, zeros, 0.4, color="0.75", label="numbers that are 0")
axis.bar(places + 0.2, dead, 0.4, color="0.2", label="units that are dead")
axis.set(xlabel="learning rate", ylabel="share", ylim=(0, 1.05), title="64 ReLU units")
axis.set_xticks(places, rates)
axis.legend()
plt.tight_layout()
plt.show()

# %% [markdown]
# Zeros are welcome, dead units are not: they cost as much as living ones and do
# nothing. One step that is much too large is enough.
#
# ## 8. Softmax
#
# The last layer gives one number per class, the logits $z$. Softmax makes of them
# positive numbers that add up to 1: $p_k = e^{z_k} / \sum_j e^{z_j}$.
#
# **Predict** how `p` changes if all logits grow by 3; and if all are doubled.

# %%
z = np.array([2.0, 1.0, -1.0])
for name, logits in [("z", z), ("z + 3", z + 3), ("2 z", 2 * z), ("10 z", 10 * z)]:
    print(f"{name:6} -> p =", tf.nn.softmax(logits).numpy().round(3))

# %% [markdown]
# A shift changes nothing, only differences count. A factor makes the network surer of
# itself. The order never changes: to name the best class no softmax is needed.
#
# The shift is also what saves softmax from overflow. **Predict** what the formula gives
# for the logits 1000 and 999 as it stands, and what the true probabilities are.

# %%
far = np.array([1000.0, 999.0])
with np.errstate(all="ignore"):
    print("formula as it stands:", np.exp(far) / np.exp(far).sum())
print("TensorFlow:          ", tf.nn.softmax(far).numpy().round(3))

# %% [markdown]
# ## 9. Cross-entropy
#
# The loss of one example is $-\log p_y$: how surprised the network is by the truth $y$.
# Nothing for a sure and right answer, ln 10 ≈ 2.3 for a network that knows nothing
# of ten digits, and beyond every bound for a sure and wrong one.
#
# **Predict.** Three classes, the truth is class 0. Move its logit: where does the loss
# become a straight line, and what is the loss where all three are equal?


# %%
def surprise(logit):
    scores = np.array([logit, 1.0, -1.0])
    p = tf.nn.softmax(scores).numpy()
    line = np.linspace(-6, 6, 121)
    batch = np.stack([line, np.full(121, 1.0), np.full(121, -1.0)], axis=1)
    truth = np.zeros(121, int)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(truth, batch).numpy()
    here = tf.nn.sparse_softmax_cross_entropy_with_logits([0], scores[None]).numpy()[0]
    figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.4))
    axes[0].bar(["0 (truth)", "1", "2"], p, color=["0.2", "0.7", "0.7"])
    axes[0].set(ylim=(0, 1), xlabel="class", ylabel="probability")
    axes[0].set_title(f"logits {logit:g}, 1, −1".replace("-", "−"))
    axes[1].plot(line, losses, "k")
    axes[1].plot(logit, here, "ko", markersize=9)
    axes[1].set(xlabel="logit of the truth", ylabel="loss", title=f"loss {here:.2f}")
    axes[1].grid(alpha=0.3)
    figure.tight_layout()
    return figure


with_sliders(surprise, logit=FloatSlider(value=-2.0, min=-6, max=6, step=0.5))

# %% [markdown]
# ### From logits, not from probabilities
#
# Keras has the loss in two forms: from logits, and from the probabilities that a
# softmax layer has made. On paper they are the same.
#
# **Predict** loss and gradient for logits 50, 0, 0 if the truth is class 1: a network
# that is very sure and quite wrong.

# %%
sure = tf.constant([[50.0, 0.0, 0.0]])
for from_logits in (True, False):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits)
    with tf.GradientTape() as tape:
        tape.watch(sure)
        value = loss(tf.constant([1]), sure if from_logits else tf.nn.softmax(sure))
    slope = tape.gradient(value, sure).numpy()[0].round(3) + 0.0
    name = "logits" if from_logits else "probabilities"
    print(f"from {name:13}: loss {value:5.2f}, gradient {slope}")

# %% [markdown]
# Whoever comes with probabilities has already lost: $e^{-50}$ is cut off at a small
# number, so that the logarithm stays finite. The loss is wrong then, and its gradient
# is gone, just where it is needed most. That is why the networks of this course end in
# logits, and why softmax and cross-entropy are one function in the assignment.
#
# The gradient with respect to the logits is $p$ minus 1 at the truth. **Predict** its
# sum.

# %%
logits = tf.constant([[2.0, 1.0, -1.0]])
with tf.GradientTape() as tape:
    tape.watch(logits)
    value = tf.nn.sparse_softmax_cross_entropy_with_logits([1], logits)
slope = tape.gradient(value, logits).numpy()[0]
print("p        ", tf.nn.softmax(logits).numpy()[0].round(3))
print("gradient ", slope.round(3), "sum", abs(slope.sum().round(6)))

# %% [markdown]
# ## Now you
#
# Open `assignments/03_pooling_and_losses/03_pooling_and_losses.ipynb`. You know
# everything you need.
