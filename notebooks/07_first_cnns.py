# %% [markdown]
# # First networks and their optimisers, worked through
#
# This notebook stands beside assignment 07. It takes the lectures' first networks
# apart, counts them, lets one read a whole line of digits, and then watches optimisers
# at work. The networks come from the course's collection and the optimisers from Keras;
# in the assignment you write both yourself.
#
# Contents: 1 four small networks, counted · 2 the network of 1998 · 3 why C5 is called
# a convolution · 4 down a valley · 5 how long is a step? · 6 a scale for every
# optimiser · 7 down the stairs · 8 two famous recipes.

# %%
import os
from types import SimpleNamespace

from shared.quiet import quiet_tensorflow

quiet_tensorflow()

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from ipywidgets import FloatSlider

from shared.accounting import multiply_adds, parameters
from shared.datasets import load_arrays
from shared.models import build
from shared.sliders import with_sliders

DATASET = "digits"  # "mnist" for the bigger one, which is downloaded once
QUICK = os.environ.get("COURSE_QUICK") == "1"
limit = 256 if QUICK else 1400

train_x, train_y = (part[:limit] for part in load_arrays(DATASET, "train"))
test_x, test_y = (part[:limit] for part in load_arrays(DATASET, "test"))
train_x, test_x = (part / np.float32(255) for part in (train_x, test_x))
plt.rcParams.update({"figure.dpi": 80, "font.size": 12, "image.cmap": "gray"})

# %% [markdown]
# ## 1. Four small networks, counted
#
# LeNet-5 as it was published; LeNet-5 as it is taught today (here with max pooling and
# ReLU, another of its many versions); a lecture's small network with batch
# normalisation; the network of a lecture's MNIST task.
#
# **Predict.** The last has twenty times the parameters of the second. Does it also have
# twenty times the work?

# %%
names = ("lenet5_original", "lenet5", "mnist_cnn", "mnist_task")
networks = {name: build(name) for name in names}
print(f"{'':16}{'trained':>10}{'counted':>11}{'multiply-adds':>15}")
for name, net in networks.items():
    trained, counted = parameters(net)
    print(f"{name:16}{trained:10,}{counted:11,}{multiply_adds(net):15,}")

# %% [markdown]
# No: six times. Parameters sit in dense layers, work in convolutions, and the two need
# not go together.
#
# A slide gives LeNet-5 "60K parameters". That is the published network, to the unit.
# The dense version that everybody builds has 61,706.
#
# In `mnist_cnn` the two columns differ by 96. **Question.** The slide's 29,034 are the
# *trained* ones. Which numbers does Keras count that PyTorch, in which the slide's
# network is written, does not?
#
# <details><summary>Answer</summary>
# The running mean and variance of each of the 16 + 32 normalised channels. Training
# changes them, but no gradient does. PyTorch calls them buffers.
# </details>
#
# ## 2. The network of 1998
#
# > **Slips on slides.** One lecture has LeNet-5 end in FC-FC, another in CONV-FC; one
# > says that it pools with the maximum. The paper ends in CONV-FC-output, and it
# > *sub-samples*: the sum of four pixels, times a weight, plus a bias, squashed. Nor is
# > it the first convolutional network: LeCun's own of 1989 is older, and so is
# > Fukushima's neocognitron of 1980.
#
# Two things have been dropped since. Left, the table that says which map of C3 looks at
# which map of S2: not all at all, "to break the symmetry" and to save time. Right, what
# the ten outputs compare their 84 inputs with: drawings of the digits on 12×7 pixels.
# (The paper prints them as a picture; these are drawn anew.)
#
# **Predict.** How many of the 6 × 16 pairs are connected?

# %%
from shared.models.lenet import C3, prototypes

table = np.zeros((6, 16))
for column, rows in enumerate(C3):
    table[list(rows), column] = 1
codes = np.array(prototypes()).reshape(2, 5, 12, 7)

fig, axes = plt.subplots(1, 2, figsize=(10, 3.2), width_ratios=(3, 2))
axes[0].imshow(1 - table, vmin=-0.5, vmax=1)
axes[0].set(xlabel="map of C3", ylabel="map of S2", xticks=range(16), yticks=range(6))
axes[0].set_title(f"{table.sum():.0f} of {table.size} pairs are connected")
padded = np.pad(codes, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=-1)
axes[1].imshow(-np.vstack([np.hstack(row) for row in padded]))
axes[1].set(xticks=[], yticks=[], title="what the outputs compare with")
plt.tight_layout()
plt.show()

# %% [markdown]
# With all pairs connected, C3 has 36 more kernels of 5×5: 900 more parameters. A digit
# that resembles another has a code that resembles the other's, which helps whatever
# reads the result next. Today a dense layer learns its own ten "drawings".
#
# ## 3. Why C5 is called a convolution
#
# On an image of 32×32, S4 leaves maps of 5×5, and a kernel of 5×5 fits there once: C5
# *is* a dense layer. On a wider image it fits in many places. So a network that was
# trained on single digits can slide over a whole line, at little more cost than
# reading it once, because neighbouring windows share all their feature maps.
#
# We train today's LeNet-5 on single digits, then use its dense layers as convolutions
# on a strip of five.
#
# **Predict.** What will it say between two digits, where it has never looked?


# %%
def framed(images):
    """Two pixels of background on every side, as in 1998."""
    return np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)))


keras.utils.set_random_seed(3)
reader = build("lenet5", classifier_activation="softmax")
reader.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
rounds = 1 if QUICK else 8
reader.fit(framed(train_x), train_y, batch_size=32, epochs=rounds, verbose=0)
right = reader.predict(framed(test_x), verbose=0).argmax(axis=1) == test_y
print(f"single digits: {right.mean():.1%} right")


def read_strip(strip):
    """The trained network, its dense layers slid along: probabilities (places, 10)."""
    maps = strip[None]
    for name in ("C1", "S2", "C3", "S4"):
        maps = reader.get_layer(name)(maps)
    sizes = {
        "C5": (5, 5, 16, 120),
        "F6": (1, 1, 120, 84),
        "predictions": (1, 1, 84, 10),
    }
    for name, size in sizes.items():
        kernel, bias = reader.get_layer(name).get_weights()
        maps = tf.nn.conv2d(maps, kernel.reshape(size), 1, "VALID") + bias
        maps = tf.nn.softmax(maps) if name == "predictions" else tf.nn.relu(maps)
    return maps.numpy()[0, 0]


places = [np.flatnonzero(test_y == label) for label in (3, 1, 4, 0, 8)]
chosen = [int(k[np.argmax(right[k])]) for k in places]  # the first that is right
strip = np.hstack([test_x[k] for k in chosen])
strip = np.pad(strip, ((2, 2), (2, 2), (0, 0)))
chances = read_strip(strip)
alone = reader.predict(strip[None, :, :32], verbose=0)
apart = np.abs(chances[0] - alone[0]).max()
print(f"{len(chances)} places; the first is {apart:.0e} from the network's own answer")

fig, axes = plt.subplots(2, 1, figsize=(10, 4.6), height_ratios=(1, 1.6), sharex=True)
axes[0].imshow(strip[:, :, 0], aspect="auto")
axes[0].set(yticks=[], title="a strip, and what is read with the window's middle there")
edges = 16 + 4 * np.arange(len(chances) + 1) - 2
axes[1].pcolormesh(edges, np.arange(11) - 0.5, chances.T, cmap="Greys")
axes[1].set(yticks=range(10), xlabel="column of the strip", ylabel="digit")
plt.tight_layout()
plt.show()

# %% [markdown]
# The windows lie four pixels apart: two poolings, each with stride 2. In the middle of
# a digit the answer is clear, in between it is confident nonsense: nobody ever showed
# the network half a 3 beside half a 1. The paper spends its second half on choosing
# among such answers.
#
# ## 4. Down a valley
#
# Optimisers are best watched where everything can be seen: two weights, and the loss
# $\frac12(w_1^2 + 15\,w_2^2)$, fifteen times as steep across as along. These are
# Keras's own optimisers, 50 steps from the same start.
#
# **Predict.** Which of the four crosses the valley most often? Which one takes the
# diagonal, as if both directions were equally steep?

# %%
steep = np.array([1.0, 15.0])


def follow(optimizer, start=(9.0, 2.0), steps=50, gradient=lambda w: steep * w):
    """Where a Keras optimiser goes: (steps + 1, weights)."""
    place = keras.Variable(np.array(start, "float32"))
    optimizer.build([place])
    path = [np.array(start)]
    for _ in range(steps):
        slope = np.asarray(gradient(path[-1]), "float32")
        optimizer.apply([tf.constant(slope)], [place])
        path.append(np.array(place.numpy(), dtype=float))
    return np.array(path)


def draw_paths(paths):
    rows = 2 if len(paths) > 1 else 1
    a, b = np.meshgrid(np.linspace(-6, 10, 80), np.linspace(-2.6, 2.6, 60))
    shape = rows, len(paths) // rows
    fig, axes = plt.subplots(*shape, figsize=(4 * shape[1], 3 * rows), sharey=True)
    for axis, (name, path) in zip(np.ravel(axes), paths.items(), strict=True):
        axis.contour(a, b, 0.5 * (a**2 + 15 * b**2), levels=12, colors="0.75")
        axis.plot(*np.clip(path, -20, 20).T, "k.-", lw=1, ms=4)
        left = 0.5 * np.sum(steep * path[-1] ** 2)
        axis.set(xlim=(-6, 10), ylim=(-2.6, 2.6), xlabel="$w_1$")
        axis.set_title(f"{name}: loss {left:.2g}", fontsize=12)
        axis.set_ylabel("$w_2$")
    fig.tight_layout()
    return fig


draw_paths(
    {
        "SGD, 0.12": follow(keras.optimizers.SGD(0.12)),
        "momentum, 0.03": follow(keras.optimizers.SGD(0.03, momentum=0.85)),
        "Adam, 0.5": follow(keras.optimizers.Adam(0.5)),
        "Adadelta, 1.0": follow(keras.optimizers.Adadelta(1.0)),
    }
)
plt.show()

# %% [markdown]
# Plain descent must keep its rate under 2/15, or the steep direction throws it out; the
# flat one then takes as long as it takes. Momentum remembers and overshoots. Adam and
# Adadelta divide each weight's gradient by its own size, so both weights move at the
# same pace: the diagonal. Adadelta, even at its proper rate, has hardly left: remember
# that for part 6.
#
# Move the sliders. **Predict** first: momentum 0 and a rate of 0.14?


# %%
def draw_momentum(rate, momentum):
    path = follow(keras.optimizers.SGD(rate, momentum=momentum), steps=40)
    return draw_paths({f"rate {rate:g}, momentum {momentum:g}": path})


with_sliders(
    draw_momentum,
    rate=FloatSlider(0.05, min=0.005, max=0.2, step=0.005, readout_format=".3f"),
    momentum=FloatSlider(0.6, min=0, max=0.95, step=0.05),
)

# %% [markdown]
# ## 5. How long is a step?
#
# One weight, a constant gradient. The loss of a network can easily be a thousand times
# larger or smaller: think of a sum over the batch instead of a mean, or of a loss in
# other units.
#
# RMSprop is the one in the middle: it divides by the root of the mean square gradient,
# as Adam and Adadelta do, and that is all it does.
#
# **Predict.** All gradients times 1,000: which of the five steps is also 1,000 times as
# long?

# %%
makers = {
    "SGD, 0.01": lambda: keras.optimizers.SGD(0.01),
    "momentum 0.9, 0.01": lambda: keras.optimizers.SGD(0.01, momentum=0.9),
    "RMSprop, 0.001": lambda: keras.optimizers.RMSprop(0.001),
    "Adam, 0.001": lambda: keras.optimizers.Adam(0.001),
    "Adadelta, 1.0": lambda: keras.optimizers.Adadelta(1.0),
}
print(f"{'length of step':20}{'1':>12}{'2':>12}{'100':>12}")
for name, make in makers.items():
    for size in (1.0, 1000.0):
        path = follow(make(), (0.0,), 100, lambda w, size=size: [size])[:, 0]
        lengths = np.abs(np.diff(path))[[0, 1, 99]]
        told = "".join(f"{length:12.3g}" for length in lengths)
        print(f"{name if size == 1 else '   gradient 1000':20}{told}")

# %% [markdown]
# SGD's steps are multiples of the gradient, and momentum's grow to 1/(1 − 0.9) = 10
# times as long. The other three do not know how large the gradient is. That is why one
# learning rate, 0.001, suits Adam in so many networks.
#
# RMSprop begins with steps that are too long: its mean square starts at 0, and nothing
# corrects for that. Adam is RMSprop with a memory for the direction and with that
# correction. Adadelta is RMSprop with its own steps in the place of a learning rate.
#
# Adadelta's first step, 0.0014, is √(ε / (1 − ρ)): it comes from ε alone. It then
# lengthens its stride by itself.
#
# ## 6. A scale for every optimiser
#
# A small network on handwritten digits, the same start and the same batches each time,
# three passes; what loss is left, for learning rates from 0.0001 to 10?
#
# **Predict.** Where is each curve lowest? Mark Keras's defaults: 0.01 for SGD, 0.001
# for Adam and for Adadelta.

# %%
keras.utils.set_random_seed(6)
small = keras.Sequential(
    [
        keras.Input(train_x.shape[1:]),
        keras.layers.Conv2D(8, 5, strides=2, activation="relu", name="eye"),
        keras.layers.Conv2D(16, 5, strides=2, activation="relu", name="mind"),
        keras.layers.Flatten(name="line"),
        keras.layers.Dense(10, name="mouth"),
    ]
)
origin = small.get_weights()
rates = 10.0 ** np.arange(-4, 2)
families = {
    "SGD": (keras.optimizers.SGD, 0.01, "ks-."),
    "Adam": (keras.optimizers.Adam, 0.001, "ko-"),
    "Adadelta": (keras.optimizers.Adadelta, 0.001, "k^--"),
}


def remaining_loss(family):
    """The training loss after three passes, for each of the rates."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    small.compile(optimizer=family(0.1), loss=loss)
    small.optimizer.build(small.trainable_variables)
    blank = [v.numpy() for v in small.optimizer.variables]
    found = []
    for rate in rates:
        small.set_weights(origin)
        for variable, value in zip(small.optimizer.variables, blank, strict=True):
            variable.assign(value)
        small.optimizer.learning_rate = rate
        passes = small.fit(
            train_x,
            train_y,
            batch_size=32,
            epochs=1 if QUICK else 3,
            shuffle=False,
            verbose=0,
        )
        found.append(passes.history["loss"][-1])
    return np.nan_to_num(found, nan=np.inf)


fig, axis = plt.subplots(figsize=(8, 4))
worst = 3.0
for name, (family, default, style) in families.items():
    left = np.minimum(remaining_loss(family), worst)
    axis.loglog(rates, left, style, lw=1.5, label=name)
    at = left[np.argmin(np.abs(rates - default))]
    axis.loglog(default, at, style[:2], ms=16, mfc="none", mew=2)
axis.axhline(np.log(10), color="0.6", lw=1)
axis.text(10, 2.05, "guessing", va="top", ha="right", fontsize=11)
axis.set(xlabel="learning rate", ylabel="loss after three passes")
axis.set_title("Large marks: Keras's defaults")
axis.set_yticks((0.2, 0.5, 1, 2), ("0.2", "0.5", "1", "2"))
axis.minorticks_off()
axis.legend(loc="upper left", bbox_to_anchor=(1, 1))
axis.grid(alpha=0.3)
plt.tight_layout()
plt.show()

# %% [markdown]
# Each optimiser has a scale of its own: Adam likes 0.001 to 0.01, SGD 0.1, Adadelta 1
# and more. With Keras's defaults only Adam has learned anything in three passes; SGD is
# about to begin.
#
# > **A trap, not a slip.** The MNIST task of a lecture compares Adam, Adadelta and SGD.
# > With Keras's default of 0.001 Adadelta stays near guessing; with the paper's 1.0 it
# > is among the best. "Adadelta is bad" would be the wrong lesson; "the defaults were
# > not made for each other" is the right one.
#
# A fair comparison of optimisers tunes the rate of each. `python -m
# shared.training.studies optimizers`, from the folder of the course, runs the lecture's
# task on all of MNIST, with three seeds.
#
# ## 7. Down the stairs
#
# AlexNet and VGG divided their learning rate by 10 whenever the validation error
# stopped improving. Keras automates it: `ReduceLROnPlateau`. Here are two losses. The
# first goes down, then stalls. The second is *halved* at every epoch.
#
# **Predict.** With patience 2, when does the rate fall on each?


# %%
def watched(losses, rate=0.1, **settings):
    """The learning rate after each epoch, by Keras's own callback."""
    callback = keras.callbacks.ReduceLROnPlateau("loss", mode="min", **settings)
    callback.set_model(SimpleNamespace(optimizer=keras.optimizers.SGD(rate)))
    callback.on_train_begin()
    seen = []
    for epoch, value in enumerate(losses):
        callback.on_epoch_end(epoch, {"loss": value})
        seen.append(float(callback.model.optimizer.learning_rate))
    return np.array(seen)


stalls = np.array([8.0, 4, 2, 1, 1, 1, 1, 1, 1])
halves = 1e-3 * 0.5 ** np.arange(9)
print(f"{'after epoch':22}", *(f"{epoch:5}" for epoch in range(1, 10)))
for name, losses, settings in (
    ("stalls", stalls, {}),
    ("halves", halves, {}),
    ("halves, min_delta 0", halves, {"min_delta": 0}),
):
    told = (f"{rate:5.2g}" for rate in watched(losses, patience=2, **settings))
    print(f"{name:22}", *told)

# %% [markdown]
# The first falls two epochs after the last improvement, and again every two. The second
# falls although the loss is halved each time: an improvement must exceed `min_delta`,
# whose default of 0.0001 is absolute. For small losses it swallows real progress.
#
# ## 8. Two famous recipes
#
# | | AlexNet | VGG |
# |---|---|---|
# | batch | 128 | 256 |
# | momentum, weight decay, dropout | 0.9, 5e-4, 0.5 | 0.9, 5e-4, 0.5 |
# | learning rate | 0.01, ÷10 on a plateau | 0.01, ÷10 three times |
# | time | five to six days, two GTX 580 | two to three weeks, four Titan Black |
#
# The papers trained for about 90 and 74 epochs of ImageNet's 1.2 million images. Both
# recipes are in the course's collection, `shared.training`.
#
# **Predict.** How many images a second was that? And how many steps in all?

# %%
from shared.training import recipe

for name, days in (("alexnet", 5.5), ("vgg", 17.5)):  # the middle of what is said
    chosen = recipe(name)
    seen = 1.2e6 * chosen.epochs
    speed = seen / (days * 24 * 3600)
    print(
        f"{name:8}{seen / chosen.batch_size:9,.0f} steps, {speed:4.0f} images a second"
    )
for falls in range(4):
    print(f"rate after {falls} of the falls: {0.01 / 10**falls:g}")

# %% [markdown]
# A telephone does more today. What has not changed is the recipe: momentum 0.9, a rate
# that comes down in steps, a little weight decay.
#
# **Question.** In Keras, `SGD(weight_decay=5e-4)` is not AlexNet's weight decay. What
# is the difference?
#
# <details><summary>Answer</summary>
# AlexNet adds 5e-4 · w to the gradient, so it goes through the momentum and counts ten
# times in the end. Keras's argument takes rate · 5e-4 · w off the weights directly. For
# AlexNet's way, give the layers a regulariser: `L2(2.5e-4)`, half the factor, because
# Keras's L2 is the sum of squares without the ½.
# </details>
#
# Now open assignment 07: networks, optimisers, and the lecture's task in full.
