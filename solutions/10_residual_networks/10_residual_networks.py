# %% [markdown]
# # Residual networks
#
# More layers can compute more, so more layers should do better. They do not: from some
# depth on a plain network learns *worse*, on the training data too. In this notebook
# you build the block that mended it, look at what it does to signals and gradients,
# and take finished networks apart.
#
# The rhythm is always the same: **predict** a result, **implement** the function,
# **check** it, **look** at what it does. Do write the prediction down before you run
# the cell below it.
#
# | | you write | points |
# |---|---|---|
# | 1 | `plain_block` | 10 |
# | 2 | `residual_block` | 20 |
# | 3 | `bottleneck_block` | 15 |
# | 4 | `resnet` | 15 |
# | 5 | `deepen_by_identity` | 15 |
# | 6 | `gradient_norms` | 15 |
# | 7 | `drop_blocks` | 10 |
#
# After each answer stands `check("...")`, which runs a few public tests. The grader
# runs more; `python -m grader assignments/10` in a terminal shows the score.

# %%
import math
import os
from itertools import pairwise

from shared.quiet import quiet_tensorflow

quiet_tensorflow()

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from grader.notebook import check
from shared.accounting import multiply_adds
from shared.datasets import load_arrays

DATASET = "digits"  # "mnist" for the bigger one, which is downloaded once
QUICK = os.environ.get("COURSE_QUICK") == "1"
plt.rcParams.update({"figure.dpi": 85, "font.size": 12, "image.cmap": "gray"})


def in_small(name):
    """Images of 8x8 pixels around zero, (N, 8, 8, 1): deep networks stay cheap."""
    x, y = load_arrays(DATASET, name)
    middle = x[:6000, 2:26, 2:26, 0].astype("float32") / 255 - 0.5
    return middle.reshape(-1, 8, 3, 8, 3).mean(axis=(2, 4))[..., None], y[:6000]


train_x, train_y = in_small("train")
test_x, test_y = in_small("test")
print(train_x.shape, test_x.shape)

# %% [markdown]
# ## Conventions
#
# They hold in every question, and the tests rely on them.
#
# - A **block** is a function from a Keras tensor to a Keras tensor: it is called while
#   a model is being put together, as any layer is. Batches are (N, H, W, C).
# - `filters` is the number of channels that **come out**. `strides` is an int and holds
#   for height and width.
# - The **recipe**, for each convolution of a block and of `resnet`: padding `"same"` as
#   Keras has it, **no bias**, He's weights (`kernel_initializer="he_normal"`), and
#   batch normalisation directly behind it. You are given `conv_bn` for that; you may
#   also write it your own way.
# - Where a block has a **shortcut**, it is x itself if the block changes neither the
#   size nor the number of channels. Otherwise it is a *projection*: one 1×1 convolution
#   with the block's `strides`, and batch normalisation.
# - Use layers of Keras, functional or sequential, no layer classes of your own and no
#   `Lambda`: your models are sent as their configuration and inspected elsewhere. How
#   you name layers, whether you write `Add()` or `+`, `ReLU()` or `Activation("relu")`,
#   does not matter.
#
# ## 1. Two convolutions in a row
#
# The recipe comes from the paper that the lectures tell about
# ([arXiv:1512.03385](https://arxiv.org/abs/1512.03385)): batch normalisation behind
# every convolution, He's start, gradient descent with momentum 0.9, batches of 256, a
# learning rate of 0.1 that is divided by 10 whenever the error stands still, and no
# dropout. Batch normalisation has its own shift, hence no bias.


# %%
def conv_bn(x, filters, kernel_size, strides=1):
    """A convolution by the recipe, and its batch normalisation."""
    x = keras.layers.Conv2D(
        filters,
        kernel_size,
        strides,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
    )(x)
    return keras.layers.BatchNormalization(momentum=0.9)(x)


# %% [markdown]
# The plain block, for comparison: 3×3 convolution (it has the stride), normalisation,
# ReLU, and once more without a stride. In the letters of a lecture, with $g$ for ReLU:
# $z^{[l+1]} = W^{[l+1]} a^{[l]} + b^{[l+1]}$ and $a^{[l+1]} = g(z^{[l+1]})$, then
# $z^{[l+2]} = W^{[l+2]} a^{[l+1]} + b^{[l+2]}$ and $a^{[l+2]} = g(z^{[l+2]})$.
#
# **Predict.** How many trained parameters has it for 16 channels in and out? (The two
# numbers per channel that batch normalisation learns count too.)


# %% question="plain_block"
def plain_block(x, filters, strides=1):
    """Two 3x3 convolutions, as a piece of a plain network.

    Args:
        x: symbolic feature maps (N, H, W, C), a Keras tensor.
        filters: channels of the output.
        strides: of the first convolution.

    Returns:
        a Keras tensor (N, ceil(H / strides), ceil(W / strides), filters).
    """
    # BEGIN SOLUTION
    # TODO: twice: convolution 3x3, batch normalisation, ReLU. Who has the stride?
    x = keras.layers.ReLU()(conv_bn(x, filters, 3, strides))
    return keras.layers.ReLU()(conv_bn(x, filters, 3))
    # END SOLUTION


# %%
check("plain_block")


# %%
def as_model(block, shape, **arguments):
    """The Keras model of one block."""
    inputs = keras.Input(shape)
    return keras.Model(inputs, block(inputs, **arguments))


def trained(model):
    """How many parameters training changes."""
    return sum(math.prod(w.shape) for w in model.trainable_weights)


for channels in (16, 32, 64):
    model = as_model(plain_block, (8, 8, channels), filters=channels)
    print(f"{channels} channels: {trained(model):,} trained parameters")

# %% [markdown]
# ### An erratum: a decay ten times too small
#
# A slide gives the recipe's weight decay as 1e-5. The paper has 1e-4. Does a factor of
# ten matter? Decay adds `decay * weight` to each gradient. Take a weight that the loss
# does not pull at any more, and train on: 30 epochs of 1,281,167 images in batches of
# 256, at a learning rate of 0.1, momentum 0.9.
#
# **Predict.** What is left of the weight, in per cent, for either decay?

# %%
steps = 30 * 1_281_167 // 256
for decay in (1e-4, 1e-5):
    weight, velocity = 1.0, 0.0
    for _ in range(steps):
        velocity = 0.9 * velocity + decay * weight
        weight -= 0.1 * velocity
    print(f"weight decay {decay:.0e}: {weight:.4%} left after {steps:,} steps")

# %% [markdown]
# With the paper's number what is not needed is gone before the first drop of the
# learning rate. With the slide's a fifth is still there: hardly a decay. (VGG and
# AlexNet had 5e-4.)
#
# **Your turn.** A convolution with batch normalisation behind it computes the same if
# its kernel is halved. So decay cannot shrink what the network computes. What does it
# do instead?

# %% [markdown] answer="decay"
# It keeps the kernels short, and for a short kernel the same gradient step is a larger
# turn (the gradient grows as the kernel shrinks, too). Decay keeps the *effective*
# learning rate up; without it the kernels grow and learning slows down.

# %% [markdown]
# ## 2. The residual block
#
# Suppose a block should do nothing at all, since the network is deep enough already.
# A plain block has to *learn* the identity, through two convolutions and two ReLUs. So
# give it the identity for free, and let it learn the difference. In the letters from
# above one term is new:
#
# $$a^{[l+2]} = g(z^{[l+2]} + a^{[l]})$$
#
# Others write $H(x) = F(x) + x$: the block should compute $H$, and its convolutions
# only learn the *residual* $F(x) = H(x) - x$. Those are the two ways to read one
# picture: a plain network with wires that skip layers, or a stack of small corrections
# to a signal that flows through.
#
# - The branch is the plain block without its last ReLU.
# - The shortcut is as in *Conventions*: x, or a projection where the shape changes.
# - ReLU comes **after** the sum.
#
# **Predict.** When does the block need a projection: `strides=2`; `strides=1` from 16
# to 32 channels; `strides=1` from 32 to 32?


# %% question="residual_block"
def residual_block(x, filters, strides=1):
    """Two 3x3 convolutions that add to what came in.

    Args:
        x: symbolic feature maps (N, H, W, C), a Keras tensor.
        filters: channels of the output.
        strides: of the first convolution, and of the projection.

    Returns:
        a Keras tensor (N, ceil(H / strides), ceil(W / strides), filters).
    """
    # BEGIN SOLUTION
    # TODO: the branch; the shortcut, x itself or its projection; the sum; ReLU.
    branch = keras.layers.ReLU()(conv_bn(x, filters, 3, strides))
    branch = conv_bn(branch, filters, 3)
    if strides != 1 or x.shape[-1] != filters:
        x = conv_bn(x, filters, 1, strides)
    return keras.layers.ReLU()(keras.layers.Add()([x, branch]))
    # END SOLUTION


# %%
check("residual_block")

# %% [markdown]
# ### Look: a branch of zeros
#
# All kernels zero, in a plain block and in a residual one; through both we send maps of
# a digit, once as they are and once cut off at zero.
#
# **Predict** the four largest differences between output and input.

# %%
maps = np.repeat(test_x[:1], 4, axis=-1)
for name, block in (("plain", plain_block), ("residual", residual_block)):
    model = as_model(block, maps.shape[1:], filters=4)
    model.set_weights([w * (w.ndim < 4) for w in model.get_weights()])
    for kind, x in (("as they are", maps), ("never negative", np.maximum(maps, 0))):
        difference = np.abs(model(x) - x).max()
        print(f"{name:8} block of zeros, maps {kind:14}: {difference:.2f}")

# %% [markdown]
# Behind another block's ReLU nothing is negative, and there the residual block with a
# zero branch **is** the identity. The plain one is a wall. That is the first reason why
# skips work: "do nothing" costs nothing.
#
# **Your turn.** A friend puts the ReLU on the branch, before the sum. Then zero is the
# identity too, even for negative numbers. What goes wrong in a deep stack?

# %% [markdown] answer="relu_place"
# A branch that ends in ReLU can only add. The signal grows from block to block and no
# block can take back what an earlier one put in. (Later versions drop the ReLU after
# the sum and put normalisation and ReLU in front of the convolutions instead.)

# %% [markdown]
# ## 3. The bottleneck
#
# Two 3×3 convolutions on 256 channels are expensive. The deep versions first squeeze
# the channels to a quarter with a 1×1 convolution, work on these with 3×3, and widen
# again with 1×1.
#
# - 1×1 to `filters // 4` channels; 3×3 on these; 1×1 to `filters`. All by the recipe,
#   ReLU behind the first two, and after the sum.
# - The **first 1×1** has the stride, as in the authors' networks.
# - `filters` is a multiple of 4. The shortcut is as before.
#
# **Predict.** By what factor is it cheaper than two 3×3 convolutions, for 256 channels?


# %% question="bottleneck_block"
def bottleneck_block(x, filters, strides=1):
    """1x1 down to a quarter of the channels, 3x3, 1x1 up again; added to x.

    Args:
        x: symbolic feature maps (N, H, W, C), a Keras tensor.
        filters: channels of the output, a multiple of 4.
        strides: of the first 1x1 convolution, and of the projection.

    Returns:
        a Keras tensor (N, ceil(H / strides), ceil(W / strides), filters).
    """
    # BEGIN SOLUTION
    # TODO: the branch of three convolutions; shortcut, sum and ReLU as before.
    width = filters // 4
    branch = keras.layers.ReLU()(conv_bn(x, width, 1, strides))
    branch = keras.layers.ReLU()(conv_bn(branch, width, 3))
    branch = conv_bn(branch, filters, 1)
    if strides != 1 or x.shape[-1] != filters:
        x = conv_bn(x, filters, 1, strides)
    return keras.layers.ReLU()(keras.layers.Add()([x, branch]))
    # END SOLUTION


# %%
check("bottleneck_block")

# %%
print("channels   residual_block   bottleneck_block   ratio")
for channels in (64, 256):
    shape = (14, 14, channels)
    two, three = (
        trained(as_model(block, shape, filters=channels))
        for block in (residual_block, bottleneck_block)
    )
    print(f"{channels:8}   {two:14,}   {three:16,}   {two / three:5.1f}")

# %% [markdown]
# ### Errata: one network, many numbers
#
# A bottleneck has three layers, so 3 + 4 + 6 + 3 of them, a first convolution and a
# classifier make ResNet-50. Slides give it 25M, 25.5M and 25.6M parameters, and 3.8 or
# 4.1 billion multiply-adds. The one in Keras says it has yet another number. We build
# it from your blocks and see who is right.
#
# **Predict.** Who counts what? (What might be counted or not: running means and
# variances; biases. What might be built otherwise: the place of the stride.)

# %%
# Blocks in each stage, and layers in each block.
DESIGNS = [((2, 2, 2, 2), 2), ((3, 4, 6, 3), 2), ((3, 4, 6, 3), 3), ((3, 8, 36, 3), 3)]


def imagenet_resnet(blocks):
    """The network of bottlenecks for images of 224x224."""
    inputs = keras.Input((224, 224, 3))
    x = keras.layers.ReLU()(conv_bn(inputs, 64, 7, strides=2))
    x = keras.layers.MaxPooling2D(3, 2, padding="same")(x)
    for stage, count in enumerate(blocks):
        for index in range(count):
            strides = 2 if stage > 0 and index == 0 else 1
            x = bottleneck_block(x, 256 * 2**stage, strides)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(1000)(x))


big = imagenet_resnet(DESIGNS[2][0])
convolutions = [i for i in big.layers if isinstance(i, keras.layers.Conv2D)]
biases = sum(layer.filters for layer in convolutions)
print(f"trained parameters         {trained(big):,}")
print(f"with running statistics    {big.count_params():,}")
print(f"and biases, as in Keras    {big.count_params() + biases:,}")

# %% [markdown]
# So 25.6 million is right, 25.5 is the same number cut off instead of rounded, and 25
# is cut off more. Keras adds biases that its batch normalisation makes useless.
#
# Now the arithmetic. Later code moves the stride from the first 1×1 to the 3×3
# convolution. Then three of the 1×1 convolutions, those at the beginning of stages 2,
# 3 and 4, work on four times as many places.

# %%
paper = multiply_adds(big)
moved = 0
for stage in (1, 2, 3):
    places, depth, narrow = (56 // 2**stage) ** 2, 128 * 2**stage, 64 * 2**stage
    moved += (4 - 1) * places * depth * narrow
print(f"stride on the first 1x1    {paper:,} multiply-adds")
print(f"stride on the 3x3          {paper + moved:,}")

vgg, weights, places, depth = 0, 0, 224, 3
for filters, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
    for _ in range(count):
        weights += 9 * depth * filters
        vgg += places**2 * 9 * depth * filters
        depth = filters
    places //= 2
dense = places**2 * depth * 4096 + 4096 * 4096 + 4096 * 1000
print(f"VGG-16, convolutions only  {vgg:,}")
print(f"VGG-16                     {vgg + dense:,}")
print(f"weights of VGG-16          {weights + dense:,}")

# %% [markdown]
# Two networks under one name: 3.86 billion is the paper's ("3.8", cut off again), 4.09
# that of later code ("4.1"). VGG-16 has 15.47 billion multiply-adds (the slides' 15.3
# are its convolutions alone) and 138 million weights. A network three times as deep
# costs a quarter and has a fifth of the weights: bottlenecks, and one small classifier
# behind global average pooling where VGG has three large dense layers.
#
# ## 4. The whole network
#
# For small images the paper uses a simple family. A 3×3 convolution to 16 channels;
# three stages of `n` blocks with 16, 32 and 64 channels; the first block of the second
# and of the third stage has stride 2; global average pooling; one dense layer. Where
# the size halves the channels double.
#
# - `resnet(n)` is built of your `residual_block`, `resnet(n, residual=False)` of your
#   `plain_block`, `shape` and `classes` as given.
# - The first convolution is by the recipe, with ReLU behind it.
# - The dense layer gives **logits**: no softmax.
#
# (The paper's version has shortcuts without weights where the channels change, zeros
# for the new channels. Ours projects there, as its networks for ImageNet do.)
#
# **Predict.** How many layers with weights has the plain one for n = 3 and n = 9?


# %% question="resnet"
def resnet(n, shape=(32, 32, 3), classes=10, residual=True):
    """The network of 6n + 2 layers for small images, residual or plain.

    Args:
        n: blocks in each of the three stages.
        shape: of an image, (H, W, C).
        classes: how many logits come out.
        residual: built of your residual_block, or else of your plain_block.

    Returns:
        a keras.Model from images (N, H, W, C) to logits (N, classes).
    """
    # BEGIN SOLUTION
    # TODO: the first convolution; three stages; global average pooling; logits.
    block = residual_block if residual else plain_block
    inputs = keras.Input(shape)
    x = keras.layers.ReLU()(conv_bn(inputs, 16, 3))
    for stage in range(3):
        for index in range(n):
            strides = 2 if stage > 0 and index == 0 else 1
            x = block(x, 16 * 2**stage, strides)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(classes)(x))
    # END SOLUTION


# %%
check("resnet")

# %%
print("   n  layers    plain  residual  difference   one 3x3 in stages 1, 2, 3")
for n in (1, 3, 5, 9):
    counts = [trained(resnet(n, residual=kind)) for kind in (False, True)]
    depth = 2 + 3 * n * 2
    places = [(32 // 2**s) ** 2 * 9 * (16 * 2**s) ** 2 for s in range(3)]
    print(f"{n:4} {depth:7} {counts[0]:8,} {counts[1]:9,}", end=" ")
    print(f"{counts[1] - counts[0]:11,}", *(f"{p:10,}" for p in places))

# %% [markdown]
# The difference is always that of two projections. And look at the last three columns,
# the multiply-adds of a 3×3 convolution in each stage: twice the channels on a quarter
# of the places cost the same. That is why the two always go together.
#
# **Predict.** Depth is counted in layers with weights on the longest way. How deep are
# the four networks of `DESIGNS`?

# %%
for blocks, layers in DESIGNS:
    depth = 2 + layers * sum(blocks)
    print(f"{blocks!s:14} blocks of {layers}: {depth} layers")

# %% [markdown]
# ### Look: the degradation
#
# Now the experiment of the lectures, on a scale of our own: plain and residual networks
# of three depths learn to read digits of 8×8 pixels, each from three different starts.
# Every network sees the same batches.
#
# The lectures show plain networks of 20 and 56 layers, and of 18 and 34: the deeper one
# has the higher error, **on the training data**. So it is not overfitting.
#
# **Predict** the six training losses: which grow with depth?


# %%
def learner(model, learning_rate=0.05):
    """A function that trains `model` anew, from a seed; it returns all losses."""
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.SGD(learning_rate, momentum=0.9)
    optimizer.build(model.trainable_variables)
    start = [variable.numpy() for variable in optimizer.variables]

    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            loss = loss_of(y, model(x, training=True))
        slopes = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(slopes, model.trainable_variables)
        return loss

    def learn(seed, steps):
        keras.utils.set_random_seed(seed)
        model.set_weights(keras.models.clone_model(model).get_weights())
        for variable, value in zip(optimizer.variables, start, strict=True):
            variable.assign(value)
        rng = np.random.default_rng(seed)
        picks = rng.integers(len(train_x), size=(steps, 64))
        return np.array([float(step(train_x[p], train_y[p])) for p in picks])

    return learn


def right(logits):
    """The share of test digits that are read correctly."""
    return np.mean(np.argmax(logits, axis=1) == test_y)


# %%
sizes, seeds, steps = ((1, 2), 1, 12) if QUICK else ((1, 3, 5), 3, 70)
losses = {}
for n in sizes:
    for residual in (False, True):
        learn = learner(resnet(n, (8, 8, 1), residual=residual))
        losses[n, residual] = [learn(seed, steps) for seed in range(seeds)]

styles = {1: ":", 2: "--", 3: "--", 5: "-"}
fig, axes = plt.subplots(1, 3, figsize=(12, 3.8))
for axis, residual in zip(axes, (False, True), strict=False):
    for n in sizes:
        mean = np.mean(losses[n, residual], axis=0)
        axis.plot(mean, styles[n], color="k", label=f"{6 * n + 2} layers")
    title = "residual" if residual else "plain"
    axis.set(title=title, xlabel="step", ylabel="training loss", ylim=(0, 3))
    axis.legend(fontsize=10)
depths = [6 * n + 2 for n in sizes]
for residual, style in ((False, "k--s"), (True, "k-o")):
    ends = np.array([[run[-10:].mean() for run in losses[n, residual]] for n in sizes])
    mean = ends.mean(axis=1)
    spread = [mean - ends.min(axis=1), ends.max(axis=1) - mean]
    name = "residual" if residual else "plain"
    axes[2].errorbar(depths, mean, spread, fmt=style, capsize=4, label=name)
    for depth, value in zip(depths, mean, strict=True):
        print(f"{name:8} {depth:2} layers: loss of the last ten steps {value:.3f}")
axes[2].set(title=f"{seeds} starts", xlabel="layers", ylabel="loss at the end")
axes[2].set_xticks(depths)
axes[2].legend(fontsize=10)
plt.tight_layout()
plt.show()

# %% [markdown]
# The plain networks get worse with every block, and the bars (from the best to the
# worst start) do not overlap: this is no accident of one seed. The residual ones mind
# far less. On ImageNet the paper found for 18 and 34 layers: plain 27.9 and 28.5 %
# error, residual 27.9 and 25.0 %. `python -m shared.training.studies degradation` has
# the long version.
#
# **Your turn.** Is the 32-layer plain network too weak to do what the 8-layer one
# does? Argue for or against, before you read on.

# %% [markdown] answer="capacity"
# No. It could copy the 8-layer network and let its other layers pass everything on
# unchanged. So a good solution exists among its weights, and training does not find it:
# the trouble is in the optimisation, not in the capacity. The next part builds that
# solution.

# %% [markdown]
# ## 5. The solution that nobody finds
#
# "A deeper network should never have a higher training error", say the lectures, and
# prove it by construction: copy the shallow network, and set the extra layers to the
# identity. You do it, for a plain chain of layers.
#
# - `model` is a chain of Keras layers: `model.layers` lists them, an `InputLayer`
#   first, each fed by the one before. Its `Conv2D` layers all have
#   `activation="relu"`, and any kernel size, padding and strides. Other layers
#   (pooling, flatten, dense …) may stand between and behind them.
# - Return a **new** model: behind each `Conv2D` one more `Conv2D`, 3×3, with as many
#   filters, padding `"same"`, a bias, ReLU; and weights such that the whole computes
#   what `model` computes. All other layers are copied with their weights.
# - `model` stays as it is. Old and new share nothing: training one must not change the
#   other. `type(layer).from_config(layer.get_config())` makes a fresh layer of the
#   same kind; `get_weights` and `set_weights` copy the weights once it is called.
# - Every layer of a model needs a name of its own. Copies keep theirs, so name the new
#   ones: `f"{layer.name}_{len(model.layers)}"` is still new when you deepen twice.
#
# **Predict.** Which numbers stand in a 3×3 kernel, (3, 3, F, F), that passes everything
# on? And why does the ReLU behind it do no harm?


# %% question="deepen_by_identity"
def deepen_by_identity(model):
    """A deeper network that computes the same function.

    Args:
        model: a chain of Keras layers; its convolutions are Conv2D with ReLU.

    Returns:
        a new keras.Model with one more Conv2D behind each Conv2D.
    """
    # BEGIN SOLUTION
    # TODO: copy each layer with its weights; behind a Conv2D add another one, 3x3,
    # TODO: with as many filters, "same", ReLU and a bias. Which weights has it?
    x = inputs = keras.Input(model.input_shape[1:])
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        copy = type(layer).from_config(layer.get_config())
        x = copy(x)
        copy.set_weights(layer.get_weights())
        if isinstance(layer, keras.layers.Conv2D):
            filters, name = layer.filters, f"{layer.name}_{len(model.layers)}"
            extra = keras.layers.Conv2D(
                filters, 3, padding="same", activation="relu", name=name
            )
            x = extra(x)
            kernel = np.zeros((3, 3, filters, filters))
            kernel[1, 1] = np.eye(filters)
            extra.set_weights([kernel, np.zeros(filters)])
    return keras.Model(inputs, x)
    # END SOLUTION


# %%
check("deepen_by_identity")

# %% [markdown]
# ### Look: grown, not trained
#
# We train a small chain, deepen it three times, and go on training for a little while.
#
# **Predict** the four accuracies, and the loss of the first step after growing.

# %%
chain = keras.Sequential(
    [
        keras.Input((8, 8, 1)),
        keras.layers.Conv2D(8, 3, activation="relu", name="one"),
        keras.layers.Conv2D(16, 3, strides=2, activation="relu", name="two"),
        keras.layers.Flatten(),
        keras.layers.Dense(10),
    ]
)
before = learner(chain)(0, 20 if QUICK else 150)
grown, last = chain, right(chain(test_x))
print(f" 2 convolutions: {last:.1%} of the test digits")
for _ in range(3):
    grown = deepen_by_identity(grown)
    count = sum(isinstance(i, keras.layers.Conv2D) for i in grown.layers)
    same = np.abs(grown(test_x) - chain(test_x)).max()
    print(f"{count:2} convolutions: {right(grown(test_x)):.1%},", end=" ")
    print(f"largest change of a logit {same:.0e}")

# %% [markdown]
# Sixteen convolutions that read digits as well as two: the deep network *can*. Gradient
# descent from a random start does not get there, for nothing tells a 3×3 kernel that it
# should be a single 1 among zeros. A residual block gets the same for weights of zero,
# and every start is near zero.
#
# ## 6. How strongly each layer is pulled
#
# Is it the vanishing gradient, as a lecture says? We measure: for each convolution,
# the norm (the root of the sum of squares) of the gradient of the loss with respect to
# its kernel.
#
# - The loss is the **mean** over the batch of the cross-entropy of `model`'s logits.
# - `model(x, training=True)`: batch normalisation works as it does in training.
# - One number for each `Conv2D` in `model.layers`, in that order, wherever it stands in
#   the graph (projections too), for its kernel only.
# - The model must be afterwards as it was before: weights *and running statistics*.
#   (A pass with `training=True` moves the latter.)
#
# **Predict.** A plain network of 56 layers with batch normalisation, at its start: are
# the first layers pulled less than the last ones, or more?


# %% question="gradient_norms"
def gradient_norms(model, x, y):
    """How strongly the loss pulls at each convolution.

    Args:
        model: a keras.Model from images to logits (N, classes).
        x: images (N, H, W, C), float32.
        y: their classes (N,), ints.

    Returns:
        a list of floats: for each Conv2D in model.layers, in that order, the norm of
        the gradient of the mean cross-entropy with respect to its kernel.
    """
    # BEGIN SOLUTION
    # TODO: the loss of model(x, training=True) on a tf.GradientTape; the gradients of
    # TODO: the kernels; their norms. Leave the model as you found it.
    before = model.get_weights()
    convolutions = (i for i in model.layers if isinstance(i, keras.layers.Conv2D))
    kernels = [layer.kernel for layer in convolutions]
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    with tf.GradientTape() as tape:
        loss = loss_of(y, model(x, training=True))
    gradients = tape.gradient(loss, kernels)
    model.set_weights(before)  # the running statistics have moved
    return [float(tf.norm(gradient)) for gradient in gradients]
    # END SOLUTION


# %%
check("gradient_norms")


# %%
def without_normalisation(layer):
    """Frozen at its start, batch normalisation divides by one."""
    config = layer.get_config()
    if isinstance(layer, keras.layers.BatchNormalization):
        config["trainable"] = False
    return type(layer).from_config(config)


def pulls(model):
    """Gradient norms of the 3x3 convolutions, first to last."""
    layers = [i for i in model.layers if isinstance(i, keras.layers.Conv2D)]
    norms = gradient_norms(model, train_x[:64], train_y[:64])
    pairs = zip(layers, norms, strict=True)
    return [norm for layer, norm in pairs if layer.kernel_size == (3, 3)]


n = 2 if QUICK else 9
fig, axes = plt.subplots(1, 2, figsize=(11, 4))
for residual, style in ((False, "k--"), (True, "k-")):
    keras.utils.set_random_seed(1)
    model = resnet(n, (8, 8, 1), residual=residual)
    bare = keras.models.clone_model(model, clone_function=without_normalisation)
    for axis, network in zip(axes, (bare, model), strict=True):
        norms, name = pulls(network), "residual" if residual else "plain"
        axis.semilogy(np.arange(1, len(norms) + 1), norms, style, label=name)
        kind = "batch norm" if axis is axes[1] else "no batch norm"
        print(f"{name:8} {kind:13}: first {norms[1]:8.1e}, last {norms[-1]:8.1e}")
for axis, title in zip(axes, ("no batch norm", "batch norm"), strict=True):
    axis.set(title=title, xlabel="convolution", ylabel="gradient norm")
    axis.legend()
    axis.grid(alpha=0.3)
plt.tight_layout()
plt.show()

# %% [markdown]
# Without normalisation the plain network's gradient has vanished, at both ends: on such
# small maps the border of zeros takes its share of the signal, 54 times over. Batch
# normalisation brings it back, and overdoes it: now the *first* layers are pulled a
# thousand times as hard as the last ones. No learning rate suits them all. With
# shortcuts it is ten times.
#
# So "residual networks mend the vanishing gradient" is half of the story. The paper
# itself says that vanishing is *unlikely* to be the reason, since its plain networks
# have batch normalisation. What shortcuts mend is the mismatch between layers. The sum
# hands the gradient of the end to every block undiminished, $1 + F'$ in place of $F'$,
# and each block's own part comes on top.
#
# **Your turn.** With shortcuts but *without* normalisation, all layers are pulled about
# equally hard, but look at the numbers. Where does the size come from?

# %% [markdown] answer="growth"
# Each sum adds the branch's variance to that of the signal. Where both are about equal
# the variance doubles, up to 27 times, and the gradients grow with the signal. Batch
# normalisation keeps each branch at variance 1, so that the variance grows only like
# the number of blocks.

# %% [markdown]
# ## 7. Taking blocks out
#
# The third reason, says a lecture: a residual network is *an ensemble of networks*.
# Write out two blocks without their ReLU, $y = x + F_1(x)$ and $z = y + F_2(y)$, and
# you find the paths $x$, $F_1(x)$ and $F_2(x + F_1(x))$. At each block the signal may
# go through the branch or around it: with L blocks there are $2^L$ ways.
# If they are an ensemble, losing a few should not hurt much.
#
# Now in NumPy, with the blocks as plain functions:
#
# - `blocks` is a list of pairs `(branch, shortcut)` of functions of one array. A
#   `shortcut` that is `None` is the identity.
# - A block gives ReLU of `shortcut(x) + branch(x)`, a dropped one ReLU of
#   `shortcut(x)`. The shapes may change from block to block.
# - `dropped` is a list or tuple of block numbers from 0, in any order.
# - `x` stays as it is. No blocks: `x` comes back.
#
# **Predict.** In a plain network, what happens if you leave out one block of fifteen?


# %% question="drop_blocks"
def drop_blocks(x, blocks, dropped):
    """Run a chain of residual blocks without some of their branches.

    Args:
        x: an array.
        blocks: a list of pairs (branch, shortcut) of functions from array to array;
            a shortcut that is None is the identity.
        dropped: numbers of the blocks that lose their branch, counted from 0.

    Returns:
        an array: what comes out of the last block.
    """
    # BEGIN SOLUTION
    # TODO: block by block: the shortcut; plus the branch, unless dropped; ReLU.
    for index, (branch, shortcut) in enumerate(blocks):
        total = x if shortcut is None else shortcut(x)
        if index not in dropped:
            total = total + branch(x)
        x = np.maximum(total, 0)
    return x
    # END SOLUTION


# %%
check("drop_blocks")

# %% [markdown]
# ### Look: with one block less
#
# A residual network of 32 layers, and a plain one of 20 that still learns. Both are
# trained, then we cut them into blocks and leave out one at a time: of a residual block
# its branch; of a plain block everything, where it keeps the shape. (If the next cell
# does not find your blocks: it expects single layers in them, no models inside.)


# %%
def cut(model):
    """What comes before the blocks, the blocks as tensors (start, end), the rest."""
    names = [type(op).__name__.lower() for op in model.operations]
    bends = [
        op.output
        for op, name in zip(model.operations, names, strict=True)
        if name in ("relu", "activation")
    ]
    ends = bends[::2]  # a block has one ReLU inside, and one at its end
    first, last = keras.Model(model.input, ends[0]), keras.Model(ends[-1], model.output)
    return first, list(pairwise(ends)), last


def function(start, end):
    """What lies between two tensors, as a function of arrays; None if nothing."""
    if start is end:
        return None
    part = keras.Model(start, end)
    return lambda x: np.asarray(part(x, training=False))


def residual_pairs(model):
    """(branch, shortcut) of each block: the branch has more layers."""
    pairs = []
    sums = [op for op in model.operations if type(op).__name__ == "Add"]
    for (start, _), op in zip(cut(model)[1], sums, strict=True):
        one, other = op.input
        sides = [
            (0 if t is start else len(keras.Model(start, t).layers), t)
            for t in (one, other)
        ]
        (_, shortcut), (_, branch) = sorted(sides, key=lambda side: side[0])
        pairs.append((function(start, branch), function(start, shortcut)))
    return pairs


n, steps = (2, 20) if QUICK else (5, 150)
deep = resnet(n, (8, 8, 1))
learner(deep)(0, steps)
first, _, last = cut(deep)
pairs, maps = residual_pairs(deep), np.asarray(first(test_x))


def reads(dropped):
    """Accuracy of the residual network without some branches."""
    return right(last(drop_blocks(maps, pairs, dropped)))


plain = resnet(min(n, 3), (8, 8, 1), residual=False)
learner(plain)(0, steps)
plain_first, plain_blocks, plain_last = cut(plain)
plain_parts = [function(*ends) for ends in plain_blocks]
removable = [k for k, (a, b) in enumerate(plain_blocks) if a.shape == b.shape]


def plain_reads(dropped):
    """Accuracy of the plain network without some blocks."""
    x = np.asarray(plain_first(test_x))
    for index, part in enumerate(plain_parts):
        x = x if index in dropped else part(x)
    return right(plain_last(x))


# %%
alone = [reads([k]) for k in range(len(pairs))]
plain_alone = [plain_reads([k]) for k in removable]
fig, axes = plt.subplots(1, 2, figsize=(12, 3.8))
axes[0].bar(np.arange(len(pairs)), alone, color="0.6", label="residual")
axes[0].plot(removable, plain_alone, "kx", ms=10, label="plain")
axes[0].axhline(reads([]), color="k", ls="-", label="residual, whole")
axes[0].axhline(plain_reads([]), color="k", ls=":", label="plain, whole")
axes[0].set(xlabel="block left out", ylabel="test accuracy", ylim=(0, 1.3))
axes[0].legend(fontsize=9, ncols=2, loc="upper center")

rng, draws = np.random.default_rng(0), 2 if QUICK else 8
counts = range(len(pairs) // 2 + 2)
scores = np.array(
    [
        [reads(rng.choice(len(pairs), size, replace=False)) for _ in range(draws)]
        for size in counts
    ]
)
middle = scores.mean(axis=1)
spread = [middle - scores.min(axis=1), scores.max(axis=1) - middle]
axes[1].errorbar(counts, middle, spread, fmt="k-o", capsize=4)
axes[1].axhline(0.1, color="k", ls=":", label="guessing")
axes[1].set(xlabel="branches left out, by lot", ylabel="test accuracy", ylim=(0, 1))
axes[1].legend()
plt.tight_layout()
plt.show()
print(f"whole: residual {reads([]):.1%}, plain {plain_reads([]):.1%}")
print(f"one left out, median: residual {np.median(alone):.1%},", end=" ")
print(f"plain {np.median(plain_alone):.1%}")

# %% [markdown]
# Most branches can go without much harm, and accuracy falls *gradually* with their
# number, as it does in an ensemble that loses members. The plain network without one of
# its blocks guesses. The branches that matter most are those at the start of a stage,
# where the maps change, and the very first. The branches are not fully independent,
# though: an ensemble of networks that were trained separately would be hurt less.
#
# ### Look: how long are the ways?
#
# **Predict.** Of the $2^{15}$ ways through fifteen blocks, how many go through all
# branches? How long is the most common one?

# %%
blocks = 15
ways = np.array([math.comb(blocks, length) for length in range(blocks + 1)])
fig, axis = plt.subplots(figsize=(7, 3.2))
axis.bar(np.arange(blocks + 1), ways, color="0.5")
axis.set(xlabel="branches on the way", ylabel="ways")
plt.tight_layout()
plt.show()
print(f"{ways.sum():,} ways, {ways[-1]} through all branches")
print(f"{ways[5:11].sum() / ways.sum():.0%} of them go through 5 to 10 branches")

# %% [markdown]
# A network of 32 layers is mostly a crowd of networks half as deep. Dropping k of L
# branches leaves $2^{L-k}$ of the $2^L$ ways.
#
# ### Two more errata
#
# A slide has ResNet win "ILSVRC 2014" with 152 layers and 3.57 % error. An arXiv number
# begins with year and month. And the lead over the second, "detection 16 %": points
# of mean average precision, or a ratio? The official table has 0.620741 for the winner
# and 0.535745 for the second.

# %%
stamp = "1512.03385"
print(f"the paper appeared in month {int(stamp[2:4])} of 20{stamp[:2]}")
winner, second = 0.620741, 0.535745
print(
    f"detection: {100 * (winner - second):.1f} points, {winner / second - 1:.0%} more"
)

# %% [markdown]
# It is 2015; 2014 was won by GoogLeNet, with VGG second. And the 3.57 % are those of an
# ensemble of six networks, not of the 152-layer one alone. The leads on the slide are
# ratios: 16 % on detection, 27 % on localisation, and on COCO 11 % and 12 %.
#
# ## What you have built
#
# The block on which most later networks stand, the networks made of it, and three ways
# to look inside: what they can do (deepen), how they learn (gradients), and what they
# can do without (drop). The next assignment bends the block: wider, in parallel, dense,
# with a say for each channel.
#
# Before you hand in: run `python -m grader assignments/10` once, from the folder of
# the course.
