# %% [markdown]
# # Modern blocks, worked through
#
# This notebook stands beside assignment 11. There you write the blocks; here you meet
# the ideas behind them one at a time, with numbers small enough to hold in your head:
# what a kernel of strips can draw, what paths cost, who is wired to whom, what a mean
# tells of an image, and what a printed error is worth.
#
# Contents: 1 strips · 2 places and channels apart · 3 a budget for paths · 4 who reads
# whom · 5 which channel matters here? · 6 one network, two errors.

# %%
import os

from shared.quiet import quiet_tensorflow

quiet_tensorflow()

import keras
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import IntSlider
from keras import layers
from scipy import ndimage
from sklearn.datasets import load_sample_image

from shared.datasets import load_arrays
from shared.sliders import with_sliders

QUICK = os.environ.get("COURSE_QUICK") == "1"
plt.rcParams.update({"figure.dpi": 80, "font.size": 12, "image.cmap": "gray"})

# %% [markdown]
# ## 1. Strips
#
# A column of n numbers times a row of n numbers is an n×n kernel: every row of it is
# the same row, only louder or softer. It costs 2n multiplications at each place instead
# of n². Some kernels are made that way: the blur that every photo editor has is one.
#
# **Predict.** A blur is round. Is it a product of a row and a column, or not?

# %%
places = np.arange(-7, 8)
bell = np.exp(-(places**2) / 18)
bell /= bell.sum()
photo = load_sample_image("china.jpg")[:240, 200:520].mean(axis=2) / 255
round_blur = np.outer(bell, bell)
at_once = ndimage.correlate(photo, round_blur)
strip = ndimage.correlate1d(photo, bell, axis=1)
both = ndimage.correlate1d(strip, bell, axis=0)
print(f"{round_blur.size} products at each place, or {2 * bell.size}")
print(f"largest difference {np.abs(at_once - both).max():.0e}")

fig, axes = plt.subplots(1, 3, figsize=(10, 2.7))
titles = ("photo", "a row of it blurred", "and then columns")
for axis, picture, title in zip(axes, (photo, strip, both), titles, strict=True):
    axis.imshow(picture)
    axis.set_title(title)
    axis.axis("off")
plt.tight_layout()
plt.show()

# %% [markdown]
# Round and a product: $e^{-(a^2+b^2)} = e^{-a^2} e^{-b^2}$. Now one that is not: a line
# through a corner. A kernel is a sum of products, as many as its *rank*, and the
# singular value decomposition gives the best ones first.
#
# **Predict.** How many products does a diagonal line of 15 pixels need? Move the
# slider.

# %%
diagonal = ndimage.gaussian_filter(np.eye(15), 0.7)


def from_products(count):
    u, s, v = np.linalg.svd(diagonal)
    best = (u[:, :count] * s[:count]) @ v[:count]
    fig, axes = plt.subplots(1, 2, figsize=(6.4, 3.2))
    for axis, picture in zip(axes, (diagonal, best), strict=True):
        axis.imshow(picture, vmin=-diagonal.max(), vmax=diagonal.max())
        axis.axis("off")
    left = np.linalg.norm(diagonal - best) / np.linalg.norm(diagonal)
    axes[0].set_title("a diagonal")
    axes[1].set_title(f"{count} products, {left:.0%} missing")
    fig.tight_layout()
    return fig


with_sliders(from_products, count=IntSlider(4, 1, 15))

# %% [markdown]
# Nearly all fifteen: every row of a diagonal is a different row. So a network with
# strips has a harder time with diagonals; with many channels between row and column it
# can still afford a few products each.
#
# **Question.** Four times 2·15 products are 120, still fewer than 225. From how many on
# does the decomposition cost more than the kernel?
#
# <details><summary>Answer</summary>
# Eight: 8·30 is 240.
# </details>
#
# ## 2. Places and channels apart
#
# Take one kernel of a colour image: 5×5 places, 3 channels in, 8 maps out. Looking at
# places for each channel alone and mixing channels afterwards has a price that is
# easily counted.
#
# **Predict.** How many products at each place does the ordinary convolution cost, how
# many the one in two steps? What is the best factor one can hope for with 3×3?


# %%
def products(size, depth, filters):
    """At each place: in one step, and in two."""
    return size**2 * depth * filters, size**2 * depth + depth * filters


for size, depth, filters in ((5, 3, 8), (3, 128, 128), (3, 2048, 2048)):
    full, apart = products(size, depth, filters)
    print(
        f"{size}×{size}, {depth} → {filters}: {full:,} or {apart:,}: {full / apart:.2f}"
    )

many = np.array([2**k for k in range(1, 12)])
fig, axis = plt.subplots(figsize=(7, 3.4))
for size, line in ((3, "k-o"), (5, "k--s"), (7, "k:^")):
    full, apart = products(size, many, many)
    axis.plot(many, full / apart, line, label=f"{size}×{size}")
    axis.axhline(size**2, color="0.8", zorder=0)
axis.set(xlabel="channels in and out", ylabel="times cheaper", xscale="log")
axis.set(xticks=many[::2], xticklabels=many[::2])
axis.minorticks_off()
axis.legend()
plt.tight_layout()
plt.show()

# %% [markdown]
# The factor is 1 / (1/filters + 1/size²): it climbs towards the number of places in the
# window (grey lines) and never reaches it. For few channels there is little to gain.
#
# **Question.** Why is it of no use to separate the *first* layer of a network?
#
# <details><summary>Answer</summary>
# It has three channels in. Its filters need different spatial patterns (edges in all
# directions), and a separable layer has one pattern per input channel: three.
# </details>
#
# ## 3. A budget for paths
#
# ResNeXt asks: for one price, is it better to have one wide path or many thin ones? A
# path takes 256 channels to d, works on d×d with 3×3, and returns to 256. One path of
# 64 is ResNet's bottleneck.
#
# **Predict.** For the same price, how wide may each of 32 paths be? And how many
# channels are there in the middle, all together: fewer than 64, or more?


# %%
def price(paths, width, channels=256):
    """Weights of so many paths of a width."""
    return paths * (2 * channels * width + 9 * width**2)


budget = price(1, 64)
table = []
for paths in (1, 2, 4, 8, 32):
    # The width whose price is nearest to the budget.
    width = min(range(1, 65), key=lambda w: abs(price(paths, w) - budget))
    table.append((paths, width, paths * width))
    print(f"{paths:2} paths of {width:2}: {price(paths, width):,} weights,", end=" ")
    print(f"{paths * width} channels in the middle")

fig, axis = plt.subplots(figsize=(7, 3))
names = [f"{paths}×{width}" for paths, width, _ in table]
axis.bar(names, [middle for *_, middle in table], color="0.5")
axis.set(xlabel="paths × width, at one price", ylabel="channels in the middle")
plt.tight_layout()
plt.show()

# %% [markdown]
# For the price of one path of 64 there are 32 paths of 4 and twice as many channels in
# the middle. The paper trained all five: the error fell from 23.9 % to 22.2 % from left
# to right. More channels that do not see each other beat fewer that do.
#
# ## 4. Who reads whom?
#
# Six layers in a row. In the picture a dark square says that the layer of that row
# reads the result of that column *as it is*. (In a residual network a layer reads one
# thing, the sum of all before: grey.)
#
# **Predict.** How many wires are there in each?

# %%
LAYERS = 6
before = np.tril(np.ones((LAYERS, LAYERS)))
chain = np.eye(LAYERS)
pictures = {"plain": chain, "residual, a sum": 0.45 * before, "dense": before}
fig, axes = plt.subplots(1, 3, figsize=(10, 3.5), sharey=True)
for axis, (name, wires) in zip(axes, pictures.items(), strict=True):
    axis.imshow(wires, cmap="gray_r", vmin=0, vmax=1.2)
    axis.set(title=name, xlabel="result of", xticks=range(LAYERS))
    axis.set_xticklabels(["x", *range(1, LAYERS)])
axes[0].set(ylabel="read by layer", yticks=range(LAYERS))
axes[0].set_yticklabels(range(1, LAYERS + 1))
plt.tight_layout()
plt.show()
print(f"plain {chain.sum():.0f} wires, dense {before.sum():.0f}")

# %% [markdown]
# With all wires the number grows as L (L + 1) / 2. So does what a layer must read. The
# slider shows what that means for the price: weights of the 3×3 convolution of each
# layer in a block of 24, without bottlenecks and with (4 times `growth` in between).


# %%
def prices(growth):
    layer = np.arange(24)
    read = 64 + growth * layer
    direct = 9 * read * growth
    squeezed = 4 * growth * read + 9 * 4 * growth * growth
    fig, axis = plt.subplots(figsize=(7, 3.4))
    axis.plot(layer + 1, direct / 1e3, "k--o", ms=4, label="3×3 on everything")
    axis.plot(layer + 1, squeezed / 1e3, "k-s", ms=4, label="with a bottleneck")
    axis.set(xlabel="layer", ylabel="thousand weights", ylim=(0, None))
    axis.set_title(f"growth {growth}, {64 + 24 * growth} channels out")
    axis.legend()
    fig.tight_layout()
    return fig


with_sliders(prices, growth=IntSlider(32, 4, 48, 4))

# %% [markdown]
# **Question.** From which layer on does the bottleneck pay, for growth 32?
#
# <details><summary>Answer</summary>
# Where 9·r·32 exceeds 128·r + 36·32²: from r = 231 channels on, which is layer 7. In
# short blocks it costs more than it saves.
# </details>
#
# ## 5. Which channel matters here?
#
# Squeeze-and-excitation begins with means: of each channel one number, for the whole
# image. That throws away every *where*. What is left?
#
# **Predict.** Two photographs, a palace under a pale sky and a flower in a garden; five
# channels: brightness, "more blue than yellow", "more green than red", upright edges,
# flat edges. In which channels will their means differ most?


# %%
def channels_of(name):
    """Five hand-made feature maps of a photograph, none negative."""
    red, green, blue = np.moveaxis(load_sample_image(name) / 255, -1, 0)
    grey = (red + green + blue) / 3
    return {
        "brightness": grey,
        "blue": np.maximum(blue - (red + green) / 2, 0),
        "green": np.maximum(green - red, 0),
        "upright edges": np.abs(ndimage.sobel(grey, 1)) / 4,
        "flat edges": np.abs(ndimage.sobel(grey, 0)) / 4,
    }


photos = {"palace": channels_of("china.jpg"), "flower": channels_of("flower.jpg")}
fig, axes = plt.subplots(2, 5, figsize=(11, 3.6))
for row, (photo_name, maps) in zip(axes, photos.items(), strict=True):
    for axis, (name, picture) in zip(row, maps.items(), strict=True):
        axis.imshow(picture[::3, ::3], vmin=0, vmax=1 if name == "brightness" else 0.3)
        axis.set(xticks=[], yticks=[])
        axis.set_title(f"{name} {picture.mean():.3f}", fontsize=10)
    row[0].set_ylabel(photo_name)
plt.tight_layout()
plt.show()

# %% [markdown]
# The means know nothing of palaces, but they tell a pale sky from a garden, and sharp
# from soft. Two small dense layers turn them into a volume control for every channel: a
# network that has recognised "garden" may listen to greens and turn down the rest.
#
# **Question.** What could a maximum tell that a mean cannot, and the other way round?
#
# <details><summary>Answer</summary>
# A maximum tells of one small strong thing, a mean of a weak one everywhere. The paper
# compares both and finds the mean a little better.
# </details>
#
# ## 6. One network, two errors
#
# Papers print 22.9 % or 24.0 % for what is called ResNet-50. One reason is how the
# network is *asked*: once, at the middle of the image, or several times, at shifted
# crops, averaging what it says. We train a small network on crops of 22×22 pixels of
# digits and ask it both ways.
#
# **Predict.** Nine shifted crops, averaged: is that better than a typical one of them?
# Better than the middle one?

# %%
x, y = load_arrays("digits", "train")
test_x, test_y = load_arrays("digits", "test")
x, y = x[:600] / 255.0, y[:600]
test_x = test_x / 255.0
CROP = 22
rng = np.random.default_rng(0)


def crop(images, top, left):
    return images[:, top : top + CROP, left : left + CROP]


corners = rng.integers(0, 29 - CROP, (8, 2))
many_x = np.concatenate([crop(x, *corner) for corner in corners])
many_y = np.tile(y, len(corners))
keras.utils.set_random_seed(0)
net = keras.Sequential(
    [
        keras.Input((CROP, CROP, 1)),
        layers.Conv2D(12, 5, strides=2, activation="relu"),
        layers.Conv2D(24, 3, strides=2, activation="relu"),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]
)
net.compile("adam", "sparse_categorical_crossentropy")
net.fit(many_x, many_y, 64, 2 if QUICK else 8, verbose=0)

views = [(top, left) for top in (1, 3, 5) for left in (1, 3, 5)]
votes = np.array([net.predict(crop(test_x, *view), verbose=0) for view in views])
alone = (votes.argmax(2) != test_y).mean(1)
together = (votes.mean(0).argmax(1) != test_y).mean()
fig, axis = plt.subplots(figsize=(7, 3.2))
order = np.argsort(alone)
axis.bar(range(9), 100 * alone[order], color="0.7", label="one crop")
middle = int(np.flatnonzero(order == views.index((3, 3)))[0])
axis.bar(middle, 100 * alone[views.index((3, 3))], color="0.35", label="the middle one")
axis.axhline(100 * together, color="k", ls="--", label="nine averaged")
axis.set(xlabel="crops, best first", ylabel="test error, %", xticks=[])
axis.legend(loc="upper left", fontsize=10)
plt.tight_layout()
plt.show()

# %% [markdown]
# Same weights, same images, and an error that depends on how one asks. Averaging beats
# the typical crop by far, the middle one hardly if at all (here the digits sit in the
# middle; photographs are less tidy). And it costs nine times the work, which no table
# of errors shows. When you compare two printed numbers, first find out how each was
# asked for; the assignment has a pair where the answer turns round.
