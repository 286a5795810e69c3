# %% [markdown]
# # Classic architectures
#
# Between 2012 and 2014 four networks changed what computers see. You build all four,
# AlexNet, ZFNet, VGG and GoogLeNet, and then ask them the questions an engineer asks:
# where are the parameters, where is the memory, what does an image cost, what fits on
# my card?
#
# Lecture slides are full of numbers about these networks. Many disagree, and some are
# wrong. Your own models will settle which.
#
# | | you write | points |
# |---|---|---|
# | 1 | `alexnet` | 15 |
# | 2 | `zfnet` | 10 |
# | 3 | `vgg` | 15 |
# | 4 | `memory_table` | 15 |
# | 5 | `inception_naive` | 10 |
# | 6 | `inception_v1` | 10 |
# | 7 | `googlenet` | 15 |
# | 8 | `fit_memory` | 10 |
#
# As always: **predict**, implement, check, look. Write the prediction down first.

# %%
import math
import os

from shared.quiet import quiet_tensorflow

quiet_tensorflow()

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from keras import layers

from grader.notebook import check
from shared.datasets import load_arrays

DATASET = "digits"  # "mnist" for the bigger one, which is downloaded once
QUICK = os.environ.get("COURSE_QUICK") == "1"
plt.rcParams.update({"figure.dpi": 80, "font.size": 12, "image.cmap": "gray"})


def outline(build, *args, **kwargs):
    """The model that `build` makes, without numbers in its weights.

    Shapes and counts are all there; the half gigabyte that VGG's weights take is not.
    """
    with keras.StatelessScope(initialize_variables=False):
        return build(*args, **kwargs)


# %% [markdown]
# ## Conventions
#
# They hold in every question, and the tests rely on them.
#
# - A network is a `keras.Model`, functional or `Sequential`, made of Keras's own layers
#   and operations: no `Lambda`, no class of your own. How you write it is up to you.
#   Your model is sent as its configuration to a fresh process and looked at there.
# - Images are **NHWC**. Every convolution and every dense layer has a bias and is
#   followed by **ReLU**, except the last dense layer, which is followed by **softmax**.
#   Each convolution in a table is a layer of its own.
# - *Padding* in the tables is the number of zeros on each of the four sides; "same" is
#   Keras's. A pooling without a word about padding has none: what sticks out is
#   dropped.
# - After each hidden dense layer comes dropout with rate 0.5.
# - `units` are the hidden dense layers, one number for each: `(4096, 4096)` in the
#   papers, `()` for none. So the networks can be built small, and the tests do.
# - The normalisation layers of AlexNet, ZFNet and GoogLeNet (you wrote `lrn` in
#   assignment 05) are left out. They have no parameters, and VGG's authors found that
#   they do not help.
# - Branches may be concatenated in any order.
# - Everything is float32: 4 bytes a number. 1 MB is 10⁶ bytes, 1 MiB is 2²⁰.
#
# ## 1. AlexNet, 2012
#
# | | layer | filters | kernel | stride | padding | maps |
# |---|---|---|---|---|---|---|
# | | input | | | | | 227×227×3 |
# | 1 | convolution | 96 | 11×11 | 4 | 0 | 55×55×96 |
# | | max pooling | | 3×3 | 2 | | 27×27×96 |
# | 2 | convolution, **grouped** | 256 | 5×5 | 1 | same | 27×27×256 |
# | | max pooling | | 3×3 | 2 | | 13×13×256 |
# | 3 | convolution | 384 | 3×3 | 1 | same | 13×13×384 |
# | 4 | convolution, **grouped** | 384 | 3×3 | 1 | same | 13×13×384 |
# | 5 | convolution, **grouped** | 256 | 3×3 | 1 | same | 13×13×256 |
# | | max pooling | | 3×3 | 2 | | 6×6×256 |
# | 6, 7 | dense, dropout | 4096 each | | | | |
# | 8 | dense, softmax | 1000 | | | | |
#
# The paper says that its images have 224×224 pixels.
#
# **Predict.** How many places does an 11×11 kernel with stride 4 have along 224 pixels,
# without padding? Which size near 224 leaves no remainder?

# %%
for pixels in range(223, 232):
    places = (pixels - 11) / 4 + 1
    whole = "  ← a whole number" if places == int(places) else ""
    print(f"{pixels} pixels: {places:.2f} places{whole}")

# %% [markdown]
# 224 does not fit: 54.25 places. The figure in the same paper has 55, and 227 gives 55.
# Whoever rebuilt AlexNet stumbled over this; 227 is what everybody uses.
#
# ### Two GPUs
#
# A GTX 580 had 3 GB, so the network was cut into two halves of 48, 128, 192, 192 and
# 128 filters, one on each card. A filter of convolutions 2, 4 and 5 is connected to the
# maps on its own card only: that is `groups=2`. Convolution 3 and the dense layers see
# both.
#
# Write it with Keras's `groups` argument or as two towers that you join: both are
# right.


# %% question="alexnet"
def alexnet(groups=1, input_shape=(227, 227, 3), classes=1000, units=(4096, 4096)):
    """AlexNet, in one stream or in two groups.

    Args:
        groups: 1, or 2 for the paper's connections: convolutions 2, 4 and 5 in two
            halves.
        input_shape: (H, W, C).
        classes: outputs.
        units: of the dense layers before the last, one number for each.

    Returns:
        A keras.Model from images (N, H, W, C) to probabilities (N, classes).
    """
    # BEGIN SOLUTION
    # TODO: five convolutions and three poolings as in the table; flatten; for each
    # TODO: number in units a dense layer with ReLU and dropout 0.5; dense with softmax.
    inputs = keras.Input(input_shape)
    x = layers.Conv2D(96, 11, strides=4, activation="relu")(inputs)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = layers.Conv2D(256, 5, padding="same", groups=groups, activation="relu")(x)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = layers.Conv2D(384, 3, padding="same", activation="relu")(x)
    x = layers.Conv2D(384, 3, padding="same", groups=groups, activation="relu")(x)
    x = layers.Conv2D(256, 3, padding="same", groups=groups, activation="relu")(x)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = layers.Flatten()(x)
    for count in units:
        x = layers.Dense(count, activation="relu")(x)
        x = layers.Dropout(0.5)(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))
    # END SOLUTION


# %%
check("alexnet")

# %% [markdown]
# ### Look: sixty million, or sixty-five?
#
# One lecture says AlexNet has about 60 million parameters, another 65 million. A third
# counts its layers and gets 9; the same slides say 8 elsewhere.
#
# **Predict.** Groups halve the weights of three layers. By how much does the total
# shrink: 1 %, 2 %, 20 %, half?

# %%
one, two = outline(alexnet), outline(alexnet, groups=2)
weighty = [layer for layer in two.layers if layer.count_params()]
first = weighty[0]
shape = first.kernel.shape
print(f"one stream {one.count_params():,} parameters")
print(f"two groups {two.count_params():,}")
print(f"{len(weighty)} layers with weights")
print(f"convolution 1: {math.prod(shape):,} weights and {first.bias.shape[0]} biases")
print(f"its maps: {first.output.shape[1:]}")

fig, axis = plt.subplots(figsize=(9, 3.2))
axis.bar(range(len(weighty)), [p.count_params() / 1e6 for p in weighty], color="0.4")
names = [f"conv {i + 1}" if i < 5 else f"dense {i + 1}" for i in range(len(weighty))]
axis.set_xticks(range(len(weighty)), names, rotation=30)
axis.set(ylabel="million parameters", title="AlexNet, two groups")
plt.tight_layout()
plt.show()

# %% [markdown]
# About 2 %: nearly all parameters sit in the dense layers, which are not grouped. "60
# million" is the network with two groups; nothing in it gives 65. And "35K" for the
# first layer counts 34,848 weights and forgets 96 biases. Pooling has no parameters at
# all.
#
# How it was trained, for the record: batches of 128, momentum 0.9, learning rate 0.01
# divided by 10 whenever the validation error stopped falling, weight decay 0.0005,
# dropout 0.5, five to six days on two cards. In part 9 you train a small one that way.
#
# ### Which error is AlexNet's?
#
# Slides print 15.4 and 16.4 as "the" top-5 error of AlexNet in 2012. Both stand in the
# paper, and a third beside them, in percent, on the validation images:
#
# | one network | five networks averaged | seven, two of them trained on more images |
# |---|---|---|
# | 18.2 | 16.4 | 15.4 |
#
# The runner-up had 26.2; the winners of 2010 and 2011 had 28.2 and 25.8.
#
# **Your turn.** A slide says "AlexNet 15.4 %, VGG 7.3 %" and concludes that depth
# halves the error. What should you ask before you believe a comparison of two such
# numbers?

# %% [markdown] answer="which_error"
# How many networks were averaged, how many crops of each image, which images
# (validation or test), and whether there was other training data. 15.4 is seven
# networks, some of them trained on more than the contest's data; VGG's 7.3 is seven
# networks as well, so here the comparison happens to be fair. AlexNet's single network,
# 18.2, against somebody else's ensemble would not be.

# %% [markdown]
# ## 2. ZFNet, 2013
#
# Zeiler and Fergus looked at what AlexNet's filters respond to, and saw that the first
# layer was too coarse: a mixture of very fine and very coarse patterns, and patterns
# that came from its large stride. So they made it finer.
#
# | | layer | filters | kernel | stride | padding | maps |
# |---|---|---|---|---|---|---|
# | | input | | | | | 224×224×3 |
# | 1 | convolution | 96 | 7×7 | 2 | 1 | 110×110×96 |
# | | max pooling | | 3×3 | 2 | same | 55×55×96 |
# | 2 | convolution | 256 | 5×5 | 2 | 0 | 26×26×256 |
# | | max pooling | | 3×3 | 2 | same | 13×13×256 |
# | 3, 4, 5 | convolutions | `late` | 3×3 | 1 | same | 13×13 |
# | | max pooling | | 3×3 | 2 | | 6×6 |
# | 6, 7, 8 | as in AlexNet | | | | | |
#
# The figure of the paper has AlexNet's 384, 384 and 256 filters in convolutions 3 to 5.
# One lecture prints 512, 1024 and 512: a variant from the paper's tables, so `late` is
# an argument.
#
# **Predict.** Without padding, how many places does a 7×7 kernel with stride 2 have on
# 224 pixels? With one zero on each side? With Keras's "same"?

# %%
from shared.shapes import out_size, same_pads

for padding in (0, 1, "same"):
    print(f"padding {padding}: {out_size(224, 7, 2, padding)} places")
print("zeros that 'same' adds before and after:", same_pads(224, 7, 2))


# %% question="zfnet"
def zfnet(
    late=(384, 384, 256),
    input_shape=(224, 224, 3),
    classes=1000,
    units=(4096, 4096),
):
    """ZFNet: AlexNet with a finer first layer.

    Args:
        late: filters of convolutions 3, 4 and 5.
        input_shape: (H, W, C).
        classes: outputs.
        units: of the dense layers before the last, one number for each.

    Returns:
        A keras.Model from images (N, H, W, C) to probabilities (N, classes).
    """
    # BEGIN SOLUTION
    # TODO: as the table says; mind the padding of convolution 1 and of poolings 1, 2.
    inputs = keras.Input(input_shape)
    x = layers.ZeroPadding2D(1)(inputs)
    x = layers.Conv2D(96, 7, strides=2, activation="relu")(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    x = layers.Conv2D(256, 5, strides=2, activation="relu")(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    for filters in late:
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = layers.Flatten()(x)
    for count in units:
        x = layers.Dense(count, activation="relu")(x)
        x = layers.Dropout(0.5)(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))
    # END SOLUTION


# %%
check("zfnet")

# %% [markdown]
# ### Look: finer costs little, wider costs much
#
# **Predict.** The wide variant has 512-1024-512 filters in three layers of 3×3. Does it
# have 10 % more parameters than the narrow one, 30 %, or 70 %? And where are the new
# ones?

# %%
narrow, wide = outline(zfnet), outline(zfnet, late=(512, 1024, 512))
for name, net in (("AlexNet", one), ("ZFNet", narrow), ("ZFNet, wide", wide)):
    dense = [part for part in net.layers if isinstance(part, layers.Dense)]
    inside = sum(part.count_params() for part in dense) / net.count_params()
    print(
        f"{name:12} {net.count_params():>11,} parameters, {inside:.0%} in dense layers"
    )

# %% [markdown]
# ZFNet is a hair *smaller* than AlexNet in one stream: a 7×7 kernel has fewer weights
# than an 11×11. The wide one has twice as many maps at the end, so the first dense
# layer doubles.
#
# The slides' errors for ZFNet disagree too: 11.2 in one table, "16.4 to 11.7" on
# another slide, "15.4 to 14.8" in another deck. ZFNet as in the figure has 16.5 with
# one network; 14.8 is an average of six. 11.7 is the winner of the 2013 contest, a
# company that Zeiler founded, with networks that were not published; 11.2 the same with
# more training data. So "16.4 to 11.7" compares five AlexNets with something that is
# not ZFNet.
#
# ## 3. VGG, 2014
#
# Only 3×3 convolutions with "same" padding, only 2×2 poolings with stride 2, and twice
# as many filters after each pooling: 64, 128, 256, 512, then 512 again, and 512 for any
# stage after the fifth. The paper's table has a column for each network:
#
# | stage | A | B | C | D | E |
# |---|---|---|---|---|---|
# | 64 | 3 | 3 3 | 3 3 | 3 3 | 3 3 |
# | 128 | 3 | 3 3 | 3 3 | 3 3 | 3 3 |
# | 256 | 3 3 | 3 3 | 3 3 **1** | 3 3 3 | 3 3 3 3 |
# | 512 | 3 3 | 3 3 | 3 3 **1** | 3 3 3 | 3 3 3 3 |
# | 512 | 3 3 | 3 3 | 3 3 **1** | 3 3 3 | 3 3 3 3 |
# | layers with weights | 11 | 13 | 16 | 16 | 19 |
#
# A number is a convolution with that kernel. D is known as VGG-16, E as VGG-19. Each
# stage ends in a pooling; then come the dense layers, as in AlexNet. (A-LRN is A with a
# normalisation layer, and so the same here.)
#
# `config` is a letter, or a tuple with the numbers of 3×3 convolutions of a network of
# your own: `(2, 2, 3, 3, 3)` is D again. A tuple may be shorter or longer than five.


# %% question="vgg"
def vgg(config, input_shape=(224, 224, 3), classes=1000, units=(4096, 4096)):
    """A network of the VGG family.

    Args:
        config: "A", "B", "C", "D" or "E"; or a tuple of how many 3x3 convolutions each
            stage has, for as many stages as there are numbers.
        input_shape: (H, W, C).
        classes: outputs.
        units: of the dense layers before the last, one number for each.

    Returns:
        A keras.Model from images (N, H, W, C) to probabilities (N, classes).
    """
    # BEGIN SOLUTION
    # TODO: stage by stage: convolutions with ReLU, then pooling; then the same ending
    # TODO: as in AlexNet.
    named = {
        "A": (1, 1, 2, 2, 2),
        "B": (2, 2, 2, 2, 2),
        "C": (2, 2, 3, 3, 3),
        "D": (2, 2, 3, 3, 3),
        "E": (2, 2, 4, 4, 4),
    }
    depths = named[config] if isinstance(config, str) else config
    x = inputs = keras.Input(input_shape)
    for stage, depth in enumerate(depths):
        for index in range(depth):
            pointwise = config == "C" and stage > 1 and index == depth - 1
            x = layers.Conv2D(
                min(64 * 2**stage, 512),
                1 if pointwise else 3,
                padding="same",
                activation="relu",
            )(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Flatten()(x)
    for count in units:
        x = layers.Dense(count, activation="relu")(x)
        x = layers.Dropout(0.5)(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))
    # END SOLUTION


# %%
check("vgg")

# %% [markdown]
# ### Look: a table with too many layers
#
# One lecture copies the table and prints four 3×3 convolutions in each late stage of D,
# and five in those of E. The line above says "16 weight layers" and "19 weight layers"
# all the same, and the table of parameters below it has 138 and 144 million.
#
# **Predict.** Which network of the paper is the slide's D, really?

# %%
columns = {name: name for name in "ABCDE"}
columns |= {"D on the slide": (2, 2, 4, 4, 4), "E on the slide": (2, 2, 5, 5, 5)}
lines = []
for name, config in columns.items():
    net = outline(vgg, config)
    deep = sum(layer.count_params() > 0 for layer in net.layers)
    lines.append(
        f"{name:14} {deep} layers with weights, {net.count_params():,} numbers"
    )
print("\n".join(lines))

# %% [markdown]
# The slide's D is E. The slide's E is a network of 22 layers that nobody has published.
# The numbers under the table are right, and belong to the paper's columns.
#
# **Predict** before you go on: from A to E eight convolutions are added, most of them
# with 512 filters. Why do the parameters grow by 8 % only?
#
# ## 4. What a layer holds
#
# To train a network you need room for its parameters and for its **activations**: all
# the maps between the layers, which wait for the way back. `memory_table` lists both,
# and what each layer computes. For one image:
#
# - `activations`: numbers in the layer's output. The input counts: the image is held
#   too.
# - Some layers need no room of their own. `Flatten` and `Reshape` only rename the
#   numbers, `Dropout` passes them on, and an activation is computed **in place**:
#   `Activation`, `ReLU` and `Softmax` layers. They are the layers in `IN_PLACE` below
#   and count 0. So a network has the same memory whether ReLU is an argument or a
#   layer. Every other layer counts.
# - `params`: all parameters, trained or not (batch normalisation has both).
# - `multiply_adds`: products of a `Conv2D` or a `Dense` layer, biases not counted; 0
#   for every other layer. A grouped convolution's filter meets the channels of its
#   group alone. A dense layer on maps is applied at every place.
# - `output_shape`: a tuple or list, without the batch.
#
# The models are functional, have one input, and no layer is used twice.

# %%
IN_PLACE = (
    layers.Flatten,
    layers.Reshape,
    layers.Dropout,
    layers.Activation,
    layers.ReLU,
    layers.Softmax,
)


# %% question="memory_table"
def memory_table(model):
    """What each layer of a model holds and computes, for one image.

    Args:
        model: a keras.Model of one input, made of layers that are used once each.

    Returns:
        A list of dictionaries, one for the input and one for each further layer, in the
        order of model.layers, with the keys "name"; "output_shape", without the batch;
        "activations"; "params"; "multiply_adds".
    """
    # BEGIN SOLUTION
    # TODO: a dictionary per layer: shapes and numbers as under Conventions.
    rows = []
    for layer in model.layers:
        shape = tuple(layer.output.shape[1:])
        numbers = products = 0
        if not isinstance(layer, IN_PLACE):
            numbers = math.prod(shape)
        if isinstance(layer, layers.Conv2D | layers.Dense):
            products = math.prod(layer.kernel.shape) * math.prod(shape[:-1])
        rows.append(
            {
                "name": layer.name,
                "output_shape": shape,
                "activations": numbers,
                "params": layer.count_params(),
                "multiply_adds": products,
            }
        )
    return rows
    # END SOLUTION


# %%
check("memory_table")

# %% [markdown]
# ### Look: VGG-16, layer by layer
#
# Two lectures walk through this table and end with the line "24M × 4 bytes ≈ 93 MB per
# image".
#
# **Predict.** Where is the largest map, near the image or near the classes? And the
# largest layer of weights?

# %%
vgg16 = outline(vgg, "D")
table = memory_table(vgg16)
for row in table:
    if row["activations"]:
        size = "×".join(map(str, row["output_shape"]))
        held, kept = row["activations"], row["params"]
        print(f"{row['name'][:16]:16} {size:>12} {held:>10,} {kept:>12,}")

# %%
held = sum(row["activations"] for row in table)
kept = sum(row["params"] for row in table)
biases = sum(row["output_shape"][-1] for row in table if row["params"])
print(f"activations {held / 1e6:.2f}M = {4 * held / 1e6:.0f} MB", end=" ")
print(f"= {4 * held / 2**20:.0f} MiB")
print(f"the slide's 24M times 4 bytes: {24 * 4} MB, and it says 93")
print(f"parameters  {kept:,} = {4 * kept / 1e6:.0f} MB")
print(f"without its {biases:,} biases {kept - biases:,}")

# %% [markdown]
# The slide's list is right line by line, and its sum is wrong: the maps it names add up
# to 15.2 million numbers, 61 MB. (And 24 million times 4 would be 96.) Slides travel:
# this line has been copied from course to course for years. Check sums.

# %%
rows = [row for row in table if row["activations"] and row["name"] != "input"]
place = np.arange(len(rows))
fig, axes = plt.subplots(2, 1, figsize=(9, 5.6), sharex=True)
for axis, key, title in (
    (axes[0], "activations", "what an image needs: early"),
    (axes[1], "params", "what the network needs: late"),
):
    values = [row[key] / 1e6 for row in rows]
    axis.bar(place, values, color="0.4")
    share = 100 * max(values) / sum(values)
    axis.set(title=f"{title} (the tallest bar is {share:.0f}%)", ylabel="millions")
labels = ["×".join(map(str, row["output_shape"])) for row in rows]
axes[1].set_xticks(place, labels, rotation=70, fontsize=9)
plt.tight_layout()
plt.show()

# %% [markdown]
# Memory is early, parameters are late. A smaller image helps the first, a smaller dense
# layer the second.
#
# ## 5. Inception: all kernels at once
#
# Which kernel should a layer have, 1×1, 3×3 or 5×5? GoogLeNet's answer is: all of them,
# side by side, and a pooling as well; let training decide. All four branches keep
# height and width, and their maps are stacked:
#
# ```
#             ┌─ 1×1 convolution, c1 ──────────────────┐
#         x ──┼─ 3×3 convolution, c3 ──────────────────┼── concatenate
#             ├─ 5×5 convolution, c5 ──────────────────┤
#             └─ 3×3 max pooling, stride 1, "same" ────┘
# ```
#
# Each convolution has "same" padding and a ReLU. The pooled maps go on as they are.
#
# A function that maps a Keras tensor to a Keras tensor is a part of a network: call
# layers on `x` and return the result.


# %% question="inception_naive"
def inception_naive(x, c1, c3, c5):
    """The module as one would first draw it.

    Args:
        x: Keras tensor (N, H, W, C).
        c1: filters of the 1x1 convolution.
        c3: filters of the 3x3 convolution.
        c5: filters of the 5x5 convolution.

    Returns:
        Keras tensor (N, H, W, c1 + c3 + c5 + C).
    """
    # BEGIN SOLUTION
    # TODO: four branches, all fed by x; join their channels.
    return layers.Concatenate()(
        [
            layers.Conv2D(c1, 1, activation="relu")(x),
            layers.Conv2D(c3, 3, padding="same", activation="relu")(x),
            layers.Conv2D(c5, 5, padding="same", activation="relu")(x),
            layers.MaxPooling2D(3, strides=1, padding="same")(x),
        ]
    )
    # END SOLUTION


# %%
check("inception_naive")

# %% [markdown]
# ### Look: it gets fat
#
# A lecture puts this module on 28×28×256 with 128, 192 and 96 filters.
#
# **Predict.** How many channels come out? What happens to that number after nine
# modules?


# %%
def module(function, channels, *widths):
    """A model of one module on 28x28 maps."""
    maps = keras.Input((28, 28, channels))
    return keras.Model(maps, function(maps, *widths))


naive = outline(module, inception_naive, 256, 128, 192, 96)
tensor, depths = keras.Input((28, 28, 256)), []
with keras.StatelessScope(initialize_variables=False):
    for _ in range(9):
        tensor = inception_naive(tensor, 128, 192, 96)
        depths.append(tensor.shape[-1])

for row in memory_table(naive):
    if row["multiply_adds"]:
        print(f"{row['output_shape'][-1]:4} maps {row['multiply_adds']:>12,}")
cost = sum(row["multiply_adds"] for row in memory_table(naive))
print(
    f"together {cost / 1e6:.0f}M multiply-adds, {naive.output.shape[-1]} channels out"
)
print("channels from module to module:", *depths)

# %% [markdown]
# The pooling hands on all channels it is given, so a module can only add. That is the
# flaw of the naive design: depth grows without end, and cost with it.
#
# ### The 1×1 convolution
#
# A 1×1 convolution mixes channels and leaves height and width alone. With fewer filters
# than channels it is a *bottleneck*: 56×56×64 with 32 filters becomes 56×56×32.
#
# **Predict.** 128 maps go into 256 filters of 5×5. Put a 1×1 convolution with 32
# filters in between. How many weights remain of 819,200: a half, a quarter, a tenth?


# %%
def weights_of(channels, *convolutions):
    """Weights without biases of 'same' convolutions, each (filters, kernel size)."""
    chain = keras.Sequential([keras.Input((56, 56, channels))])
    for filters, size in convolutions:
        chain.add(layers.Conv2D(filters, size, padding="same", use_bias=False))
    return chain.count_params(), chain.output_shape[1:]


lines = []
for chain in ([(256, 5)], [(32, 1), (256, 5)]):
    count, maps = weights_of(128, *chain)
    lines.append(f"128 maps → {chain}: {count:,} weights, {maps}")
count, maps = weights_of(64, (32, 1))
lines.append(f"56×56×64 → 32 filters of 1×1: {count:,} weights, {maps}")
print("\n".join(lines))

# %% [markdown]
# ## 6. Inception with bottlenecks
#
# Squeeze before each large kernel, and after the pooling:
#
# ```
#             ┌─ 1×1, c1 ──────────────────────────┐
#         x ──┼─ 1×1, r3 ── 3×3, c3 ───────────────┼── concatenate
#             ├─ 1×1, r5 ── 5×5, c5 ───────────────┤
#             └─ 3×3 max pooling ── 1×1, pool ─────┘
# ```
#
# Every convolution, the 1×1 too, has "same" padding and a ReLU; the pooling has stride
# 1 and "same" padding.


# %% question="inception_v1"
def inception_v1(x, c1, r3, c3, r5, c5, pool):
    """The module with 1x1 bottlenecks.

    Args:
        x: Keras tensor (N, H, W, C).
        c1: filters of the 1x1 branch.
        r3: filters of the 1x1 convolution before the 3x3 convolution.
        c3: filters of the 3x3 convolution.
        r5: filters of the 1x1 convolution before the 5x5 convolution.
        c5: filters of the 5x5 convolution.
        pool: filters of the 1x1 convolution after the pooling.

    Returns:
        Keras tensor (N, H, W, c1 + c3 + c5 + pool).
    """
    # BEGIN SOLUTION
    # TODO: the same four branches, three of them with a 1x1 convolution more.

    def conv(before, filters, kernel_size):
        return layers.Conv2D(filters, kernel_size, padding="same", activation="relu")(
            before
        )

    pooled = layers.MaxPooling2D(3, strides=1, padding="same")(x)
    branches = [
        conv(x, c1, 1),
        conv(conv(x, r3, 1), c3, 3),
        conv(conv(x, r5, 1), c5, 5),
        conv(pooled, pool, 1),
    ]
    return layers.Concatenate()(branches)
    # END SOLUTION


# %%
check("inception_v1")

# %% [markdown]
# ### Look: a sum that does not add up
#
# The lecture adds bottlenecks of 64 filters to its example and lists six convolutions,
# "Total: 358M ops".
#
# **Predict.** Does your table agree?

# %%
squeezed = outline(module, inception_v1, 256, 128, 64, 192, 64, 96, 64)
listed = [row for row in memory_table(squeezed) if row["multiply_adds"]]
for row in listed:
    print(f"{row['output_shape'][-1]:4} maps {row['multiply_adds']:>12,}")
total = sum(row["multiply_adds"] for row in listed)
(three,) = (row for row in listed if row["output_shape"][-1] == 192)
twice = total + three["multiply_adds"]
print(f"together {total / 1e6:.2f}M, {cost / total:.2f} times cheaper than naive")
print(f"with the 3×3 convolution counted twice {twice / 1e6:.0f}M")
print(f"{squeezed.output.shape[-1]} channels out instead of {naive.output.shape[-1]}")

# %% [markdown]
# The lecture's six lines are right; their sum is 271 million. Somebody counted the 3×3
# convolution twice. The bottlenecks are better than their advertisement.
#
# ## 7. GoogLeNet, 2014
#
# | layer | filters | kernel | stride | maps |
# |---|---|---|---|---|
# | input | | | | 224×224×3 |
# | convolution | 64 | 7×7 | 2 | 112×112×64 |
# | max pooling | | 3×3 | 2 | 56×56×64 |
# | convolution | 64 | 1×1 | 1 | 56×56×64 |
# | convolution | 192 | 3×3 | 1 | 56×56×192 |
# | max pooling | | 3×3 | 2 | 28×28×192 |
# | modules 3a, 3b | | | | 28×28×480 |
# | max pooling | | 3×3 | 2 | 14×14×480 |
# | modules 4a to 4e | | | | 14×14×832 |
# | max pooling | | 3×3 | 2 | 7×7×832 |
# | modules 5a, 5b | | | | 7×7×1024 |
# | global average pooling, dropout **0.4** | | | | 1024 |
# | dense, softmax | 1000 | | | |
#
# All convolutions and all these poolings have "same" padding. The widths of the modules
# stand in `MODULES`, in the order of `inception_v1`'s arguments.
#
# Twenty-two layers were hard to train in 2014, so two **side classifiers** were hung
# onto modules 4a and 4d; their losses count 0.3 each, and after training they are
# thrown away. Each is: average pooling 5×5 with stride 3, no padding; 1×1 convolution,
# 128 filters; flatten; dense, 1024; dropout **0.7**; dense, softmax.

# %%
MODULES = {  # c1, r3, c3, r5, c5, pool
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


# %% question="googlenet"
def googlenet(input_shape=(224, 224, 3), classes=1000, auxiliary=False):
    """GoogLeNet, from the rows of its Table 1.

    Args:
        input_shape: (H, W, C).
        classes: outputs.
        auxiliary: whether the model has the two side classifiers as well.

    Returns:
        A keras.Model from images (N, H, W, C) to probabilities (N, classes); with
        auxiliary to a list of three such outputs: the main one, after 4a, after 4d.
    """

    # BEGIN SOLUTION
    # TODO: the stem; nine modules from MODULES, with a pooling after 3b and after 4e;
    # TODO: global average pooling, dropout, dense with softmax; the side classifiers.
    def pool(x):
        return layers.MaxPooling2D(3, strides=2, padding="same")(x)

    def side(x):
        x = layers.AveragePooling2D(5, strides=3)(x)
        x = layers.Conv2D(128, 1, activation="relu")(x)
        x = layers.Flatten()(x)
        x = layers.Dense(1024, activation="relu")(x)
        x = layers.Dropout(0.7)(x)
        return layers.Dense(classes, activation="softmax")(x)

    inputs = keras.Input(input_shape)
    x = layers.Conv2D(64, 7, strides=2, padding="same", activation="relu")(inputs)
    x = layers.Conv2D(64, 1, activation="relu")(pool(x))
    x = pool(layers.Conv2D(192, 3, padding="same", activation="relu")(x))
    sides = []
    for name, widths in MODULES.items():
        x = inception_v1(x, *widths)
        if auxiliary and name in ("4a", "4d"):
            sides.append(side(x))
        if name in ("3b", "4e"):
            x = pool(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.4)(x)
    main = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(inputs, [main, *sides] if auxiliary else main)
    # END SOLUTION


# %%
check("googlenet")

# %% [markdown]
# ### Look: five million parameters and no dense layer?
#
# Slides say of GoogLeNet: only 5 million parameters, 12 times fewer than AlexNet; no
# fully connected layers; twice AlexNet's computation; 22 layers.
#
# **Predict.** Which of these four are true of what you have built?

# %%
google = outline(googlenet)
tables = {"AlexNet": memory_table(two), "GoogLeNet": memory_table(google)}
params = {name: sum(r["params"] for r in t) for name, t in tables.items()}
products = {name: sum(r["multiply_adds"] for r in t) for name, t in tables.items()}
last = tables["GoogLeNet"][-1]["params"] or tables["GoogLeNet"][-2]["params"]
print(f"convolutions {params['GoogLeNet'] - last:,}, dense layer {last:,}", end=", ")
print(f"together {params['GoogLeNet']:,}")
print(f"AlexNet has {params['AlexNet'] / params['GoogLeNet']:.1f} times as many")
more = products["GoogLeNet"] / products["AlexNet"]
print(f"GoogLeNet computes {more:.1f} times as much")
deep = 3 + 2 * len(MODULES) + 1
print(f"{deep} layers with weights on the longest way through")
one_stream = sum(r["multiply_adds"] for r in memory_table(one))
print(f"against AlexNet in one stream {products['GoogLeNet'] / one_stream:.1f} times")

# %% [markdown]
# Seven million, 8.7 times fewer. One dense layer remains, and it has a million weights:
# it is the *hidden* dense layers that are gone. The paper's own text says "12 times
# fewer"; its own table does not. Twice the computation is true, of AlexNet with two
# groups. Twenty-two is true if modules count two layers each.

# %%
PUBLISHED = {  # top-5 accuracy in percent, one network, one crop
    "AlexNet": 79.2,
    "VGG A": 88.7,
    "VGG B": 89.2,
    "VGG D": 90.4,
    "VGG E": 90.8,
    "GoogLeNet": 89.9,
}
RAISED = {"VGG A": -12, "VGG B": 2, "VGG E": 16}  # labels, apart from each other

fig, axis = plt.subplots(figsize=(8, 4.6))
for name, accuracy in PUBLISHED.items():
    nets = {"AlexNet": one, "GoogLeNet": google}
    net = nets[name] if name in nets else outline(vgg, name[-1])
    costs = memory_table(net)
    millions = sum(row["params"] for row in costs) / 1e6
    billions = sum(row["multiply_adds"] for row in costs) / 1e9
    axis.scatter(millions, accuracy, s=60 * billions, color="0.6", edgecolor="k")
    axis.annotate(
        f"{name}, {billions:.1f} G",
        (millions, accuracy),
        (-24, RAISED.get(name, 0)) if "VGG" in name else (14, 0),
        textcoords="offset points",
        ha="right" if "VGG" in name else "left",
        va="center",
        fontsize=10,
    )
axis.set(xlabel="million parameters", ylabel="top-5 accuracy, %", xlim=(-15, 165))
axis.set(ylim=(76, 94), title="Disc: billions of multiply-adds for an image")
plt.tight_layout()
plt.show()

# %% [markdown]
# GoogLeNet is as accurate as VGG with a twentieth of its parameters and a tenth of its
# work. (AlexNet's accuracy is that of a rebuilt network in one stream.)
#
# ### Side classifiers, and a very patient schedule
#
# The paper trained with momentum 0.9 and lowered the learning rate by 4 % every 8
# epochs. AlexNet's and VGG's was divided by 10 three times.
#
# **Predict.** How many epochs of "4 % every 8" make a factor of 10?

# %%
epochs = np.arange(0, 500)
patient = 0.96 ** (epochs // 8)
tenth = epochs[patient <= 0.1][0]
with_sides = outline(googlenet, auxiliary=True)
extra = with_sides.count_params() - google.count_params()
print(f"a tenth of the first learning rate after {tenth} epochs")
print(f"side classifiers: {extra:,} parameters, in training only")
print("outputs:", [tuple(output.shape) for output in with_sides.outputs])

# %% [markdown]
# The side classifiers are nearly as large as the network they help. They leave with the
# end of the training.
#
# ## 8. What fits?
#
# Held while a network is trained, in numbers of 4 bytes:
#
# - every parameter, once;
# - for every parameter that is **trained** a gradient, and what the optimizer remembers
#   of it: nothing for `"sgd"`, one number for `"momentum"`, two for `"adam"`;
# - for every image of the batch the activations of your `memory_table`, and a gradient
#   for each of them: twice the table's sum.
#
# That is simple bookkeeping: libraries free some of it early and need room of their
# own. It is good enough to plan with.
#
# `fit_memory` returns the largest batch whose sum is at most `budget` bytes; 0 if not
# even one image fits.


# %% question="fit_memory"
def fit_memory(model, budget, optimizer="momentum"):
    """The largest batch that can be trained in a given memory.

    Args:
        model: a keras.Model, as for memory_table.
        budget: bytes.
        optimizer: "sgd", "momentum" or "adam".

    Returns:
        An int, the number of images; 0 if not even one fits.
    """
    # BEGIN SOLUTION
    # TODO: bytes that do not depend on the batch; bytes per image; divide.
    slots = {"sgd": 0, "momentum": 1, "adam": 2}[optimizer]
    trained = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    table = memory_table(model)
    fixed = 4 * sum(row["params"] for row in table) + 4 * trained * (1 + slots)
    per_image = 4 * 2 * sum(row["activations"] for row in table)
    return max(0, int((budget - fixed) // per_image))
    # END SOLUTION


# %%
check("fit_memory")

# %% [markdown]
# ### Look: seven remedies
#
# VGG-16 and a card with 6 GB. A lecture lists what to do when memory runs out.
#
# **Predict.** Which remedy helps most, and which hardly at all?

# %%
CARD = 6_000_000_000
copies = {"sgd": 2, "momentum": 3, "adam": 4}

halved = {"input_shape": (112, 112, 3)}
deeper = (2, 2, 3, 3, 3, 1)
remedies = {
    "as it is": vgg16,
    "half the image": outline(vgg, "D", **halved),
    "one dense layer less": outline(vgg, "D", units=(4096,)),
    "dense layers of 512": outline(vgg, "D", units=(512, 512)),
    "a stage more before them": outline(vgg, deeper),
    "no hidden dense layer": outline(vgg, "D", units=()),
    "GoogLeNet instead": google,
}
fits = {name: fit_memory(net, CARD) for name, net in remedies.items()}
fits["two cards"] = 2 * fits["as it is"]

for optimizer, count in copies.items():
    fixed = 4 * count * vgg16.count_params() / 1e6
    images = fit_memory(vgg16, CARD, optimizer)
    print(f"{optimizer:9} {fixed:6.0f} MB before the first image, then {images} images")
for name, images in fits.items():
    print(f"{name:25} {images:4} images")

# %%
fig, axis = plt.subplots(figsize=(8, 3.8))
order = sorted(fits, key=fits.get)
axis.barh(order, [fits[name] for name in order], color="0.4")
for place, name in enumerate(order):
    axis.text(fits[name] + 2, place, fits[name], va="center")
axis.set(xlabel="images in a batch", xlim=(0, 195))
axis.set(title="VGG-16 with momentum on 6 GB")
plt.tight_layout()
plt.show()

# %% [markdown]
# The slides' advice to shrink the dense layers saves up to a gigabyte or two of
# parameters, and a dozen images. The activations of one image weigh 122 MB with their
# gradients, so the image's size decides. The seventh remedy is a smaller batch itself.
#
# **Your turn.** VGG was trained with batches of 256 (momentum 0.9, weight decay 0.0005,
# dropout 0.5, learning rate 0.01 divided by 10 three times) for two to three weeks on
# four cards of 6 GB, each computing a quarter of every batch. Does a quarter fit by
# your count? What must their library have done?

# %%
quarter = 256 // 4
fixed = 4 * 3 * vgg16.count_params()
one_way = 4 * held
print(f"{quarter} images a card; by our count {fit_memory(vgg16, CARD)} fit")
print(
    f"with gradients of all activations {(fixed + quarter * 2 * one_way) / 1e9:.1f} GB"
)
print(f"with none of them kept {(fixed + quarter * one_way) / 1e9:.1f} GB")

# %% [markdown] answer="quarter_batch"
# 64 images need 9.5 GB by our count, and the card has 6. The gradient of a map is
# needed only until the layer before it has used it. A library that frees it at once
# holds one or two of them at a time instead of all, and 5.6 GB are enough.

# %% [markdown]
# ## 9. Small ones, trained
#
# Real digits, and networks small enough for a laptop. First AlexNet's recipe: momentum
# 0.9, weight decay 0.0005, dropout 0.5, a learning rate divided by 10 when the error
# stops falling. Seven networks that differ in their first weights alone, and what their
# average says.
#
# **Predict.** Seven networks make about the same number of errors. How many does the
# average of their probabilities make: as many as the mean of them, as the best, or
# fewer?

# %%
train_x, train_y = load_arrays(DATASET, "train")
test_x, test_y = load_arrays(DATASET, "test")
HOW_MANY = 100 if QUICK else 300  # few, so that there are errors to see
EPOCHS = 2 if QUICK else 30
small_x, small_y = train_x[:HOW_MANY] / 255.0 - 0.5, train_y[:HOW_MANY]
test_x, test_y = test_x[:1000] / 255.0 - 0.5, test_y[:1000]


def small_alexnet(seed):
    """Two convolutions with overlapping poolings, one hidden dense layer."""
    keras.utils.set_random_seed(seed)
    decay = {"kernel_regularizer": keras.regularizers.L2(2.5e-4)}
    chain = [
        keras.Input((28, 28, 1)),
        layers.Conv2D(16, 7, activation="relu", name="first", **decay),
        layers.MaxPooling2D(3, strides=2),
        layers.Conv2D(32, 5, activation="relu", name="second", **decay),
        layers.MaxPooling2D(3, strides=2, name="last_maps"),
        layers.Flatten(),
        layers.Dense(64, activation="relu", name="features", **decay),
        layers.Dropout(0.5),
        layers.Dense(10, activation="softmax", **decay),
    ]
    net = keras.Sequential(chain)
    net.compile(
        keras.optimizers.SGD(0.01, momentum=0.9),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    slower = keras.callbacks.ReduceLROnPlateau("loss", factor=0.1, patience=3)
    net.fit(small_x, small_y, 16, EPOCHS, verbose=0, callbacks=[slower], shuffle=True)
    return net


nets = [small_alexnet(seed) for seed in range(2 if QUICK else 7)]
votes = np.array([net.predict(test_x, verbose=0) for net in nets])
alone = (votes.argmax(2) != test_y).mean(1)
together = [
    (votes[: k + 1].mean(0).argmax(1) != test_y).mean() for k in range(len(nets))
]
print("each alone:", *(f"{error:.1%}" for error in alone))
print(f"mean {alone.mean():.1%}, averaged {together[-1]:.1%}")

fig, axis = plt.subplots(figsize=(7, 3.4))
count = np.arange(1, len(nets) + 1)
axis.plot(count, 100 * alone, "o", color="0.6", label="each network alone")
axis.plot(count, 100 * np.array(together), "k-s", label="the first so many, averaged")
axis.set(xlabel="networks", ylabel="test error, %", xticks=count)
axis.set_ylim(bottom=0)
axis.legend()
axis.grid(alpha=0.3)
plt.tight_layout()
plt.show()

# %% [markdown]
# Networks agree where they are right and err in different ways, so an average errs less
# than its members. That is how 18.2 became 15.4.
#
# ### First-layer filters
#
# **Predict.** AlexNet's first filters, trained on photographs, are famous: edges in all
# directions, blobs of colour. These have seen nothing but grey digits. What will they
# be?

# %%
net = nets[int(alone.argmin())]
kernels = net.get_layer("first").get_weights()[0][:, :, 0]
fig, axes = plt.subplots(2, 8, figsize=(9, 2.6))
for k, axis in enumerate(axes.flat):
    most = np.abs(kernels[:, :, k]).max()
    axis.imshow(kernels[:, :, k], vmin=-most, vmax=most)
    axis.axis("off")
fig.suptitle("the sixteen 7×7 filters of the first layer")
plt.show()

# %% [markdown]
# Strokes and their sides, in several directions, mixed with what is left of the noise
# they began with: 300 digits cannot wash it all out.
#
# ### Feature visualisation
#
# Zeiler and Fergus asked of a filter deep inside: which patches excite you most, and
# what in them? For the patches we look at all test digits and cut out what the
# strongest places see. For "what in them" we take the gradient of the excitation for
# the pixels, letting through only what helps (their *deconvolution* does nearly that).
#
# **Predict.** A filter of the second layer sees 17×17 pixels. Will its favourite
# patches show one digit, or one shape from several digits?

# %%
inner = keras.Model(net.inputs, net.get_layer("second").output)
answers = inner.predict(test_x, verbose=0)


def favourites(k, count=6):
    """The images and corners that excite filter k most, one place per image."""
    best = answers[..., k].reshape(len(answers), -1).max(1)
    for image in np.argsort(best)[::-1][:count]:
        spot = np.unravel_index(answers[image, ..., k].argmax(), answers.shape[1:3])
        yield image, spot


def helpful(image, spot, k):
    """Positive gradient of one answer for the pixels, a mean over noisy copies."""
    noise = np.random.default_rng(k).normal(0, 0.2, (50, 28, 28, 1))
    x = tf.constant(test_x[image] + noise, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        answer = tf.reduce_sum(inner(x)[:, spot[0], spot[1], k])
    return np.maximum(np.mean(tape.gradient(answer, x)[..., 0], axis=0), 0)


busy = np.argsort(answers.max((0, 1, 2)))[::-1][:4]
fig, axes = plt.subplots(8, 6, figsize=(7, 8.6))
for place, k in enumerate(busy):
    for column, (image, spot) in enumerate(favourites(k)):
        top, left = (2 * s for s in spot)
        window = slice(top, top + 17), slice(left, left + 17)
        pictures = test_x[image, :, :, 0][window], helpful(image, spot, k)[window]
        for axis, picture in zip(axes[2 * place :, column], pictures, strict=False):
            axis.imshow(picture)
            axis.set(xticks=[], yticks=[])
    axes[2 * place, 0].set_ylabel(f"filter {k}", fontsize=9)
    axes[2 * place + 1, 0].set_ylabel("what in it", fontsize=9)
plt.tight_layout(pad=0.3)
plt.show()

# %% [markdown]
# Each filter of the second layer has a shape it likes, a bend, a crossing, an end of a
# stroke, and finds it in different digits. No one told it; it is learned end to end
# from the labels. Deeper layers put such shapes together into digits: low, middle,
# high.
#
# **Your turn.** In what you saw, what would have told Zeiler and Fergus that the first
# layer of AlexNet was too coarse?

# %% [markdown] answer="too_coarse"
# Filters that are dead or look like stripes and checkerboards: patterns finer than the
# stride can follow come out as other patterns, as in a photograph of a screen. A
# smaller stride and a smaller kernel made them go away.

# %% [markdown]
# ## What you have built
#
# Four networks of the years in which vision changed, and the tools to question any
# network: what it holds, what it computes, what fits. Assignment 10 goes deeper, to
# where stacking layers stops helping and shortcuts begin.
#
# Before you hand in: run `python -m grader assignments/09` once, from the folder of the
# course.
