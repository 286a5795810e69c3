# %% [markdown]
# # Filters and convolution, worked through
#
# This notebook stands beside assignment 01. It computes the lectures' examples live,
# asks you for a prediction before each result, and corrects the slides where they
# slipped. The code here leans on SciPy and Keras; in the assignment you write the
# operation yourself.
#
# Contents: 1 why not dense layers · 2 convolution on a line · 3 two dimensions, two
# operations · 4 filters for photographs · 5 cells that see edges · 6 move the fish ·
# 7 from an X to an answer · 8 what a network learns to look for · 9 where it came from.

# %%
import os

from shared.quiet import quiet_tensorflow

quiet_tensorflow()

import keras
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import FloatSlider, IntSlider
from scipy import ndimage, signal
from sklearn.datasets import load_sample_image

from shared.datasets import load_arrays
from shared.shapes import receptive_field
from shared.sliders import with_sliders

QUICK = os.environ.get("COURSE_QUICK") == "1"
plt.rcParams.update({"figure.dpi": 80, "font.size": 12, "image.cmap": "gray"})


def show_numbers(axis, values, title, box=None):
    """Draws a matrix as a grid with its numbers; box = (row, column, height, width)."""
    values = np.asarray(values)
    low, high = values.min(), values.max()
    axis.imshow(values, cmap="Greys", vmin=low, vmax=2 * high - low + 1)
    for (i, j), value in np.ndenumerate(values):
        axis.text(j, i, f"{value:g}", ha="center", va="center")
    if box:
        row, column, height, width = box
        corner = (column - 0.5, row - 0.5)
        axis.add_patch(plt.Rectangle(corner, width, height, fill=False, lw=3))
    axis.set(title=title, xticks=[], yticks=[])


# %% [markdown]
# ## 1. Why not dense layers?
#
# A dense layer gives every unit a weight for every input number. For images that has
# three consequences.
#
# **It is large.** Predict the parameters of the two layers below.

# %%
for inputs in (1000, 100 * 100 * 3):
    layer = keras.layers.Dense(1000)
    layer.build((None, inputs))
    print(f"{inputs:6,} numbers to 1000 units: {layer.count_params():10,} parameters")

convolution = keras.layers.Conv2D(1000, 3)
convolution.build((None, 100, 100, 3))
print(f"1000 kernels of 3×3×3 instead: {convolution.count_params():13,} parameters")

# %% [markdown]
# > **Slip on a slide.** "1000×1000×3 pixels: 3M weights in the first layer; 100 layers:
# > 300M, 2.4 GB." Three million is what **one unit** needs. And later layers do not see
# > the image, so they are not of that size. You do the sum in the assignment.
#
# **It learns by heart.** With a weight for each pixel, a few hundred pictures can be
# fitted exactly, whatever their labels say. That too is in the assignment.
#
# **It does not know what is near.** Flattening turns neighbours into entry 17 and
# entry 659 of a long list. Below, a photograph and the same pixels in random order. To
# a dense layer they are equally good.
#
# **Predict** how strongly the brightness of a pixel is correlated with that of its
# right neighbour: before, and after.

# %%
photo = load_sample_image("china.jpg").mean(axis=2)[::2, ::2]
rng = np.random.default_rng(0)
scrambled = photo.copy()
rng.shuffle(scrambled.reshape(-1))

fig, axes = plt.subplots(1, 2, figsize=(6, 2.4), dpi=60)
both = {"photo": photo, "scrambled": scrambled}
for axis, (name, picture) in zip(axes, both.items(), strict=True):
    near = np.corrcoef(picture[:, :-1].ravel(), picture[:, 1:].ravel())[0, 1]
    axis.imshow(picture[::2, ::2])
    axis.set(title=f"{name}: {near:.2f}", xticks=[], yticks=[])
plt.tight_layout()
plt.show()

# %% [markdown]
# Convolution is built on that number. What is near belongs together, and a pattern
# means the same wherever it stands.
#
# ## 2. Convolution on a line
#
# $$(f * g)(t) = \int f(\tau)\; g(t - \tau)\, d\tau \qquad\qquad
#   (f * g)[i] = \sum_m f[m]\; g[i - m]$$
#
# Read it so: mirror `g`, push it to place `i`, multiply what lies above each other, add
# up. **Predict** at which `i` the sum below is largest, then move the slider.

# %%
f = np.array([0, 1, 3, 2, 0, 0, 1, 0])
g = np.array([3, 2, 1])
result = np.convolve(f, g)


def overlap(i):
    places = np.arange(-2, 10)
    f_there = np.pad(f, (2, 2))
    g_there = np.pad(g[::-1], (i, len(places) - len(g) - i))
    figure, axes = plt.subplots(3, 1, figsize=(7, 5), sharex=True)
    axes[0].bar(places, f_there, color="0.7")
    axes[0].set(ylabel="f", ylim=(0, 3.9))
    axes[1].bar(places, g_there, color="0.4")
    axes[1].set(ylabel=f"g, mirrored,\nat {i}", ylim=(0, 3.9))
    for place, product in zip(places, f_there * g_there, strict=True):
        if product:
            axes[1].text(place, 3.2, f"{product}", ha="center")
    axes[2].bar(np.arange(len(result)), result, color="0.85")
    axes[2].bar(i, result[i], color="0.1")
    axes[2].set(ylabel="f * g", xlabel="i", xticks=places, ylim=(0, 17))
    axes[2].text(i, result[i] + 0.5, f"{result[i]}", ha="center")
    figure.tight_layout()
    return figure


with_sliders(overlap, i=IntSlider(value=3, min=0, max=len(result) - 1))

# %% [markdown]
# The numbers above the middle bars are the products; the black bar is their sum. Two
# sequences of 8 and 3 numbers give 10.
#
# Which of the two is mirrored does not matter. And if `g` is short, from −M to M, only
# 2M + 1 terms are left of the sum.

# %%
print("f * g", np.convolve(f, g))
print("g * f", np.convolve(g, f))
print("the middle, as long as f:", np.convolve(f, g, mode="same"))

# %% [markdown]
# ### The same, continuous
#
# Two boxes of height 1 from 0 to 1. The convolution at `t` is the area where one and
# the mirrored, moved other overlap.
#
# **Predict** the shape of the result, and where its top is.


# %%
def boxes(t):
    figure, axes = plt.subplots(1, 2, figsize=(9, 2.8), sharey=True)
    axes[0].plot([0, 0, 1, 1], [0, 1, 1, 0], "k", label="f")
    axes[0].plot([t - 1, t - 1, t, t], [0, 1, 1, 0], "k--", label="g, mirrored, moved")
    left, right = max(0, t - 1), min(1, t)
    axes[0].fill_between([left, right], [1, 1], color="0.8")
    axes[0].set(xlabel="τ", xlim=(-1.1, 2.1), ylim=(0, 1.5))
    axes[0].legend(loc="upper left", fontsize=10, ncols=2)
    # The area, by a sum over fine steps.
    step = 0.01
    box = np.ones(100)
    area = np.convolve(box, box) * step
    axes[1].plot((np.arange(len(area)) + 1) * step, area, "k")
    axes[1].plot(t, right - left, "ko")
    axes[1].set(xlabel="t", title=f"overlap at t = {t:g}: {right - left:.2f}")
    figure.tight_layout()
    return figure


with_sliders(boxes, t=FloatSlider(value=0.7, min=0.0, max=2.0, step=0.1))

# %% [markdown]
# ## 3. Two dimensions, two operations
#
# On an image the kernel slides in two directions. If it slides **as it is**, that is
# *cross-correlation*; if it is turned by 180° first, *convolution*. SciPy has both.
#
# **Predict** the two results for the image with three bright columns.

# %%
step = np.array([[8, 8, 8, 0, 0, 0]] * 6)
edge = np.array([[1, 0, -1]] * 3)
fig, axes = plt.subplots(1, 4, figsize=(12, 3.4), width_ratios=(6, 3, 4, 4))
show_numbers(axes[0], step, "image")
show_numbers(axes[1], edge, "kernel")
show_numbers(axes[2], signal.correlate2d(step, edge, "valid"), "cross-correlation")
show_numbers(axes[3], signal.convolve2d(step, edge, "valid"), "convolution")
plt.tight_layout()
plt.show()

# %% [markdown]
# > **Slip on a slide.** "Actual convolution: take the transpose of the filter." The
# > transpose of this kernel would answer 0 everywhere (it looks for horizontal edges);
# > convolution answers −24.
#
# Two more examples from lectures. Both call it convolution. The first slide means
# cross-correlation, the second means what it says: only computing tells.
#
# **Predict** the number in the box.

# %%
x = np.array(
    [
        [2, 4, 9, 1, 4],
        [2, 1, 4, 4, 6],
        [1, 1, 2, 9, 2],
        [7, 3, 5, 1, 3],
        [2, 3, 4, 8, 5],
    ]
)
kernel = np.array([[1, 2, 3], [-4, 7, 4], [2, -5, 1]])
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
fig, axes = plt.subplots(2, 4, figsize=(12, 7), width_ratios=(5, 3, 3, 3))
for row, image, k in ((axes[0], x, kernel), (axes[1], f, g)):
    box = (0, 0, 1, 1)
    show_numbers(row[0], image, "image")
    show_numbers(row[1], k, "kernel")
    correlated = signal.correlate2d(image, k, "valid")
    show_numbers(row[2], correlated, "correlation", box if image is x else None)
    convolved = signal.convolve2d(image, k, "valid")
    show_numbers(row[3], convolved, "convolution", box if image is f else None)
plt.tight_layout()
plt.show()

# %% [markdown]
# The slides print 51 for the first and 12 for the second.
#
# > **Slip on a slide.** The second example comes again with a border of zeros, and
# > three numbers in the last column are wrong. You will find them in the assignment.
# > The three sizes are called *valid* (no border), *same* (enough zeros to keep the
# > size) and *full* (wherever the two touch):

# %%
for mode in ("valid", "same", "full"):
    print(f"{mode:5}", signal.convolve2d(f, g, mode).shape)

# %% [markdown]
# ## 4. Filters for photographs
#
# *What happens if every pixel is replaced by the mean of all pixels within distance 2?
# What if the mean of its neighbours is subtracted?* These two questions of a lecture
# are answered by a kernel with 25 times 0.04, and by one with a 1 and four −¼.
#
# **Predict** how the photograph looks at radius 10; then use the slider.


# %%
def blurred(radius):
    figure, axes = plt.subplots(1, 2, figsize=(8, 3), dpi=60)
    smooth = ndimage.uniform_filter(photo, size=2 * radius + 1, mode="constant")
    axes[0].imshow(smooth)
    axes[0].set_title(f"blur, radius {radius}")
    axes[1].imshow(photo - smooth, vmin=-90, vmax=90)
    axes[1].set_title("photo − blur")
    for axis in axes:
        axis.set(xticks=[], yticks=[])
    figure.tight_layout()
    return figure


with_sliders(blurred, radius=IntSlider(value=2, min=0, max=10))

# %% [markdown]
# The dark frame at a large radius is the border of zeros. What blurring takes away, the
# right picture shows: everything that is small.
#
# ## 5. Cells that see edges
#
# In 1959 Hubel and Wiesel measured single cells in a cat's visual cortex. Some of them,
# the *simple* cells, answer to an edge or a bar of **one direction at one place**.
# *Complex* cells answer to it **wherever** it stands nearby, and to its motion.
# *Hypercomplex* (end-stopped) cells answer only if the bar **ends** inside their field.
# Neighbouring cells look at neighbouring places: the cortex holds a map of the retina.
#
# All three can be built from a kernel. A simple cell: positive stripe, negative flanks,
# no negative answers. A complex cell: the maximum of simple cells. A hypercomplex cell:
# a simple cell with brakes at both ends.
#
# **Predict** the three curves: answer against the bar's direction, its place, its
# length.

# %%
size = 41
down, right = np.mgrid[:size, :size] - size // 2


def bar(angle=0.0, shift=0.0, length=19.0):
    """A bright bar, soft at the edges: direction in degrees, shift to the right."""
    turn = np.deg2rad(angle)
    across = (right - shift) * np.cos(turn) + down * np.sin(turn)
    along = -(right - shift) * np.sin(turn) + down * np.cos(turn)
    inside = np.clip(2 - np.abs(across), 0, 1)
    return inside * np.clip(length / 2 + 0.5 - np.abs(along), 0, 1)


stripe = np.exp(-(right**2) / 8) - 0.5 * np.exp(-(right**2) / 32)
field = stripe * np.exp(-(down**2) / 60)
field -= field.mean()
brakes = sum(
    np.exp(-((down - place) ** 2) / 12) * np.exp(-(right**2) / 8) for place in (-14, 14)
)


def simple(picture, shift=0):
    return max(0.0, float(np.sum(np.roll(field, shift, axis=1) * picture)))


def complex_cell(picture):
    return max(simple(picture, shift) for shift in range(-8, 9))


def hypercomplex(picture):
    return max(0.0, simple(picture) - float(np.sum(0.7 * brakes * picture)))


angles, shifts, lengths = np.arange(-90, 91, 6), np.arange(-12, 13), np.arange(1, 38, 2)
fig, axes = plt.subplots(1, 3, figsize=(12, 3.4))
for cell, style, name in (
    (simple, "k-", "simple"),
    (complex_cell, "k--", "complex"),
    (hypercomplex, "k:", "hypercomplex"),
):
    best = cell(bar(length=15))
    axes[0].plot(angles, [cell(bar(angle=a)) / best for a in angles], style, label=name)
    axes[1].plot(shifts, [cell(bar(shift=s)) / best for s in shifts], style)
    axes[2].plot(lengths, [cell(bar(length=n)) / best for n in lengths], style)
axes[0].set(xlabel="direction in degrees", ylabel="answer, relative", ylim=(0, 1.7))
axes[0].legend(loc="upper left", fontsize=10)
axes[1].set(xlabel="shift in pixels")
axes[2].set(xlabel="length in pixels")
plt.tight_layout()
plt.show()

# %% [markdown]
# All three want one direction. Only the complex cell does not care where the bar is: a
# *convolution followed by a maximum*, which is what convolution and pooling layers do.
# Only the hypercomplex cell is silenced by a long bar.
#
# ## 6. Move the fish
#
# > **Slip on a slide.** "We need operations invariant to translation, and convolution
# > is one." Convolution is **equivariant**: move the fish, and its answers move with
# > it. An invariant operation would not even notice; the maximum over the map is one.
#
# **Predict** what the slider does to the marked maximum of the lower picture, and to
# its value.

# %%
flower = load_sample_image("flower.jpg").mean(axis=2)[::4, ::4]
template = flower[52:80, 62:90] - flower[52:80, 62:90].mean()
sheet = np.pad(flower, ((0, 0), (40, 40)), mode="edge")


def moved_by(pixels):
    picture = np.roll(sheet, pixels, axis=1)
    answers = signal.fftconvolve(picture, template[::-1, ::-1], "same")
    row, column = np.unravel_index(answers.argmax(), answers.shape)
    figure, axes = plt.subplots(2, 1, figsize=(6, 5.6), dpi=60)
    axes[0].imshow(picture)
    axes[0].set_title(f"moved by {pixels}")
    axes[1].imshow(answers)
    axes[1].plot(column, row, "wo", markersize=12, markeredgecolor="k")
    axes[1].set_title(f"largest answer {answers.max():,.0f} at column {column}")
    for axis in axes:
        axis.set(xticks=[], yticks=[])
    figure.tight_layout()
    return figure


with_sliders(moved_by, pixels=IntSlider(value=20, min=-30, max=30, step=10))

# %% [markdown]
# The place moves, the value stays.
#
# ## 7. From an X to an answer
#
# A lecture tells X from O in six steps: convolution with three small features, ReLU,
# pooling, flatten, a dense layer, softmax. All of it as layers of Keras, with the
# lecture's three features as kernels.
#
# **Predict** the shape after each step for a 9×9 image. The lecture's pooled maps are
# 4×4.

# %%
letter_x = np.full((9, 9), -1.0)
letter_x[range(1, 8), range(1, 8)] = letter_x[range(1, 8), range(7, 0, -1)] = 1
letter_o = np.full((9, 9), -1.0)
letter_o[1, 3:6] = letter_o[7, 3:6] = letter_o[3:6, 1] = letter_o[3:6, 7] = 1
letter_o[[2, 2, 6, 6], [2, 6, 2, 6]] = 1
stroke = np.where(np.eye(3) == 1, 1.0, -1.0)
crossing = np.maximum(stroke, stroke[:, ::-1])
features = np.stack([stroke, crossing, stroke[:, ::-1]], axis=-1)[:, :, None]

layers = keras.layers
keras.utils.set_random_seed(0)
network = keras.Sequential(
    [
        keras.Input((9, 9, 1)),
        layers.Conv2D(3, 3, use_bias=False, name="features", trainable=False),
        layers.ReLU(name="relu"),
        layers.MaxPooling2D(2, padding="same", name="pool"),
        layers.Flatten(name="flatten"),
        layers.Dense(2, activation="softmax", name="x_or_o"),
    ]
)
network.get_layer("features").set_weights([features / 9])
for layer in network.layers:
    print(f"{layer.name:9} {layer.output.shape[1:]}")

# %% [markdown]
# (4×4 from 7×7 needs pooling that keeps the last, incomplete window, `padding="same"`.
# Rounded down, as the same lecture's formula does, it would be 3×3.)
#
# **Predict** where the maps of the X are brightest.

# %%
batch = np.stack([letter_x, letter_o])[..., None].astype("float32")
stages = ("features", "relu", "pool")
probe = keras.Model(network.inputs[0], [network.get_layer(n).output for n in stages])
volumes = [volume.numpy() for volume in probe(batch)]
fig, axes = plt.subplots(3, 5, figsize=(11, 6.8))
axes[0, 0].imshow(letter_x)
axes[0, 0].set_title("an X")
for row, title in enumerate(("diagonal", "crossing", "anti-diagonal")):
    axes[row, 1].imshow(features[:, :, 0, row])
    axes[row, 1].set_title(title)
    for column, (stage, volume) in enumerate(zip(stages, volumes, strict=True), 2):
        axes[row, column].imshow(volume[0, :, :, row], vmin=-1, vmax=1)
        axes[row, column].set_title(stage)
for axis in axes.flat:
    axis.set(xticks=[], yticks=[])
axes[1, 0].axis("off")
axes[2, 0].axis("off")
plt.tight_layout()
plt.show()
print(f"feature 1, upper left corner of the X's map: {volumes[0][0, 0, 0, 0]:.4f}")

# %% [markdown]
# > **A detail of the slides.** They print 0.77 there. The value is 7/9 = 0.777…, to two
# > decimals 0.78: all 147 numbers of their maps are cut off, not rounded.
#
# Only the last layer has to learn: 96 weights and 2 biases. It gets letters in which
# some pixels are turned over, and its loss is the cross-entropy of the softmax.
#
# **Predict** how many of new, dirty letters it will tell apart.

# %%
kinds = rng.integers(0, 2, size=600)
flips = rng.random((600, 9, 9, 1)) < 0.12
dirty = np.where(flips, -batch[kinds], batch[kinds])
network.compile(
    optimizer=keras.optimizers.Adam(0.02),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
history = network.fit(dirty[:400], kinds[:400], epochs=15, verbose=0).history
loss, accuracy = network.evaluate(dirty[400:], kinds[400:], verbose=0)
print(f"loss {history['loss'][0]:.2f} -> {history['loss'][-1]:.2f};", end=" ")
print(f"of 200 new letters {accuracy:.1%} right")
fig, axes = plt.subplots(1, 6, figsize=(10, 2.2))
answers = network.predict(dirty[400:406], verbose=0)
for axis, image, answer in zip(axes, dirty[400:406], answers, strict=True):
    axis.imshow(image[:, :, 0])
    sure = f"{'XO'[answer.argmax()]}, {answer.max():.0%}"
    axis.set(title=sure, xticks=[], yticks=[])
plt.tight_layout()
plt.show()

# %% [markdown]
# ## 8. What a network learns to look for
#
# Nobody designs kernels today. From the image at one end to the label at the other,
# everything is learned: low-level features first, larger and more meaningful ones
# behind. Zeiler and Fergus made that visible for photographs (arXiv:1311.2901). We do a
# small version: train on digits, then search all digits for the patches to which a
# filter answers most.
#
# **Predict.** How large a patch does a filter of the second layer see?

# %%
images, labels = load_arrays("digits", "train[:200]" if QUICK else "train")
images = images.astype("float32") / 255
keras.utils.set_random_seed(1)
reader = keras.Sequential(
    [
        keras.Input(images.shape[1:]),
        layers.Conv2D(16, 5, strides=2, activation="relu", name="first"),
        layers.Conv2D(32, 5, strides=2, activation="relu", name="second"),
        layers.Flatten(),
        layers.Dense(10),
    ]
)
reader.compile(
    optimizer=keras.optimizers.Adam(0.003),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
history = reader.fit(images, labels, epochs=2 if QUICK else 10, verbose=0).history
print(f"digits read correctly: {history['accuracy'][-1]:.1%}")
fields = {"first": receptive_field([(5, 2)]), "second": receptive_field([(5, 2)] * 2)}
for name, seen in fields.items():
    print(f"a filter of the {name} layer sees {seen.size}×{seen.size} pixels")

# %% [markdown]
# Each block of nine belongs to one filter: the nine patches, from nine different
# digits, to which it answers most. (Some filters measure mere brightness, and others
# are not in use. Of each layer you see the six whose patches have most to show.)
#
# **Predict.** What will the blocks of the first layer show, what those of the second?


# %%
def favourites(layer, count=9):
    """For each filter of a layer, the patches to which it answers most."""
    seen = fields[layer]
    model = keras.Model(reader.inputs[0], reader.get_layer(layer).output)
    maps = model.predict(images, verbose=0)
    found = []
    for answers in np.moveaxis(maps, -1, 0):
        patches = []
        for number in np.argsort(-answers.max(axis=(1, 2)))[:count]:
            place = np.unravel_index(answers[number].argmax(), answers.shape[1:])
            top, left = (int(p) * seen.stride for p in place)
            patch = images[number, top : top + seen.size, left : left + seen.size, 0]
            patches.append(patch)
        found.append(np.array(patches))
    return found


def as_block(patches):
    framed = np.pad(patches, ((0, 0), (1, 1), (1, 1)), constant_values=0.5)
    return np.vstack([np.hstack(framed[i : i + 3]) for i in range(0, len(framed), 3)])


fig, axes = plt.subplots(2, 6, figsize=(12, 4.4))
for row, layer in zip(axes, fields, strict=True):
    most = sorted(
        favourites(layer), key=lambda patches: -patches.std(axis=(1, 2)).mean()
    )
    for axis, patches in zip(row, most, strict=False):
        axis.imshow(as_block(patches), vmin=0, vmax=1)
        axis.set(xticks=[], yticks=[])
    row[0].set_ylabel(f"{layer} layer")
plt.tight_layout()
plt.show()

# %% [markdown]
# The first layer likes edges and strokes of one direction, as simple cells do. The
# second sees strokes, arcs and corners: pieces of digits. Networks for photographs go
# on from there to textures, to wheels and eyes, to dogs and cars.
#
# ## 9. Where it came from, and where it went
#
# > **Slip on a slide.** "LeNet, 1998: the first CNN paper." Another lecture has it
# > right: the main idea is from the eighties. Fukushima's neocognitron (1980) had
# > shared local features and pooling, inspired by Hubel and Wiesel; convolutional
# > layers trained by backpropagation read postcodes in 1989. LeNet-5 is the ripe fruit.
# > The breakthrough with photographs came in 2012, with AlexNet.
#
# What networks of such layers do today differs mostly in what comes out at the end:
#
# | task | comes out |
# |---|---|
# | classify a photograph, or tissue under the microscope | a probability per class |
# | detect | boxes, each with a class |
# | segment | a class for every pixel |
# | transfer a style | an image |
# | drive | a steering angle, a speed |
# | play Go | a probability for each of 19×19 points |
#
# **Question.** For which of these do you want equivariance up to the end, and for which
# invariance?
#
# <details><summary>Answer</summary>
# Where the output has places (segmentation, style, boxes, Go) it should move with the
# input: equivariant all the way. Where it is one answer for the whole image
# (classification), it should not depend on the place: equivariant layers, and something
# invariant, such as a mean or a maximum over all places, at the end.
# </details>
#
# ## Now you
#
# Open `assignments/01_filters_and_convolution/01_filters_and_convolution.ipynb`. You
# know everything you need.
