# %% [markdown]
# # Modern blocks
#
# After 2015 nobody stacked plain layers any more. Networks became repetitions of a
# **block**, and every paper was about a better one: cheaper kernels, more branches,
# more width, more groups, more wires, a little attention. Each idea is ten lines of
# Keras. Here you write eight of them, and then let a zoo of ninety networks tell what
# each was worth.
#
# | | you write | points |
# |---|---|---|
# | 1 | `factorized_conv` | 10 |
# | 2 | `inception_v2_block` | 10 |
# | 3 | `inception_resnet_block` | 15 |
# | 4 | `separable_conv` | 10 |
# | 5 | `wide_block` | 15 |
# | 6 | `resnext_block` | 15 |
# | 7 | `dense_block` | 15 |
# | 8 | `squeeze_excite` | 10 |
#
# As always: **predict**, implement, check, look. Write the prediction down first.

# %%
import csv
import math
from pathlib import Path

from shared.quiet import quiet_tensorflow

quiet_tensorflow()

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers

import shared.models
from grader.notebook import check
from shared.walk import applications

plt.rcParams.update({"figure.dpi": 80, "font.size": 12, "image.cmap": "gray"})


def zoo_table(name):
    """A table of the zoo as a list of rows."""
    path = Path(shared.models.__file__).parent / name
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


# Exact counts of each network at its own image size, and published errors.
COUNTS = {row["variant"]: row for row in reversed(zoo_table("counts.csv"))}


def millions(name):
    """Trained parameters of a network of the zoo, in millions."""
    return int(COUNTS[name]["params_trainable"]) / 1e6


def billions(name):
    """Multiply-adds for one image, in billions."""
    return int(COUNTS[name]["macs"]) / 1e9


def trained(block, shape, **arguments):
    """Trained parameters of one block on maps of a shape."""
    inputs = keras.Input(shape)
    model = keras.Model(inputs, block(inputs, **arguments))
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


print(f"{len(COUNTS)} networks; ResNet-50 has {millions('resnet50'):.2f}M parameters")

# %% [markdown]
# ## Conventions
#
# They hold in every question, and the tests rely on them.
#
# - A **block** is a function from a Keras tensor (N, H, W, C) to a Keras tensor: it is
#   called while a model is being put together, as any layer is.
# - The **recipe**: a convolution has padding `"same"`, **no bias**, batch normalisation
#   behind it and ReLU behind that. You are given `conv_bn_relu` for it. Where a block
#   does it otherwise, its question says so: "linear" means neither normalisation nor
#   activation.
# - Use layers and operations of Keras; no layer classes of your own, no `Lambda`: your
#   block is sent as its configuration to a fresh process and inspected there. Names of
#   layers, ways of writing (`Add()` or `+`, `ReLU()` or `Activation("relu")`,
#   `DepthwiseConv2D` or one group per channel) and the order in which maps are
#   concatenated do not matter. Momentum and epsilon of the normalisation do not either.
# - "Concatenate" is along channels. Pooling inside a block has stride 1 and padding
#   `"same"`.


# %%
def conv_bn_relu(x, filters, kernel_size, strides=1, groups=1):
    """A convolution by the recipe."""
    x = layers.Conv2D(
        filters, kernel_size, strides, padding="same", groups=groups, use_bias=False
    )(x)
    return layers.ReLU()(layers.BatchNormalization()(x))


# %% [markdown]
# ## 1. Large kernels from small ones
#
# VGG replaced large kernels by stacks of 3×3. Inception v2 and v3
# ([arXiv:1512.00567](https://arxiv.org/abs/1512.00567)) made a principle of it, with
# two ways to see n×n pixels:
#
# - `how="stack"`: as many 3×3 convolutions, one behind the other, as it takes to see
#   n×n. (Two see 5×5. How many see 7×7?)
# - `how="asymmetric"`: first a row, 1×n, then a column, n×1.
#
# `kernel_size` is odd and at least 3. Every convolution has `filters` filters and
# follows the recipe.
#
# **Predict.** For 64 channels in and out and n = 5: how many per cent of one 5×5
# convolution's weights does each way have? And for n = 3, which way is no gain?


# %% question="factorized_conv"
def factorized_conv(x, filters, kernel_size, how):
    """Small convolutions that together see kernel_size x kernel_size pixels.

    Args:
        x: Keras tensor (N, H, W, C).
        filters: of every convolution.
        kernel_size: odd, at least 3.
        how: "stack" for 3x3 convolutions, "asymmetric" for 1xn and then nx1.

    Returns:
        Keras tensor (N, H, W, filters).
    """
    # BEGIN SOLUTION
    # TODO: which kernels, one behind the other? Each as the recipe says.
    if how == "asymmetric":
        kernels = [(1, kernel_size), (kernel_size, 1)]
    else:
        kernels = [3] * ((kernel_size - 1) // 2)
    for kernel in kernels:
        x = conv_bn_relu(x, filters, kernel)
    return x
    # END SOLUTION


# %%
check("factorized_conv")

# %%
SIZES = (3, 5, 7, 11)
ways = {"one kernel": [], "stack": [], "asymmetric": []}
for n in SIZES:
    ways["one kernel"].append(
        trained(conv_bn_relu, (16, 16, 64), filters=64, kernel_size=n)
    )
    for how in ("stack", "asymmetric"):
        arguments = {"filters": 64, "kernel_size": n, "how": how}
        ways[how].append(trained(factorized_conv, (16, 16, 64), **arguments))
for n, one, stack, strips in zip(SIZES, *ways.values(), strict=True):
    print(
        f"{n:2}×{n:<2} {one:7,} parameters; stack {stack:7,} ({stack / one:.0%}), "
        f"asymmetric {strips:7,} ({strips / one:.0%})"
    )

fig, axis = plt.subplots(figsize=(7, 3.4))
for (name, counts), mark in zip(ways.items(), "os^", strict=True):
    axis.plot(SIZES, np.array(counts) / 1e3, f"k-{mark}", label=name, alpha=0.8)
axis.set(xlabel="n, the size of the view", ylabel="thousand parameters", xticks=SIZES)
axis.legend()
axis.grid(alpha=0.3)
plt.tight_layout()
plt.show()

# %% [markdown]
# A stack grows linearly with the view where one kernel grows with its square, and two
# strips grow more slowly still. (The few parameters beyond the weights are those of the
# normalisation, two per channel.)
#
# **Your turn.** Every pair of a row and a column, multiplied, is a 5×5 kernel. Not
# every 5×5 kernel is such a product. What is given up, and what is gained besides the
# price?

# %% [markdown] answer="strips"
# A product of one column and one row has rank one: a diagonal line is out of reach.
# Every channel in the middle adds such a product, so with many channels any kernel can
# be had, but all pairs of an input and an output share the same few rows and columns:
# that is the freedom given up. Gained is a ReLU in between, and with it functions of
# the view that no single kernel computes.

# %% [markdown]
# ## 2. Inception v2
#
# GoogLeNet's module, made over: every convolution by the recipe (batch normalisation
# instead of local response normalisation and dropout), a stack for the 5×5, and an
# average instead of the maximum.
#
# ```
#             ┌─ 1×1, c1 ──────────────────────────┐
#         x ──┼─ 1×1, r3 ── 3×3, c3 ───────────────┼── concatenate
#             ├─ 1×1, r5 ── 3×3, c5 ── 3×3, c5 ────┤
#             └─ 3×3 average pooling ── 1×1, pool ─┘
# ```


# %% question="inception_v2_block"
def inception_v2_block(x, c1, r3, c3, r5, c5, pool):
    """GoogLeNet's module, normalised, with two 3x3 for the 5x5.

    Args:
        x: Keras tensor (N, H, W, C).
        c1: filters of the 1x1 branch.
        r3: filters of the 1x1 convolution before the single 3x3.
        c3: filters of the single 3x3.
        r5: filters of the 1x1 convolution before the two 3x3.
        c5: filters of each of the two 3x3.
        pool: filters of the 1x1 convolution after the average pooling.

    Returns:
        Keras tensor (N, H, W, c1 + c3 + c5 + pool).
    """
    # BEGIN SOLUTION
    # TODO: four branches, all reading x; your factorized_conv is one way to do the 5x5.
    pooled = layers.AveragePooling2D(3, strides=1, padding="same")(x)
    branches = [
        conv_bn_relu(x, c1, 1),
        conv_bn_relu(conv_bn_relu(x, r3, 1), c3, 3),
        factorized_conv(conv_bn_relu(x, r5, 1), c5, 5, "stack"),
        conv_bn_relu(pooled, pool, 1),
    ]
    return layers.Concatenate()(branches)
    # END SOLUTION


# %%
check("inception_v2_block")

# %% [markdown]
# ### Look: what each step bought
#
# The lectures print a table from the paper: GoogLeNet has a top-1 error of 29 %, with
# batch normalisation 26.8 %, BN-Inception 25.2 %; Inception v2 as it was then 23.4 %;
# trained with RMSProp 23.1 %; with smoothed labels 22.8 %; with the first 7×7 in small
# pieces 21.6 %; with a normalised side classifier 21.2 %. That last line is Inception
# v3.
#
# **Predict.** Which single step helped most? Which steps cost nothing at test time?

# %%
STEPS = {  # top-1 error in percent, one network, one crop
    "GoogLeNet": 29.0,
    "batch norm": 26.8,
    "BN-Inception": 25.2,
    "Inception v2": 23.4,
    "RMSProp": 23.1,
    "label smoothing": 22.8,
    "factorised 7×7": 21.6,
    "side classifier": 21.2,
}
names, errors = list(STEPS), np.array([*STEPS.values()])
for name, gain in zip(names[1:], errors[:-1] - errors[1:], strict=True):
    print(f"{name:16} {gain:.1f} points less")
print(f"together {1 - errors[-1] / errors[0]:.0%} of all errors gone")
nets = ("googlenet", "bn_inception", "inception_v3")
costs = [billions(name) for name in nets]
for name, cost in zip(nets, costs, strict=True):
    print(f"{name:16} {cost:.2f} billion multiply-adds")

classes, epsilon = 1000, 0.1
right = 1 - epsilon + epsilon / classes
print(f"smoothed label: {right:.4f} for the right class, {epsilon / classes} elsewhere")

# %% [markdown]
# Batch normalisation helped most. Wider modules with small kernels and the factorised
# 7×7 come next, and these cost arithmetic; the optimizer, the labels and the side
# classifier are free at test time.
#
# **An erratum.** The table's column of costs has 1.5 for GoogLeNet, 2.0 for
# BN-Inception and 4.8 for Inception v3, in billions. The first two agree with the zoo.
# The third does not: the network that everybody uses as Inception v3, on its 299×299
# images, takes 5.7. A paper's number, copied for years; a model can be asked.
#
# ## 3. Inception with a shortcut
#
# Inception v4 and the two Inception-ResNets
# ([arXiv:1602.07261](https://arxiv.org/abs/1602.07261)) have three kinds of block, A, B
# and C, for maps of 35×35, 17×17 and 8×8. You write the B of the residual family:
#
# ```
#           ┌─ 1×1, c1 ───────────────────────────────┐
#     x ─┬──┤                                         ├─ concatenate ─ 1×1, C ─┐
#        │  └─ 1×1, reduce ── 1×7, row ── 7×1, column ┘                        │
#        │                                                                     │
#        └───────────────────────── + ───────── × scale ───────────────────────┘
#                                   │
#                                  ReLU
# ```
#
# - The 1×1 convolution behind the concatenation brings back as many channels as x has.
#   It is **linear and has a bias**: no normalisation, no ReLU. All others follow the
#   recipe.
# - Its result is multiplied by `scale` (`keras.layers.Rescaling(scale)`, or `*`), then
#   added to x; ReLU comes last.
#
# **Predict.** Twenty such blocks in a row, fresh weights. With `scale=1`, does the
# signal that comes out have the size of the one that goes in, three times that, or a
# thousand times?


# %% question="inception_resnet_block"
def inception_resnet_block(x, c1, reduce, row, column, scale=0.1):
    """A small inception module that corrects its input.

    Args:
        x: Keras tensor (N, H, W, C).
        c1: filters of the 1x1 branch.
        reduce: filters of the 1x1 convolution before the strips.
        row: filters of the 1x7 convolution.
        column: filters of the 7x1 convolution.
        scale: factor of the correction.

    Returns:
        Keras tensor (N, H, W, C).
    """
    # BEGIN SOLUTION
    # TODO: two branches; concatenate; linear 1x1; scale; add; ReLU.
    tower = conv_bn_relu(conv_bn_relu(x, reduce, 1), row, (1, 7))
    branches = [conv_bn_relu(x, c1, 1), conv_bn_relu(tower, column, (7, 1))]
    wide = layers.Conv2D(x.shape[-1], 1)(layers.Concatenate()(branches))
    return layers.ReLU()(layers.Add()([x, layers.Rescaling(scale)(wide)]))
    # END SOLUTION


# %%
check("inception_resnet_block")

# %%
noise = np.abs(np.random.default_rng(0).normal(size=(8, 9, 9, 16))).astype("float32")
fig, axis = plt.subplots(figsize=(7, 3.4))
for scale, line in ((1.0, "k-"), (0.3, "k--"), (0.1, "k:")):
    keras.utils.set_random_seed(1)
    x = inputs = keras.Input((9, 9, 16))
    ends = [x]
    for _ in range(20):
        x = inception_resnet_block(x, 8, 8, 8, 8, scale)
        ends.append(x)
    maps = keras.Model(inputs, ends)(noise, training=True)
    spread = [float(np.std(one)) for one in maps]
    axis.plot(spread, line, label=f"scale {scale}")
axis.set(
    xlabel="blocks", ylabel="standard deviation", xticks=range(0, 21, 5), ylim=(0, None)
)
axis.legend()
axis.grid(alpha=0.3)
plt.tight_layout()
plt.show()

# %% [markdown]
# At full scale each block adds a correction that is not small beside what comes in, and
# after twenty the signal is three times as large; the normalisation inside the branches
# is all that keeps it from growing faster. The authors saw wide networks of this kind
# "die" early in training: after some ten thousand steps they produced only zeros. A
# scale of 0.1 to 0.3 keeps a correction a correction.
#
# Did the shortcut win? The lectures' table of errors, from what the zoo knows, in
# percent, beside parameters:

# %%
FAMILY = (
    *("bn_inception", "inception_v3", "inception_resnet_v1"),
    *("inception_v4", "inception_resnet_v2"),
)
for name in FAMILY:
    *_, published = shared.models.about(name)
    top1, top5 = 100 - published.top1, 100 - published.top5
    size = f"{millions(name):5.1f}M, {billions(name):5.2f} billion"
    print(f"{name:20} top-1 {top1:.1f}, top-5 {top5:.1f}; {size}")

# %% [markdown]
# Inception v4 and Inception-ResNet v2 are as good as each other, and so are v3 and
# Inception-ResNet v1. The shortcut made training *faster*; the final error is a matter
# of size.
#
# ## 4. Separable convolutions
#
# An ordinary convolution looks at places and at channels in one go. Xception
# ([arXiv:1610.02357](https://arxiv.org/abs/1610.02357), "extreme Inception") bets that
# the two can be done apart: first one k×k kernel for each channel alone, then a 1×1
# convolution that mixes channels and sees one place.
#
# - **Depthwise** k×k with the block's `strides` and padding "same", one kernel per
#   channel; then **pointwise** 1×1 to `filters`.
# - Both **linear and without bias**, nothing between them. (Normalisation and ReLU come
#   where the block is used.)
# - `keras.layers.SeparableConv2D` is the answer, so it is not allowed.
#
# **Predict.** By what factor is it cheaper than an ordinary 3×3 convolution for many
# channels: 3, 8, 9, 64?


# %% question="separable_conv"
def separable_conv(x, filters, kernel_size, strides=1):
    """One kernel for each channel, then a 1x1 convolution.

    Args:
        x: Keras tensor (N, H, W, C).
        filters: of the 1x1 convolution.
        kernel_size: of the depthwise convolution, an int.
        strides: of the depthwise convolution, an int.

    Returns:
        Keras tensor (N, ceil(H / strides), ceil(W / strides), filters).
    """
    # BEGIN SOLUTION
    # TODO: first the places, then the channels.
    x = layers.DepthwiseConv2D(kernel_size, strides, padding="same", use_bias=False)(x)
    return layers.Conv2D(filters, 1, use_bias=False)(x)
    # END SOLUTION


# %%
check("separable_conv")

# %% [markdown]
# Two linear steps are one linear step. With kernels $D_{ijc}$ and $P_{cf}$ it is an
# ordinary convolution with the kernel $K_{ijcf} = D_{ijc} P_{cf}$: for each input
# channel all filters share one spatial pattern, up to a factor. Let us see.

# %%
inputs = keras.Input((9, 7, 4))
apart = keras.Model(inputs, separable_conv(inputs, 6, 3, strides=2))
x = np.random.default_rng(1).normal(size=(2, 9, 7, 4)).astype("float32")
spatial, mixing = apart.get_weights()
spatial, mixing = spatial.reshape(3, 3, 4), mixing.reshape(4, 6)
kernel = np.einsum("ijc,cf->ijcf", spatial, mixing)
together = keras.ops.conv(x, kernel, strides=2, padding="same")
gap = float(np.abs(apart(x) - together).max())
print(f"one convolution with the product: differs by less than 1e-5: {gap < 1e-5}")

for channels in (8, 64, 512):
    shape = (16, 16, channels)
    cheap = trained(separable_conv, shape, filters=channels, kernel_size=3)
    full = 3 * 3 * channels * channels
    print(
        f"{channels:3} channels: {full:9,} against {cheap:7,}, {full / cheap:.1f} times"
    )
for name in ("inception_v3", "xception"):
    *_, published = shared.models.about(name)
    size = f"{millions(name):.2f}M parameters"
    print(f"{name:12} {size}, top-1 error {100 - published.top1:.1f} %")

# %% [markdown]
# Close to 9 for many channels: the mixing is what remains to be paid. Xception spends
# what it saves on width, so it is as large as Inception v3 and a little better.
# MobileNet keeps the change and runs on a phone.
#
# ## 5. Wider, not deeper
#
# By 2016 the deepest ResNet had a thousand layers and each per cent of accuracy cost
# twice the depth. Wide ResNets ([arXiv:1605.07146](https://arxiv.org/abs/1605.07146))
# made blocks `width` times wider instead. Their blocks are also **pre-activated**:
# normalisation and ReLU stand in front of a convolution, and after the sum stands
# nothing.
#
# ```
#     x ─ BN ─ ReLU ─┬─ 3×3 (strides) ─ BN ─ ReLU ─ dropout ─ 3×3 ─┐
#     │              └─ 1×1 (strides), only if the shape changes ──┤
#     └──────────────── x itself, if it does not ─────────────────(+)─
# ```
#
# - All convolutions have `filters * width` filters, padding "same", **no bias**.
# - Dropout with `rate`, and no dropout layer (or one of rate 0) if `rate` is 0.
# - The shape changes if `strides` is not 1 or x does not have `filters * width`
#   channels. The 1×1 reads x **after** the first BN and ReLU; it is not normalised.


# %% question="wide_block"
def wide_block(x, filters, width, strides=1, rate=0.0):
    """The block of a wide residual network.

    Args:
        x: Keras tensor (N, H, W, C).
        filters: of the thin network.
        width: how many times wider this one is.
        strides: of the first convolution, and of the projection.
        rate: of the dropout between the convolutions.

    Returns:
        Keras tensor (N, ceil(H / strides), ceil(W / strides), filters * width).
    """
    # BEGIN SOLUTION
    # TODO: normalise, activate; two convolutions; the shortcut; the sum, and no more.

    def conv(before, kernel_size, step):
        layer = layers.Conv2D(
            filters * width, kernel_size, step, padding="same", use_bias=False
        )
        return layer(before)

    ready = layers.ReLU()(layers.BatchNormalization()(x))
    branch = conv(ready, 3, strides)
    branch = layers.ReLU()(layers.BatchNormalization()(branch))
    if rate:
        branch = layers.Dropout(rate)(branch)
    branch = conv(branch, 3, 1)
    if strides != 1 or x.shape[-1] != filters * width:
        x = conv(ready, 1, strides)
    return layers.Add()([x, branch])
    # END SOLUTION


# %%
check("wide_block")

# %% [markdown]
# **Predict.** Twice as wide: how many times the parameters? Twice as deep: how many?

# %%
base = trained(wide_block, (8, 8, 16), filters=16, width=1)
for width in (2, 4, 8):
    wide = trained(wide_block, (8, 8, 16 * width), filters=16, width=width)
    print(f"{width} times as wide: {wide / base:.1f} times the parameters")

# %% [markdown]
# ### An erratum: which ResNet-50?
#
# Two slides, one after the other, give the errors of ResNets. The first says 22.9 and
# 6.7 (top-1 and top-5, in percent) for ResNet-50; the second says 24.01 and 7.02 for
# the same network, and that a 50-layer wide network **outperforms** ResNet-152.
#
# | | first slide | second slide | ms for a batch of 16 |
# |---|---|---|---|
# | ResNet-50 | 22.9, 6.7 | 24.01, 7.02 | 49 |
# | ResNet-101 | 21.8, 6.1 | 22.44, 6.21 | 82 |
# | ResNet-152 | 21.4, 5.7 | 22.16, 6.16 | 115 |
# | WRN-50-2 | | 21.9, 6.03 | 93 |
#
# Both are right: the first averages ten crops of each image, the second looks once, at
# the middle. They are two measurements, and only numbers of one of them may be
# compared.
#
# **Predict.** Is WRN-50-2 better than ResNet-152 by the second slide? If somebody takes
# ResNet-152 from the first? Is it smaller? Does it compute less?

# %%
TEN_CROPS = {"resnet50": 22.9, "resnet101": 21.8, "resnet152": 21.4}
ONE_CROP = {"resnet50": 24.01, "resnet101": 22.44, "resnet152": 22.16, "wrn_50_2": 21.9}
SPEED = {"resnet50": 49, "resnet101": 82, "resnet152": 115, "wrn_50_2": 93}

for name, error in TEN_CROPS.items():
    print(f"{name:10} ten crops are worth {ONE_CROP[name] - error:.2f} points")
wide_error = ONE_CROP["wrn_50_2"]
for words, table in (("one crop each", ONE_CROP), ("mixed up", TEN_CROPS)):
    lead = table["resnet152"] - wide_error
    print(f"WRN-50-2 against ResNet-152, {words}: {lead:+.2f} points")
for name, ms in SPEED.items():
    size, work = millions(name), billions(name)
    print(f"{name:10} {size:.1f}M, {work:.2f} billion, {ms / work:.1f} ms per billion")

# %% [markdown]
# By one measurement the wide network is a quarter of a point ahead, by mixing them it
# would be half a point behind: the protocol weighs more than the idea. It is neither
# smaller (68.9M against 60.2M) nor computes less. It is **faster**, since a GPU does
# few large layers better than many small ones, one after the other.
#
# **Your turn.** A colleague's table has 23.3 % for ResNet-50. What do you write into
# your own table beside it?

# %% [markdown] answer="protocol"
# Whose weights, how many crops and of what size, resized from which size, one network
# or several, and which images. If it cannot be found out, the number is left out, or
# the network is measured again by the same protocol as the others.

# %% [markdown]
# ## 6. ResNeXt: the same block three times
#
# Inception's branches work, but each has numbers of its own to choose. ResNeXt
# ([arXiv:1611.05431](https://arxiv.org/abs/1611.05431)) takes `cardinality` branches
# that are all alike: 1×1 to `width` channels, 3×3 on these, and 1×1 back to the
# channels of x. The paper draws the block in three forms and says that they are the
# same:
#
# - `"paths"`: in each path 1×1 to `width` and 3×3 to `width`, both by the recipe, then
#   1×1 to C, linear. The results of all paths are **summed**.
# - `"concat"`: the same 1×1 and 3×3 in each path; the paths are **concatenated**, and
#   *one* linear 1×1 brings them to C.
# - `"grouped"`: one 1×1 to `cardinality * width`, one 3×3 with `groups=cardinality`,
#   both by the recipe, and one linear 1×1 to C.
#
# In all three: "linear" without bias; then **one** batch normalisation of the sum (or
# of the last 1×1), then + x, then ReLU. C, the channels of x, stays; `cardinality` is
# at least 2.
#
# **Predict.** For which of the forms has the kernel of the last 1×1 convolution(s) most
# weights?


# %% question="resnext_block"
def resnext_block(x, cardinality, width, form):
    """Many equal paths and a shortcut.

    Args:
        x: Keras tensor (N, H, W, C).
        cardinality: how many paths, at least 2.
        width: channels within a path.
        form: "paths", "concat" or "grouped".

    Returns:
        Keras tensor (N, H, W, C).
    """
    # BEGIN SOLUTION
    # TODO: three ways to one branch; then normalisation, sum, ReLU, common to all.

    def widen(before):
        return layers.Conv2D(x.shape[-1], 1, use_bias=False)(before)

    if form == "grouped":
        both = cardinality * width
        branch = conv_bn_relu(x, both, 1)
        branch = widen(conv_bn_relu(branch, both, 3, groups=cardinality))
    else:
        paths = [
            conv_bn_relu(conv_bn_relu(x, width, 1), width, 3)
            for _ in range(cardinality)
        ]
        if form == "concat":
            branch = widen(layers.Concatenate()(paths))
        else:
            branch = layers.Add()([widen(path) for path in paths])
    branch = layers.BatchNormalization()(branch)
    return layers.ReLU()(layers.Add()([x, branch]))
    # END SOLUTION


# %%
check("resnext_block")

# %% [markdown]
# ### Look: are they the same?
#
# We build all three and copy weights. The kernels of one path are slices of the grouped
# ones: the first 1×1 is cut along its filters, the grouped 3×3 along its filters, the
# last 1×1 along its *inputs*.

# %%
PATHS, WIDTH, DEPTH = 4, 3, 8


def kernels_of(model, like):
    """The convolutions of a model whose kernel has a shape, in their order."""
    convolutions = [i for i in model.layers if isinstance(i, layers.Conv2D)]
    return [i for i in convolutions if tuple(i.kernel.shape) == like]


def build(form):
    inputs = keras.Input((6, 5, DEPTH))
    return keras.Model(inputs, resnext_block(inputs, PATHS, WIDTH, form))


keras.utils.set_random_seed(0)
forms = {form: build(form) for form in ("grouped", "concat", "paths")}
total = PATHS * WIDTH
(first,) = kernels_of(forms["grouped"], (1, 1, DEPTH, total))
(middle,) = kernels_of(forms["grouped"], (3, 3, WIDTH, total))
(last,) = kernels_of(forms["grouped"], (1, 1, total, DEPTH))

for form in ("concat", "paths"):
    net = forms[form]
    cut = [slice(WIDTH * p, WIDTH * (p + 1)) for p in range(PATHS)]
    for source, like in ((first, (1, 1, DEPTH)), (middle, (3, 3, WIDTH))):
        for part, piece in zip(kernels_of(net, (*like, WIDTH)), cut, strict=True):
            part.kernel.assign(source.kernel.numpy()[..., piece])
    for part in kernels_of(net, last.kernel.shape):  # "concat" has one
        part.kernel.assign(last.kernel)
    for part, piece in zip(kernels_of(net, (1, 1, WIDTH, DEPTH)), cut, strict=False):
        part.kernel.assign(last.kernel.numpy()[:, :, piece])

x = np.random.default_rng(2).normal(size=(4, 6, 5, DEPTH)).astype("float32")
answers = {form: np.array(net(x, training=True)) for form, net in forms.items()}
for form, net in forms.items():
    gap = np.abs(answers[form] - answers["grouped"]).max()
    convolutions = [i for i in net.layers if isinstance(i, layers.Conv2D)]
    kernels = sum(math.prod(i.kernel.shape) for i in convolutions)
    same = "the same" if gap < 1e-5 else f"differs by {gap:.3f}"
    print(f"{form:8} {len(convolutions):2} convolutions, {kernels} weights: {same}")

# %% [markdown]
# The same numbers, with batch statistics too, and the same weights, in twelve layers or
# in three. The grouped form is the one to run: one large operation instead of many
# small ones.
#
# The paper's table says that ResNet-50 and ResNeXt-50 (32 paths of 4) cost the same:
# 25.5M and 25.0M parameters, 4.1 and 4.2 billion.


# %%
def bottleneck(x, width):
    """ResNet's block of three, without a projection."""
    branch = conv_bn_relu(conv_bn_relu(x, width, 1), width, 3)
    branch = layers.Conv2D(x.shape[-1], 1, use_bias=False)(branch)
    return layers.ReLU()(layers.Add()([x, layers.BatchNormalization()(branch)]))


for stage in range(4):
    shape = (7, 7, 256 * 2**stage)
    plain = trained(bottleneck, shape, width=64 * 2**stage)
    kind = {"cardinality": 32, "width": 4 * 2**stage, "form": "grouped"}
    split = trained(resnext_block, shape, **kind)
    print(f"block of stage {stage + 1}: ResNet {plain:9,}, ResNeXt {split:9,}")
for name in ("resnet50", "resnet50_v1_5", "resnext50_32x4d"):
    print(f"{name:16} {millions(name):.2f}M, {billions(name):.2f} billion")

# %% [markdown]
# Yes, and the small print: 25.5M is 25.56M cut off. 4.1 billion is ResNet-50 with the
# stride on its 3×3 convolutions, as ResNeXt has it, and not the original with 3.86. For
# the same price ResNeXt has 128 channels in the middle instead of 64.
#
# ## 7. DenseNet
#
# A residual block hands on a *sum*: $x_\ell = H_\ell(x_{\ell-1}) + x_{\ell-1}$. A dense
# block ([arXiv:1608.06993](https://arxiv.org/abs/1608.06993)) hands on *everything*:
# $x_\ell = H_\ell([x_0, x_1, \dots, x_{\ell-1}])$, with brackets for concatenation.
# Nothing is overwritten, so a layer needs to add only a few maps, `growth` of them.
#
# - One layer: BN, ReLU, 3×3 convolution with `growth` filters (padding "same", no
#   bias), on the concatenation of x and the results of all layers before.
# - With `bottleneck=True` in front of the 3×3: BN, ReLU, 1×1 with `4 * growth` filters;
#   then BN, ReLU, 3×3 as before.
# - There are `depth` layers. The block returns x and all their results, concatenated.
#
# **Predict.** 64 channels come in; 6 layers with growth 32. How many come out?


# %% question="dense_block"
def dense_block(x, depth, growth, bottleneck=False):
    """Layers that read everything before them.

    Args:
        x: Keras tensor (N, H, W, C).
        depth: how many layers.
        growth: maps that each layer adds.
        bottleneck: whether a 1x1 convolution to 4 * growth maps precedes each 3x3.

    Returns:
        Keras tensor (N, H, W, C + depth * growth).
    """
    # BEGIN SOLUTION
    # TODO: as often as depth says: from all maps so far, growth new ones; keep both.

    def layer(maps, filters, kernel_size):
        maps = layers.ReLU()(layers.BatchNormalization()(maps))
        return layers.Conv2D(filters, kernel_size, padding="same", use_bias=False)(maps)

    for _ in range(depth):
        new = layer(x, 4 * growth, 1) if bottleneck else x
        x = layers.Concatenate()([x, layer(new, growth, 3)])
    return x
    # END SOLUTION


# %%
check("dense_block")

# %% [markdown]
# DenseNet-121 has blocks of 6, 12, 24 and 16 layers with growth 32. Between them a
# transition halves the channels.
#
# **Predict.** Its width after each block. And: what does a layer's price depend on, the
# 10th and the 20th of a block?

# %%
channels, widths = 64, []
for number, depth in enumerate((6, 12, 24, 16), 1):
    inputs = keras.Input((4, 4, channels))
    after = dense_block(inputs, depth, 32, bottleneck=True).shape[-1]
    count = trained(
        dense_block, (4, 4, channels), depth=depth, growth=32, bottleneck=True
    )
    print(f"block {number}: {channels} channels in, {after} out, {count:,} parameters")
    channels = after // 2

# %%
RESNETS = ("resnet34", "resnet50", "resnet101", "resnet152")
DENSENETS = ("densenet121", "densenet169", "densenet201", "densenet161")
fig, axis = plt.subplots(figsize=(7, 3.8))
for family, style in ((RESNETS, "k--s"), (DENSENETS, "k-o")):
    errors = [100 - shared.models.about(name)[2].top1 for name in family]
    sizes = [millions(name) for name in family]
    axis.plot(sizes, errors, style, label=family[0].rstrip("0123456789"))
    for name, size, error in zip(family, sizes, errors, strict=True):
        axis.annotate(
            name[-3:].lstrip("t"), (size, error), (5, 5), textcoords="offset points"
        )
        print(f"{name:12} {size:5.1f}M, top-1 error {error:.1f} %")
axis.set(xlabel="million parameters", ylabel="top-1 error, %")
axis.set(xlim=(0, 68), ylim=(21.8, 25.4))
axis.legend()
axis.grid(alpha=0.3)
plt.tight_layout()
plt.show()

# %% [markdown]
# At the same error a DenseNet has about a third of the parameters. The price is memory:
# every map is kept and read again and again. (ResNet-34's number is of ten crops, and
# flatters it; you know by now to ask.)
#
# ## 8. Squeeze and excite
#
# A convolution weighs channels by fixed numbers. Squeeze-and-excitation
# ([arXiv:1709.01507](https://arxiv.org/abs/1709.01507)) lets the *image* decide: which
# channels are worth listening to here?
#
# - **Squeeze**: the mean of each channel over all places.
# - **Excite**: dense to `C // ratio` with ReLU, dense to C with **sigmoid**, both with
#   biases. Each channel of x is multiplied by its number.
#
# **Predict.** Fresh weights: roughly what are the numbers that channels are multiplied
# by?


# %% question="squeeze_excite"
def squeeze_excite(x, ratio=16):
    """Every channel times a number between 0 and 1.

    Args:
        x: Keras tensor (N, H, W, C).
        ratio: C // ratio is the width of the hidden dense layer.

    Returns:
        Keras tensor (N, H, W, C).
    """
    # BEGIN SOLUTION
    # TODO: means; two dense layers; one number per channel, for all places; multiply.
    depth = x.shape[-1]
    gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
    gate = layers.Dense(depth // ratio, activation="relu")(gate)
    gate = layers.Dense(depth, activation="sigmoid")(gate)
    return layers.Multiply()([x, gate])
    # END SOLUTION


# %%
check("squeeze_excite")

# %%
inputs = keras.Input((5, 6, 32))
gated = keras.Model(inputs, squeeze_excite(inputs))
x = np.random.default_rng(3).normal(size=(1, 5, 6, 32)).astype("float32")
ratio = np.array(gated(x)) / x
print(f"every channel times {ratio.min():.1f} to {ratio.max():.1f}")

extra = 0
for stage, count in enumerate((3, 4, 6, 3)):
    depth = 256 * 2**stage
    extra += count * trained(squeeze_excite, (7, 7, depth))
grown = millions("se_resnet50") - millions("resnet50")
print(f"in all 16 blocks of ResNet-50: {extra:,} parameters more")
print(f"SE-ResNet-50 has {grown:.2f}M more than ResNet-50")
work = billions("se_resnet50") / billions("resnet50") - 1
print(f"and {work:.2%} more multiply-adds")

# %% [markdown]
# A tenth more parameters, next to no arithmetic, and more than a point of top-1 error
# less: few ideas are so cheap.
#
# ## 9. The zoo
#
# One measurement for all: the published weights of forty-odd networks, run over the
# same images with one program (a lecture's table; accuracy in percent). Beside it what
# the zoo has counted.
#
# **Predict.** Sort by *accuracy per parameter*: who wins? And does more arithmetic buy
# accuracy all the way up?

# %%
measured = [r for r in zoo_table("imagenet_accuracies.csv") if r["variant"] in COUNTS]
best = {}
for row in measured:  # a network that was measured twice counts with its better run
    best.setdefault(row["variant"], float(row["top1"]))
SHOWN = {
    "PolyNet": "polynet",
    "PNASNet-5": "pnasnet5_large",
    "NASNet-A": "nasnet_a_large",
    "SENet-154": "senet154",
    "Inception-ResNet v2": "inception_resnet_v2",
    "DPN-131": "dpn131",
    "Xception": "xception",
    "SE-ResNeXt-50": "se_resnext50_32x4d",
    "DenseNet-161": "densenet161",
    "SqueezeNet": "squeezenet1_1",
}
for words, name in SHOWN.items():
    size = f"{millions(name):6.2f}M {billions(name):6.2f} billion"
    print(f"{words:20} {size}  top-1 {best[name]:.1f} %")

fig, axes = plt.subplots(1, 2, figsize=(10, 4.2), sharey=True)
for axis, cost, label in (
    (axes[0], millions, "million parameters"),
    (axes[1], billions, "billion multiply-adds"),
):
    axis.scatter([cost(n) for n in best], [*best.values()], color="0.6", s=22)
    for words, name in SHOWN.items():
        axis.plot(cost(name), best[name], "ks", ms=5)
        if words in ("PNASNet-5", "SqueezeNet", "DenseNet-161"):
            above = words == "PNASNet-5"
            axis.annotate(
                words,
                (cost(name), best[name]),
                (-6, 7) if above else (4, -14),
                textcoords="offset points",
                fontsize=10,
                ha="right" if above else "left",
            )
    axis.set(xlabel=label, xscale="log")
    axis.grid(alpha=0.3)
axes[0].set(ylabel="top-1 accuracy, %", ylim=(54, 86))
plt.tight_layout()
plt.show()

# %% [markdown]
# Accuracy rises about with the *logarithm* of the cost. SqueezeNet has AlexNet's
# accuracy with a fiftieth of its parameters. At the top stand networks that were
# searched for by machines (NASNet, PNASNet) and hybrids of everything on this page:
# paths, groups, dense wires and gates.
#
# ### The depth spectrum
#
# Three trends, says a lecture: more layers, smaller kernels, no dense layers. Count
# them. Depth is the number of convolutions and dense layers on the longest way from the
# image to the answer.
#
# **Predict** the depth of GoogLeNet and DenseNet-121, and the part of AlexNet's and of
# ResNet-50's parameters that sits in dense layers.


# %%
def depth_of(uses):
    """Layers with weights on the longest way."""
    deep = {"input": 0}
    for use in uses:
        weighty = isinstance(use.layer, LINEAR)
        below = max((deep.get(source, 0) for source in use.sources), default=0)
        deep[use.path] = below + weighty
    return max(deep.values())


LINEAR = (layers.Conv2D, layers.DepthwiseConv2D, layers.Dense)
for name in ("alexnet", "vgg16", "googlenet", "resnet50", "squeezenet1_1"):
    with keras.StatelessScope(initialize_variables=False):
        uses = applications(shared.models.build(name))
    weighty = [use.layer for use in uses if isinstance(use.layer, LINEAR)]
    dense = sum(i.count_params() for i in weighty if isinstance(i, layers.Dense))
    windows = [max(i.kernel_size) for i in weighty if hasattr(i, "kernel_size")]
    small = sum(size <= 3 for size in windows) / len(windows)
    share = dense / 1e6 / millions(name)
    print(
        f"{name:14} depth {depth_of(uses):2}, "
        f"kernels to 3×3 {small:.0%}, dense {share:.0%}"
    )

# %% [markdown]
# Each claim holds: depth grew, kernels beyond 3×3 remain at the entrance (and in
# GoogLeNet's 5×5 branches, until its version 2), and the dense layers shrank from
# nearly everything to one classifier, or to none.
#
# **Your turn.** A network for a phone, 5 million parameters, half a billion
# multiply-adds. Which of the eight blocks would you build it of, and which not?

# %% [markdown] answer="phone"
# Separable convolutions: they save both. Squeeze-and-excitation on top: parameters, but
# next to no arithmetic. A shortcut, since it is free. Not dense blocks: they are small,
# but they read and write so many maps that a phone's memory is the limit. Not wide
# ones. (Add "inverted bottlenecks", and this is MobileNet v3.)

# %% [markdown]
# ## What you have built
#
# Eight blocks, and most networks of the last years are words made of these letters. In
# assignment 12 they get too large for one device.
#
# Before you hand in: run `python -m grader assignments/11` once, from the folder of the
# course.
