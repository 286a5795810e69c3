# %% [markdown]
# # Classic architectures, worked through
#
# This notebook stands beside assignment 09. There you build AlexNet, ZFNet, VGG and
# GoogLeNet; here you look at them from outside, on photographs, digits and in pictures.
# The networks come from `shared.models`, their costs from `shared.accounting`.
#
# Contents: 1 four silhouettes · 2 two groups · 3 why ZFNet's first layer is finer · 4
# what a training holds · 5 the 1×1 convolution on a photograph · 6 how thin is a
# bottleneck · 7 learning rates · 8 features that travel · 9 what a network looks at.
#
# Before each result stands a question. Answer it, then run the cell.

# %%
import os

from shared.quiet import quiet_tensorflow

quiet_tensorflow()

import keras
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import Dropdown, IntSlider
from sklearn.datasets import load_sample_image

from shared.accounting import layer_table, totals, training_memory
from shared.datasets import load_arrays
from shared.layers.inception_v1 import InceptionNaive, InceptionV1
from shared.models import build
from shared.sliders import with_sliders

QUICK = os.environ.get("COURSE_QUICK") == "1"
plt.rcParams.update({"figure.dpi": 80, "font.size": 12, "image.cmap": "gray"})


def costs_of(name, **settings):
    """The layer table of a network, without room for its weights."""
    with keras.StatelessScope(initialize_variables=False):
        return layer_table(build(name, **settings))


# %% [markdown]
# ## 1. Four silhouettes
#
# Each block below is a stage of a network: as tall as its maps are, as wide as its
# channels are many. **Predict:** which of the four is the tallest for longest? Which
# ends in the smallest block before its classifier?

# %%
FOUR = {
    "AlexNet": "alexnet_grouped",
    "ZFNet": "zfnet",
    "VGG-16": "vgg16",
    "GoogLeNet": "googlenet",
}
costs = {title: costs_of(name) for title, name in FOUR.items()}


def stages(table):
    """(pixels, channels) wherever the maps change size: the last of each size."""
    maps = table[~table["type"].str.contains("Padding")]["output_shape"]
    shapes = [shape for shape in maps if len(shape) == 3]
    pairs = zip(shapes, [*shapes[1:], None], strict=True)
    return [(a[0], a[2]) for a, b in pairs if b is None or a[0] != b[0]]


fig, axes = plt.subplots(4, 1, figsize=(9, 8.6))
for axis, (title, table) in zip(axes, costs.items(), strict=True):
    left = 0
    for pixels, channels in stages(table):
        width = 12 + channels / 8
        block = plt.Rectangle((left, -pixels / 2), width, pixels, fc="0.8", ec="k")
        axis.add_patch(block)
        middle = (left + width / 2, -pixels / 2 - 12)
        label = f"{pixels}²×{channels}"
        axis.text(*middle, label, ha="center", va="top", fontsize=9)
        left += width + 34
    axis.set(xlim=(-20, 660), ylim=(-150, 115), title=title)
    axis.axis("off")
plt.tight_layout()
plt.show()

# %%
print(f"{'':10} {'parameters':>12} {'multiply-adds':>15} {'activations':>12}")
for title, table in costs.items():
    sums = totals(table)
    told = sums["parameters"], sums["multiply_adds"], sums["activations"]
    print(f"{title:10} {told[0]:>12,} {told[1]:>15,} {told[2]:>12,}")

# %% [markdown]
# VGG stays tall: it is the only one whose first layer does not shrink the image. That
# is where its 15 billion multiply-adds and its memory go. GoogLeNet shrinks 224 to 28
# before it begins to think.
#
# (Activations here include the normalisation layers that these versions have, so they
# are a little more than those of the assignment's networks.)
#
# ## 2. Two groups
#
# Each row of the pictures below is a filter, each column a channel; a dark square is a
# connection. In AlexNet two grouped layers follow each other, then a layer without
# groups.
#
# **Predict:** with two groups, which input channels can reach an output after *two*
# grouped layers? And after the layer without groups in between? Use the slider for more
# groups.

# %%
CHANNELS = 8


def connections(groups):
    """Which channel reaches which filter in a 1x1 convolution, read off its answers."""
    layer = keras.layers.Conv2D(
        CHANNELS, 1, groups=groups, kernel_initializer="ones", use_bias=False
    )
    one_at_a_time = np.eye(CHANNELS, dtype="float32")[:, None, None, :]
    return (np.asarray(layer(one_at_a_time))[:, 0, 0, :].T > 0).astype(float)


def wiring(groups):
    """Draws a grouped layer, two in a row, and two with a full layer between."""
    grouped, full = connections(groups), connections(1)
    cases = {
        f"{groups} groups": grouped,
        "two such layers": grouped @ grouped,
        "a full one between": grouped @ full @ grouped,
    }
    figure, axes = plt.subplots(1, 3, figsize=(9, 3.4))
    for axis, (title, reach) in zip(axes, cases.items(), strict=True):
        axis.imshow(reach > 0, cmap="Greys", vmin=0, vmax=1.4)
        share = (reach > 0).mean()
        axis.set(title=f"{title}: {share:.0%}", xlabel="channel", ylabel="filter")
        axis.set(xticks=[], yticks=[])
    figure.tight_layout()
    return figure


with_sliders(wiring, groups=Dropdown(value=2, options=[1, 2, 4, 8]))

# %% [markdown]
# Groups alone never meet: two networks of half the width run side by side. The one
# layer without groups lets them talk. That is what AlexNet's convolution 3 is for, and
# why leaving its groups out matters although it costs more than any other convolution.
#
# ## 3. Why ZFNet's first layer is finer
#
# A filter that looks for stripes of four pixels, 11×11 as in AlexNet, moves over a
# photograph with stride 1, 2 and 4. **Predict:** the flower's fine lines are the same
# in all three. What will stride 4 make of them?

# %%
photo = load_sample_image("flower.jpg")[150:390, 250:490].mean(axis=2) / 255 - 0.4
y, x = np.mgrid[-5:6, -5:6]
stripes = np.cos(2 * np.pi * (x + 0.6 * y) / 4) * np.exp(-(x**2 + y**2) / 12)
stripes -= stripes.mean()
rings = np.hypot(*np.mgrid[-120:120, -120:120])
target = np.cos(rings**2 / 90)


def seen(image, stride):
    """What the stripe filter answers, with a stride."""
    layer = keras.layers.Conv2D(1, 11, strides=stride, use_bias=False)
    layer.build((None, None, None, 1))
    layer.set_weights([stripes[:, :, None, None].astype("float32")])
    return np.asarray(layer(image[None, :, :, None].astype("float32")))[0, :, :, 0]


fig, axes = plt.subplots(2, 4, figsize=(8, 4.2))
for row, image in zip(axes, (photo, target), strict=True):
    row[0].imshow(image)
    for axis, stride in zip(row[1:], (1, 2, 4), strict=True):
        answer = seen(image, stride)
        axis.imshow(answer, vmin=-np.abs(answer).max(), vmax=np.abs(answer).max())
        axis.set_title(f"stride {stride}", fontsize=11)
for axis in axes.flat:
    axis.set(xticks=[], yticks=[])
plt.tight_layout()
plt.show()

# %% [markdown]
# In the lower row the rings become finer outwards. With stride 1 and 2 the filter
# answers where the rings have its own width and direction. With stride 4 it is asked at
# every fourth pixel, stripes of four pixels look the same at each, and the answer turns
# into broad waves that are nowhere in the image. Zeiler and Fergus saw such patterns in
# AlexNet's second layer, made the stride 2 and the kernel 7, and they went away.
#
# ## 4. What a training holds
#
# Choose a network, an image size, a batch and an optimizer. **Predict** first: for
# VGG-16 and a batch of 32, do parameters or activations take more? And for a batch of
# 1?


# %%
def held(network, pixels, batch, optimizer):
    """Draws the bytes that training holds, from the layers' shapes."""
    table = costs_of(network, input_shape=(pixels, pixels, 3))
    memory = training_memory(table, optimizer, batch)
    parts = {
        "parameters": memory.parameters,
        "gradients": memory.gradients,
        "optimizer": memory.optimizer,
        "activations": memory.activations,
        "their gradients": memory.activation_gradients,
    }
    figure, axis = plt.subplots(figsize=(8, 3))
    names = list(parts)[::-1]
    axis.barh(names, [parts[name] / 1e9 for name in names], color="0.45")
    title = (
        f"{network}, {pixels}², batch {batch}, {optimizer}: {memory.total / 1e9:.1f} GB"
    )
    axis.set(xlabel="GB", title=title)
    axis.grid(axis="x", alpha=0.3)
    figure.tight_layout()
    return figure


with_sliders(
    held,
    network=Dropdown(value="vgg16", options=list(FOUR.values())),
    pixels=Dropdown(value=224, options=[128, 160, 192, 224, 256]),
    batch=IntSlider(value=32, min=1, max=128),
    optimizer=Dropdown(value="momentum", options=["sgd", "momentum", "adam"]),
)

# %% [markdown]
# A batch of 32 is nearly four times as heavy as everything that belongs to the
# parameters. For a single image it is the other way round. Where do they meet?

# %%
for title, table in costs.items():
    one = training_memory(table, "momentum", 1)
    fixed = one.parameters + one.gradients + one.optimizer
    image = one.activations + one.activation_gradients
    meet = fixed / image
    print(
        f"{title:10} {fixed / 1e6:6.0f} MB and {image / 1e6:5.1f} MB an image:", end=""
    )
    print(f" equal at {meet:.1f} images")

# %% [markdown]
# ## 5. The 1×1 convolution on a photograph
#
# A 1×1 kernel sees one pixel and all of its channels. **Predict:** three channels come
# in, red, green and blue, and three kernels mix them: one takes the mean, one red minus
# green, one blue minus the mean of the others. Are edges sharper afterwards, blurred,
# or as they were?

# %%
colour = load_sample_image("china.jpg")[60:284, 200:424].astype("float32") / 255
mixes = np.array([[1 / 3, 1, -0.5], [1 / 3, -1, -0.5], [1 / 3, 0, 1]], "float32")
mixer = keras.layers.Conv2D(3, 1, use_bias=False)
mixer.build((None, None, None, 3))
mixer.set_weights([mixes[None, None]])
mixed = np.asarray(mixer(colour[None]))[0]

fig, axes = plt.subplots(1, 4, figsize=(8, 2.4))
axes[0].imshow(colour)
axes[0].set_title(f"{'×'.join(map(str, colour.shape))}")
for k, title in enumerate(("brightness", "red or green", "blue or yellow")):
    axes[k + 1].imshow(mixed[:, :, k])
    axes[k + 1].set_title(title)
for axis in axes:
    axis.set(xticks=[], yticks=[])
plt.tight_layout()
plt.show()
same = np.allclose(mixed, colour @ mixes, atol=1e-6)
print("the same as a matrix product at every pixel:", same)

# %% [markdown]
# As they were: no pixel looks at its neighbour. It is one matrix, applied everywhere.
# With fewer kernels than channels the image gets thinner and keeps its height and
# width: that is a bottleneck.
#
# ## 6. How thin is a bottleneck?
#
# The lecture's module on 28×28×256, with bottlenecks of any width `r` before the 3×3
# and the 5×5 convolution. **Predict:** at which width does the module with bottlenecks
# cost as much as the one without?


# %%
def products(module):
    """Multiply-adds of a module on 28x28x256 maps, and its channels."""
    with keras.StatelessScope(initialize_variables=False):
        net = keras.Sequential([keras.Input((28, 28, 256)), module])
        table = layer_table(net)
    return totals(table)["multiply_adds"], net.output_shape[-1]


naive, fat = products(InceptionNaive(128, 192, 96))
widths = np.arange(16, 257, 16)
thin = [products(InceptionV1(128, (r, 192), (r, 96), 64))[0] for r in map(int, widths)]
lecture, slim = products(InceptionV1(128, (64, 192), (64, 96), 64))

fig, axis = plt.subplots(figsize=(8, 3.8))
axis.plot(widths, np.array(thin) / 1e6, "k-o", label="with bottlenecks")
axis.axhline(naive / 1e6, color="0.5", ls="--", label="without")
axis.plot(64, lecture / 1e6, "ks", ms=12, fillstyle="none", label="the lecture's")
axis.set(xlabel="width of the bottlenecks", ylabel="million multiply-adds")
axis.set_ylim(bottom=0)
axis.legend()
axis.grid(alpha=0.3)
plt.tight_layout()
plt.show()
print(f"without {naive:,}, {fat} channels; the lecture's {lecture:,}, {slim} channels")

# %% [markdown]
# Even bottlenecks of 208 pay. The price is not computation: a narrow bottleneck throws
# information away before the large kernels see it.
#
# ## 7. Learning rates
#
# Three recipes of three papers, as far as they say: AlexNet and VGG divide by 10 three
# times, when the validation error stands still; GoogLeNet takes off 4 % every 8 epochs.
# **Predict:** when AlexNet's training ends, after 90 epochs, how far has GoogLeNet's
# rate come down?

# %%
epochs = np.arange(0, 480)
rates = {
    "AlexNet, VGG (here after 30, 50, 70)": 0.1 ** np.digitize(epochs, [30, 50, 70]),
    "GoogLeNet": 0.96 ** (epochs // 8),
}
fig, axis = plt.subplots(figsize=(8, 3.4))
for (name, rate), style in zip(rates.items(), ("k-", "k--"), strict=True):
    axis.semilogy(epochs, rate, style, label=name)
axis.axvline(90, color="0.6", lw=1)
axis.set(xlabel="epoch", ylabel="learning rate / first one")
axis.legend()
axis.grid(alpha=0.3)
plt.tight_layout()
plt.show()
left = rates["GoogLeNet"][90]
print(f"after 90 epochs GoogLeNet still learns at {left:.0%} of its first rate")

# %% [markdown]
# ## 8. Features that travel
#
# VGG is loved for its last hidden layer: its features, learned on a thousand classes,
# describe images of classes it has never seen. The same in small: a network learns the
# digits 0 to 4, which lie anywhere on the paper, up to five pixels off the middle. Then
# we take the features of its last hidden layer for the digits 5 to 9, which it has
# never seen, and name a new digit after the nearest class mean of a few examples.
#
# **Predict:** which is best with one example of each digit: raw pixels, features of a
# network with random weights, or features learned on *other* digits?

# %%
train_x, train_y = load_arrays("digits", "train")
test_x, test_y = load_arrays("digits", "test")
old, new, unseen = train_y < 5, train_y >= 5, test_y >= 5
shifts = np.random.default_rng(0)
FAR = 5  # try 0


def moved(images):
    """The images, each shifted by its own few pixels, from -0.5 to 0.5."""
    around = np.pad(images, ((0, 0), (FAR, FAR), (FAR, FAR), (0, 0)))
    corners = shifts.integers(0, 2 * FAR + 1, (len(images), 2))
    parts = zip(around, corners, strict=True)
    cut = [image[top : top + 28, left : left + 28] for image, (top, left) in parts]
    return np.array(cut) / 255.0 - 0.5


moved_train, moved_test = moved(train_x), moved(test_x)
train_x, test_x = train_x / 255.0 - 0.5, test_x / 255.0 - 0.5


def features_of(trained):
    """A function from images to 64 numbers."""
    keras.utils.set_random_seed(3)
    chain = [
        keras.layers.Conv2D(16, 5, strides=2, activation="relu"),
        keras.layers.Conv2D(32, 3, strides=2, activation="relu", name="maps"),
        keras.layers.Flatten(),
        keras.layers.Dense(64, activation="relu", name="features"),
        keras.layers.Dense(10, activation="softmax"),
    ]
    net = keras.Sequential([keras.Input((28, 28, 1)), *chain])
    net.compile(keras.optimizers.Adam(0.002), "sparse_categorical_crossentropy")
    if trained:
        rounds = 2 if QUICK else 20
        net.fit(moved_train[old], train_y[old], 32, rounds, verbose=0)
    inner = keras.Model(net.inputs, net.get_layer("features").output)
    return lambda images: inner.predict(images, verbose=0)


describe = {
    "learned on 0 to 4": features_of(trained=True),
    "random weights": features_of(trained=False),
    "pixels": lambda images: images.reshape(len(images), -1),
}
examples = [1, 2, 5, 10, 20]
results = {}
for name, function in describe.items():
    known, asked = function(moved_train[new]), function(moved_test[unseen])
    known, asked = (
        f / np.linalg.norm(f, axis=1, keepdims=True) for f in (known, asked)
    )
    labels, accuracies = train_y[new], []
    for count in examples:
        rng, hits = np.random.default_rng(0), []
        for _ in range(20):
            means = np.stack(
                [
                    known[rng.choice(np.flatnonzero(labels == digit), count)].mean(0)
                    for digit in range(5, 10)
                ]
            )
            gaps = ((asked[:, None] - means) ** 2).sum(2)
            hits.append((gaps.argmin(1) + 5 == test_y[unseen]).mean())
        accuracies.append(100 * np.mean(hits))
    results[name] = accuracies

fig, axis = plt.subplots(figsize=(8, 3.6))
for (name, accuracies), style in zip(
    results.items(), ("k-o", "k:^", "k--s"), strict=True
):
    axis.semilogx(examples, accuracies, style, label=name)
axis.set_xticks(examples, examples)
axis.minorticks_off()
axis.set(xlabel="examples of each new digit", ylabel="accuracy on new digits, %")
axis.legend()
axis.grid(alpha=0.3)
plt.tight_layout()
plt.show()
for name, accuracies in results.items():
    print(f"{name:18}", *(f"{a:5.1f}" for a in accuracies))

# %% [markdown]
# The learned features win: on the digits 0 to 4 the network found out that a shape is
# the same shape wherever it lies, and that holds for a 7 as well. Random weights and
# pixels know nothing of the kind.
#
# Now set `FAR = 0` and run the cell again: digits in the middle of the paper. Pixels
# win then, by far. There is nothing left to be indifferent to, and a network that had
# to tell 0 to 4 apart has thrown away what tells 5 from 9. Features travel as far as
# the tasks are alike; a thousand classes of photographs are alike to many tasks.
#
# ## 9. What a network looks at
#
# Zeiler and Fergus had a second way of asking, which needs no look inside: cover a part
# of the image with a grey square, move it about, and watch the probability of the right
# class.
#
# **Predict:** where must the square be for a 4 to be taken for something else?

# %%
keras.utils.set_random_seed(1)
reader = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        keras.layers.Conv2D(16, 5, strides=2, activation="relu"),
        keras.layers.Conv2D(32, 3, strides=2, activation="relu"),
        keras.layers.Flatten(),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
reader.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy")
reader.fit(train_x, train_y, 32, 2 if QUICK else 12, verbose=0)
SQUARE = 10
corners = range(0, 28 - SQUARE + 1, 2)


def occluded(image):
    """The image with a square at each place."""
    covered = np.repeat(image[None], len(corners) ** 2, axis=0)
    places = [(top, left) for top in corners for left in corners]
    for copy, (top, left) in zip(covered, places, strict=True):
        copy[top : top + SQUARE, left : left + SQUARE] = -0.3
    return covered


chosen = [int(np.flatnonzero(test_y == digit)[2]) for digit in (0, 2, 4, 6, 7, 9)]
fig, axes = plt.subplots(3, 6, figsize=(10, 5.2))
for column, k in enumerate(chosen):
    answers = reader.predict(occluded(test_x[k]), verbose=0)
    right = answers[:, test_y[k]].reshape(len(corners), -1)
    worst = np.unravel_index(right.argmin(), right.shape)
    taken = answers.argmax(1).reshape(right.shape)[worst]
    covered = occluded(test_x[k])[np.ravel_multi_index(worst, right.shape)]
    pictures = test_x[k], right - 0.5, covered
    for axis, picture in zip(axes[:, column], pictures, strict=True):
        axis.imshow(picture, vmin=-0.5, vmax=0.5)
        axis.set(xticks=[], yticks=[])
    axes[0, column].set_title(f"a {test_y[k]}")
    told = f"{test_y[k]}: {right.min():.0%}; read as {taken}"
    axes[2, column].set_xlabel(told, fontsize=10)
for axis, label in zip(
    axes[:, 0], ("image", "probability", "worst place"), strict=True
):
    axis.set_ylabel(label)
plt.tight_layout()
plt.show()

# %% [markdown]
# White in the middle row: the square there does no harm. Dark: what it covers is what
# the network needs. It is the part that tells a digit from its neighbours, not the part
# with the most ink.
