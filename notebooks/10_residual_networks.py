# %% [markdown]
# # Residual networks, worked through
#
# This notebook stands beside assignment 10. It computes what the lectures say about
# residual networks, with toys that fit on a page and with networks of the course's zoo,
# and asks you for a prediction before each result. In the assignment you build the
# blocks yourself and train them.
#
# Contents: 1 one block by hand · 2 learning to do nothing · 3 the same cost · 4 three
# shortcuts · 5 how signals grow · 6 a product and a sum · 7 a crowd of ways.

# %%
import math
import os

from shared.quiet import quiet_tensorflow

quiet_tensorflow()

import keras
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import FloatSlider, IntSlider

import shared.models
from shared.accounting import multiply_adds, parameters
from shared.datasets import load_arrays
from shared.layers.residual import BasicBlock
from shared.shapes import out_size
from shared.sliders import with_sliders

QUICK = os.environ.get("COURSE_QUICK") == "1"
plt.rcParams.update({"figure.dpi": 80, "font.size": 12, "image.cmap": "gray"})

# %% [markdown]
# ## 1. One block by hand
#
# Two units, two layers, ReLU behind each. A lecture writes z for what a layer computes
# and a for what it hands on: z₁ = W₁a + b₁, a₁ = ReLU(z₁), z₂ = W₂a₁ + b₂. A plain
# pair of layers hands on ReLU(z₂); a residual one hands on ReLU(z₂ + a).
#
# **Predict** both results by hand for a = (1, 2) and the weights below.

# %%
a = np.array([1.0, 2.0])
first, second = (
    np.array([[1.0, -1.0], [0.5, 1.0]]),
    np.array([[2.0, -0.5], [1.0, -0.5]]),
)
shift = np.array([0.5, -0.5])
z1 = first @ a + shift
a1 = np.maximum(z1, 0)
z2 = second @ a1 + shift
print("z1", z1, " a1", a1, " z2", z2)
print("plain    ", np.maximum(z2, 0))
print("residual ", np.maximum(z2 + a, 0))

# %% [markdown]
# z₂ is negative, so the plain pair forgets its input altogether. In the residual one
# the same z₂ is a *correction*: "take 0.5 and 1.5 away". Negative corrections are as
# welcome as positive ones, as long as ReLU waits until after the sum.
#
# **Question.** With which W₂ and bias does the residual pair hand on a unchanged? And
# the plain pair?
#
# <details><summary>Answer</summary>
# Zeros, all of them, whatever W₁ is (a is not negative). The plain pair needs W₂W₁ to
# be the identity, and W₁a not negative: six numbers that must fit together.
# </details>
#
# ## 2. Learning to do nothing
#
# "It is easier to push the residual to zero than to fit an identity with a stack of
# layers", say the slides. Here is that stack: pairs of dense layers on 16 numbers that
# are not negative, with ReLU. The task is to give back what came in. The second layer
# of each pair starts small; the plain stack may also try He's start.
#
# **Predict.** Who has the lowest loss at the start? Who gets better in 60 steps? What
# changes from two pairs to eight?


# %%
def stack(pairs, residual, second_start):
    """Pairs of dense layers on 16 numbers."""
    x = inputs = keras.Input((16,))
    for _ in range(pairs):
        y = keras.layers.Dense(16, activation="relu", kernel_initializer="he_normal")(x)
        start = keras.initializers.VarianceScaling(second_start)
        y = keras.layers.Dense(16, kernel_initializer=start)(y)
        x = keras.layers.ReLU()(keras.layers.Add()([x, y]) if residual else y)
    return keras.Model(inputs, outputs=x)


numbers = np.abs(np.random.default_rng(0).normal(size=(64, 16))).astype("float32")
steps = 5 if QUICK else 60
kinds = {  # residual, scale of the second layer's start, style
    "plain, small start": (False, 0.01, "k:"),
    "plain, He's start": (False, 2.0, "k--"),
    "residual, small start": (True, 0.01, "k-"),
}
fig, axes = plt.subplots(1, 2, figsize=(11, 3.6), sharey=True)
for axis, pairs in zip(axes, (2, 8), strict=True):
    for name, (residual, scale, style) in kinds.items():
        keras.utils.set_random_seed(2)
        model = stack(pairs, residual, scale)
        optimizer = keras.optimizers.SGD(0.05, momentum=0.9)
        model.compile(optimizer=optimizer, loss="mse", jit_compile=False)
        run = model.fit(numbers, numbers, batch_size=64, epochs=steps, verbose=0)
        losses = run.history["loss"]
        axis.semilogy(losses, style, label=name)
        print(f"{pairs} pairs, {name:21}: {losses[0]:.3f}, then {losses[-1]:.4f}")
    axis.set(title=f"{2 * pairs} layers", xlabel="step")
    axis.legend(fontsize=10)
    axis.grid(alpha=0.3)
axes[0].set_ylabel("mean squared error")
plt.tight_layout()
plt.show()

# %% [markdown]
# The residual stack starts at the goal, nearly, and stays with any depth. The plain one
# is far away from either start, and the farther the deeper it is. Of course, nobody
# trains networks to do nothing. But a network that has layers to spare needs most of
# them to do *little*, and for that zero is the right place to start.
#
# ## 3. The same cost
#
# A shortcut that is the identity has no weights and no multiplications. The zoo of this
# course has the paper's networks for small images, plain and residual.
#
# **Predict.** By how much do parameters and multiply-adds differ between plain and
# residual? And between 20 and 56 layers?

# %%
print("network           parameters   multiply-adds")
for name in ("plain20_cifar", "resnet20_cifar", "plain56_cifar", "resnet56_cifar"):
    model = shared.models.build(name)
    trained, _ = parameters(model)
    print(f"{name:16}  {trained:10,}   {multiply_adds(model):13,}")

# %% [markdown]
# No difference at all: these use zero padding where the channels change ("option A").
# The paper's table has 0.27 and 0.85 million. In plain 20 against plain 56 the second
# has three times the weights, and the higher *training* error.
#
# ## 4. Three shortcuts
#
# Where a block halves the size and doubles the channels, x and the branch cannot be
# added. Option A takes every second pixel and adds channels of zeros; option B projects
# with a 1×1 convolution there; option C projects in every block.
#
# **Predict** the trained parameters of the shortcut in each option, from 16 to 32
# channels with stride 2, and from 32 to 32 without.

# %%
for channels, filters, strides in ((16, 32, 2), (32, 32, 1)):
    shape = (8, 8, channels)
    counts = {}
    for option in (None, "A", "B", "C"):
        block = BasicBlock(filters, strides, shortcut=option)
        block.build((None, *shape))
        counts[option] = sum(math.prod(w.shape) for w in block.trainable_weights)
    told = [f"{name}: {counts[name] - counts[None]:5}" for name in ("A", "B", "C")]
    size = out_size(8, 3, stride=strides, padding="same")
    print(f"{channels} to {filters}, 8x8 to {size}x{size}:", ", ".join(told))

# %% [markdown]
# The projection costs 16·32 weights, and two numbers per channel for its normalisation.
# Option C costs that in every block and spoils the free road; the paper found it hardly
# better, and later code uses B. So does the assignment.
#
# ## 5. How signals grow
#
# Without normalisation: a random matrix F with He's start keeps the size of a signal,
# so each plain layer does too, roughly. In x + s·F(x) two signals of about equal size
# are added.
#
# **Predict.** How large is the signal after 30 blocks, for s = 1? For which s would it
# stay below ten?


# %%
def growth(s):
    """Size of the signal by block: bare branches, and normalised ones."""
    rng, width = np.random.default_rng(0), 200
    fig, axis = plt.subplots(figsize=(7, 3.4))
    for normalised, style in ((False, "k--"), (True, "k-")):
        x = rng.normal(size=(width, 20))
        sizes = [1.0]
        for _ in range(30):
            y = rng.normal(0, np.sqrt(2 / width), (width, width)) @ np.maximum(x, 0)
            y = y / y.std() if normalised else y
            x = x + s * y
            sizes.append(float(x.std()))
        label = "branch normalised" if normalised else "branch as it is"
        axis.semilogy(sizes, style, label=f"{label}: {sizes[-1]:,.3g} in the end")
    axis.set(xlabel="block", ylabel="standard deviation", title=f"s = {s:.2g}")
    axis.legend()
    axis.grid(alpha=0.3)
    fig.tight_layout()
    return fig


with_sliders(growth, s=FloatSlider(value=1.0, min=0, max=1, step=0.05))

# %% [markdown]
# Variances add. Bare branches are as loud as the signal, so it doubles: 2³⁰ in
# variance, 2¹⁵ ≈ 33,000 in size. Normalised branches have variance 1 each: 31 after 30
# blocks, a size of 5.6. That is why batch normalisation and shortcuts came together,
# and why networks without normalisation scale their branches down.
#
# ## 6. A product and a sum
#
# The gradient runs through every layer and is multiplied each time. In a plain network
# of one number per layer it is f·f·f·…; with shortcuts (1 + f)·(1 + f)·….
#
# **Predict.** f = 0.5, then f = −0.5, 20 layers: what arrives at the first one?


# %%
def arrives(f):
    """The gradient that arrives, by the number of layers that it has passed."""
    layers = np.arange(41)
    fig, axis = plt.subplots(figsize=(7, 3.4))
    for factor, style, name in ((f, "k--", "plain"), (1 + f, "k-", "shortcuts")):
        size = np.abs(factor) ** layers
        axis.semilogy(layers, np.maximum(size, 1e-12), style, label=name)
    axis.set(xlabel="layers passed", ylabel="gradient", title=f"f = {f:.2g}")
    axis.set_ylim(1e-12, 1e12)
    axis.legend()
    axis.grid(alpha=0.3)
    fig.tight_layout()
    return fig


with_sliders(arrives, f=FloatSlider(value=0.1, min=-0.9, max=0.9, step=0.1))

# %%
for f in (0.5, -0.5, 0.1, -0.1):
    print(f"f = {f:4}: plain {abs(f) ** 20:.0e}, with shortcuts {(1 + f) ** 20:8.2g}")

# %% [markdown]
# Two things to see. Near f = 0, where networks start, the plain product vanishes and
# the other stays near 1: the "alternate path for the gradient" of a lecture. And
# shortcuts are no guarantee: at f = 0.5 the product explodes, at −0.5 it vanishes as
# well. The signs differ from layer to layer in a real network, and much cancels.
#
# **Question.** A slide says that a skip "ensures that the higher layer performs at
# least as well as the lower one". Does it?
#
# <details><summary>Answer</summary>
# It makes that solution easy to reach: the branch need only be zero. It ensures
# nothing: training may still find something worse, and networks of more than a thousand
# layers did worse on test images than those of a hundred.
# </details>
#
# ## 7. A crowd of ways
#
# Multiply (1 + f)(1 + f)(1 + f) out: one way through no branch, three through one,
# three through two, one through all three. For 54 blocks (110 layers) there are 2⁵⁴
# ways.
#
# **Predict.** If each branch multiplies the gradient by 0.4, ways of which length carry
# most of it?


# %%
def crowd(blocks, f):
    """Ways by length, and the share of the gradient that they carry."""
    length = np.arange(blocks + 1)
    ways = np.array([float(math.comb(blocks, k)) for k in length])
    carried = ways * f**length
    fig, axis = plt.subplots(figsize=(7.5, 3.4))
    axis.bar(length, ways / ways.sum(), color="0.8", label="ways")
    axis.bar(length, carried / carried.sum(), width=0.4, color="0.2", label="gradient")
    middle = float((length * carried).sum() / carried.sum())
    axis.set(xlabel="branches on the way", ylabel="share")
    axis.set_title(f"{blocks} blocks, f = {f:.2g}: gradient at {middle:.1f} on average")
    axis.legend()
    fig.tight_layout()
    return fig


with_sliders(
    crowd,
    blocks=IntSlider(value=54, min=3, max=60),
    f=FloatSlider(value=0.4, min=0.05, max=1, step=0.05),
)

# %% [markdown]
# Most ways are half as long as the network, and the gradient prefers still shorter
# ones: about fifteen blocks of two layers. That fits what was measured on a trained
# network of 110 layers ([arXiv:1605.06431](https://arxiv.org/abs/1605.06431)): most of
# the gradient comes through ways of 10 to 34 layers. In this view a residual network
# does not solve the problem of very long ways; it lives without them.
#
# ### What an untrained crowd does to a digit
#
# A deep stack of the zoo's blocks, without training, on a real digit; below it the same
# blocks without shortcuts.
#
# **Predict.** In which row can you still read it after eight blocks?

# %%
digit = load_arrays("digits", "train[3:4]")[0].astype("float32") / 255
fig, axes = plt.subplots(2, 5, figsize=(10, 4.2))
for row, shortcut in zip(axes, ("A", None), strict=True):
    keras.utils.set_random_seed(4)
    x = np.repeat(digit, 8, axis=-1)
    for count in range(9):
        if count % 2 == 0:
            axis = row[count // 2]
            axis.imshow(np.asarray(x)[0].mean(axis=-1))
            axis.set(title=f"{count} blocks", xticks=[], yticks=[])
        x = BasicBlock(8, shortcut=shortcut)(x, training=True)
    row[0].set_ylabel("plain" if shortcut is None else "residual")
plt.tight_layout()
plt.show()

# %% [markdown]
# The residual blocks add noise to a digit that remains; the plain ones leave a texture.
# A classifier behind the upper row has something to work with from the first step on.
#
# ## Now you
#
# Open `assignments/10_residual_networks/10_residual_networks.ipynb`. You know
# everything you need.
