# %% [markdown]
# # First networks, and what trains them
#
# So far you have built parts. Here you put them together into three small networks:
# the ancestor of them all, a modern one of the same size, and the one that a lecture
# asks you to train. Then you open the box that `optimizer="adam"` names, and write four
# pieces of it in NumPy. At the end your networks and your optimisers meet: the
# lecture's task in full, three optimisers, and the one that seems not to work.
#
# The rhythm is always the same: **predict** a result, **implement** the function,
# **check** it, **look** at what it does. Write the prediction down before you run the
# cell below it.
#
# | | you write | points |
# |---|---|---|
# | 1 | `lenet5` | 10 |
# | 2 | `mnist_bn_cnn` | 10 |
# | 3 | `task_cnn` | 10 |
# | 4 | `sgd_momentum` | 15 |
# | 5 | `adam` | 20 |
# | 6 | `adadelta` | 20 |
# | 7 | `plateau_lr` | 15 |
#
# After each answer stands `check("...")`, which runs a few public tests in a moment.
# The grader runs more. `python -m grader assignments/07` in a terminal shows the score.

# %%
import os

from shared.quiet import quiet_tensorflow

quiet_tensorflow()

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from grader.notebook import check
from shared.datasets import load_arrays

DATASET = "digits"  # "mnist" for the bigger one, which is downloaded once
QUICK = os.environ.get("COURSE_QUICK") == "1"
limit = 200 if QUICK else 3000  # images for training; "digits" has fewer

train_x, train_y = (part[:limit] for part in load_arrays(DATASET, "train"))
test_x, test_y = (part[:limit] for part in load_arrays(DATASET, "test"))
train_x, test_x = (x.astype("float32") / 255 for x in (train_x, test_x))
print(len(train_x), "images to train on,", len(test_x), "to test with")

plt.rcParams.update({"figure.dpi": 80, "font.size": 12, "image.cmap": "gray"})


def show_layers(model):
    """Prints what each layer returns, and its parameters."""
    for layer in model.layers:
        size = "×".join(str(n) for n in layer.output.shape[1:])
        print(f"{type(layer).__name__:20} {size:>9} {layer.count_params():>10,}")
    print(f"{'all':20} {'':>9} {model.count_params():>10,}")


# %% [markdown]
# ## Conventions
#
# They hold in every question, and the tests rely on them.
#
# **Networks (1–3).**
#
# - Each function takes nothing and returns a **new Keras model** with fresh random
#   weights, not compiled: `keras.Sequential`, `keras.Model(inputs, outputs)`, whichever
#   you like, but no class of your own. Begin with `keras.Input(shape)` (without the
#   batch) so that all sizes are known.
# - Use the layers of `keras.layers` (and nothing of your own inside), with their
#   default initialisers, or He's, LeCun's or orthogonal ones. (Each of them suits its
#   scale to the layer. A fixed one, such as `"random_normal"`, makes LeNet-5 begin so
#   small that twenty steps of training hardly move it, and the tests train it so long.)
# - What counts is what the model computes: an activation may be an argument or a layer,
#   padding may be `"same"` or a layer of zeros, names are yours. The **order** is the
#   one asked for.
# - Images are `(H, W, C)` with one channel, values from 0 to 1. The output has shape
#   `(N, 10)`.
# - Convolutions and dense layers have their biases.
#
# **Optimisers (4–6).**
#
# - Each function makes **one step**: `new_w, new_state = f(w, g, state, ...)`. `w`
#   holds weights, `g` the gradient of the loss with respect to them: float arrays of
#   the same shape, with any number of axes, also none.
# - `state` is `None` at the first step; afterwards it is what you returned the step
#   before. What you keep in it is your own business.
# - The learning rate (and any other argument) may change from step to step. It is then
#   that two formulas that look alike give different results, so take the given ones.
# - `w` and `g` are never changed: return a new array, of the shape of `w`.
#
# In questions 4–7 NumPy is the only library an answer may call.
#
# ## 1. LeNet-5
#
# In 1998 this network read the amounts on millions of bank cheques. Today's usual
# version of it, for images of 32×32:
#
# | layer | what | gives |
# |---|---|---|
# | C1 | 6 filters of 5×5, no padding, tanh | ? |
# | S2 | mean of each 2×2, stride 2 | ? |
# | C3 | 16 filters of 5×5, no padding, tanh | ? |
# | S4 | mean of each 2×2, stride 2 | ? |
# | C5 | 120 units that see all of S4, tanh | 120 |
# | F6 | 84 units, tanh | 84 |
# | output | 10 units, softmax | 10 |
#
# **Predict.** Fill in the four question marks. Which layer holds most of the
# parameters?


# %% question="lenet5"
def lenet5():
    """LeNet-5 in its usual dense version, for images (32, 32, 1).

    Returns:
        A Keras model from (N, 32, 32, 1) to ten probabilities (N, 10).
    """
    # BEGIN SOLUTION
    # TODO: C1 to the output, as in the table. C5 may be a dense layer on the flattened
    # TODO: maps, or a convolution as large as they are.
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((32, 32, 1)),
            layers.Conv2D(6, 5, activation="tanh", name="C1"),
            layers.AveragePooling2D(2, name="S2"),
            layers.Conv2D(16, 5, activation="tanh", name="C3"),
            layers.AveragePooling2D(2, name="S4"),
            layers.Flatten(),
            layers.Dense(120, activation="tanh", name="C5"),
            layers.Dense(84, activation="tanh", name="F6"),
            layers.Dense(10, activation="softmax", name="output"),
        ]
    )
    # END SOLUTION


# %%
check("lenet5")

# %% [markdown]
# ### Look: two slides, one network?
#
# One lecture draws LeNet-5 as CONV-POOL-CONV-POOL-**FC-FC**, another as
# CONV-POOL-CONV-POOL-**CONV-FC**. Is C5 a convolution or a dense layer? We take the
# weights of your C5 and use them both ways on the same five images.
#
# **Predict.** How large is the largest difference?

# %%
net = lenet5()
show_layers(net)

(c5,) = (layer for layer in net.layers if layer.count_params() == 48_120)
kernel, bias = c5.get_weights()
maps = np.random.default_rng(0).normal(size=(5, 5, 5, 16)).astype("float32")  # as S4
as_dense = maps.reshape(5, 400) @ kernel.reshape(400, 120) + bias
as_conv = tf.nn.conv2d(maps, kernel.reshape(5, 5, 16, 120), 1, "VALID") + bias
difference = np.abs(as_conv.numpy().reshape(5, 120) - as_dense).max()
print(f"\nC5 as a convolution gives {as_conv.shape[1:]}; difference {difference:.0e}")

# %% [markdown]
# They are the same function with the same 48,120 parameters: a 5×5 kernel has exactly
# one place on a map of 5×5. The original paper calls it a convolution because on a
# *larger* image it would be one. So both slides may be right about C5. Both are one
# layer short, though.
#
# **Your turn.** Which layers of the table can "FC-FC" mean, which "CONV-FC", and what
# do you have to add to each?

# %% [markdown] answer="fc_or_conv"
# FC-FC is C5 and F6, CONV-FC is C5 and F6 too, with C5 seen as a convolution. In both
# the output layer is missing (or one of the three was not counted). Written out with
# it: FC-FC-FC or CONV-FC-FC.

# %% [markdown]
# ### Look: 60,000 or 61,706?
#
# A slide says 60K parameters. Yours has 61,706. The network of 1998, rebuilt from the
# paper, stands beside yours.
#
# **Predict.** Your pooling has no parameters. Would you have guessed that the
# original's has?

# %%
from shared.models import build

original = {layer.name: layer for layer in build("lenet5_original").layers}
mine = [layer.count_params() for layer in net.layers if layer.count_params()]
mine = dict(zip(("C1", "C3", "C5", "F6", "output"), mine, strict=True))
names = ("C1", "S2", "C3", "S4", "C5", "F6", "output")
changes = [mine.get(name, 0) - original[name].count_params() for name in names]
total = sum(original[name].count_params() for name in names)
for name, change in zip(names, changes, strict=True):
    print(
        f"{name:7} {original[name].count_params():6,} {mine.get(name, 0):6,} {change:+}"
    )
print(f"all     {total:6,} {sum(mine.values()):6,} {sum(changes):+}")

fig, axis = plt.subplots(figsize=(8, 3.2))
steps = np.cumsum([total, *changes])
axis.bar(names, changes, bottom=steps[:-1], color="0.6", edgecolor="black", lw=1.5)
axis.axhline(steps[0], color="black", ls=":", label=f"1998: {steps[0]:,}")
axis.axhline(steps[-1], color="black", ls="--", label=f"yours: {steps[-1]:,}")
axis.set(ylim=(59_900, 61_900), ylabel="parameters", title="From 1998 to today")
axis.legend(loc="center left")
plt.show()

# %% [markdown]
# **Your turn.** Three things changed: how C3 is connected to S2, what sub-sampling is,
# what the output does. Explain +900, −12 and −32, and +850. (In 1998 a map of C3 looked
# at three, four or six of the maps of S2; sub-sampling multiplied the sum of four
# pixels by a weight and added a bias, per map.) A third slide says "max pooling": what
# would that change in the count?

# %% [markdown] answer="sixty_thousand"
# C3: the original connects 60 pairs of maps, the dense one 6·16 = 96; 36 more kernels
# of 25 weights are 900. S2 and S4: a weight and a bias per map, 2·6 and 2·16; a mean
# has none. Output: the original measures distances to ten fixed drawings of the digits,
# which are not learned; a dense layer has 84·10 + 10 = 850. Together 60,000 + 900 − 44
# + 850 = 61,706. Max pooling has no parameters either, so the count stays; but it is
# not what the paper did.

# %% [markdown]
# ## 2. Fifteen years later
#
# The same plan with what came since: padding that keeps the size, batch normalisation,
# ReLU, max pooling, for images of 28×28.
#
# | twice, with 16, then 32 filters |
# |---|
# | convolution 5×5, 2 zeros on every side, with bias |
# | batch normalisation |
# | ReLU |
# | max pooling 2×2, stride 2 |
#
# Then flatten, and one dense layer to 10 numbers **without softmax**: this network
# returns logits, and its loss takes them with `from_logits=True`. `momentum` and
# `epsilon` of the normalisation are up to you.
#
# **Predict** the number of parameters. (Batch normalisation has two per channel. Or
# four?)


# %% question="mnist_bn_cnn"
def mnist_bn_cnn():
    """Two rounds of convolution, normalisation, ReLU, pooling; one dense layer.

    Returns:
        A Keras model from (N, 28, 28, 1) to ten logits (N, 10).
    """
    # BEGIN SOLUTION
    # TODO: two rounds with 16 and 32 filters, then flatten and dense, no softmax.
    layers = keras.layers
    x = inputs = keras.Input((28, 28, 1))
    for filters in (16, 32):
        x = layers.Conv2D(filters, 5, padding="same")(x)
        x = layers.BatchNormalization()(x)
        x = layers.ReLU()(x)
        x = layers.MaxPooling2D(2)(x)
    return keras.Model(inputs, layers.Dense(10)(layers.Flatten()(x)))
    # END SOLUTION


# %%
check("mnist_bn_cnn")

# %% [markdown]
# ### Look: parameters that are none, and parameters that do nothing
#
# The lecture's slide counts 29,034. Keras's `count_params` says something else.

# %%
net = mnist_bn_cnn()
trainable = sum(int(np.prod(w.shape)) for w in net.trainable_weights)
print(f"count_params {net.count_params():,}; trainable {trainable:,}")

before = net(test_x[:50], training=True).numpy()
for layer in net.layers:
    if isinstance(layer, keras.layers.Conv2D):
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel, bias + 5])
        print("moved", bias.size, "biases by 5")
after = net(test_x[:50], training=True).numpy()
print(f"the logits changed by at most {np.abs(after - before).max():.0e}")

# %% [markdown]
# **Your turn.** Where do the 96 come from by which the two counts differ? And why can
# we move 48 biases and change nothing (but rounding)?

# %% [markdown] answer="idle"
# Each of the 48 channels has a running mean and a running variance: 96 numbers that
# training updates but no gradient touches, so Keras counts them and PyTorch (the
# slide's) keeps them apart. Batch normalisation subtracts the mean of its channel, and
# with it whatever the bias added, which was the same at every pixel of the map. Its own
# `beta` does what the bias cannot.

# %% [markdown]
# ## 3. The lecture's task
#
# A lecture asks to build this network, for images of 28×28, in this order:
#
# 1. convolution, 64 filters of 3×3, strides (2, 2), padding "valid", ReLU
# 2. convolution, 32 filters of 2×2, strides (1, 1), padding "same", ReLU
# 3. max pooling 2×2, **strides (1, 1)**, no padding
# 4. dropout with rate 0.35
# 5. flatten
# 6. dense, 256 units, tanh
# 7. dropout with rate 0.5
# 8. dense, 10 units, softmax
#
# **Predict.** 28 → ? → ? → ? pixels, how many numbers after flattening, and which layer
# holds 99 % of the parameters?


# %% question="task_cnn"
def task_cnn():
    """The network of the lecture's MNIST task.

    Returns:
        A Keras model from (N, 28, 28, 1) to ten probabilities (N, 10).
    """
    # BEGIN SOLUTION
    # TODO: the eight layers, in the order given.
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(64, 3, strides=2, activation="relu"),
            layers.Conv2D(32, 2, padding="same", activation="relu"),
            layers.MaxPooling2D(2, strides=1),
            layers.Dropout(0.35),
            layers.Flatten(),
            layers.Dense(256, activation="tanh"),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    # END SOLUTION


# %%
check("task_cnn")

# %%
from shared.accounting import layer_table

net = task_cnn()
show_layers(net)

table = layer_table(net)
table = table[table.parameters > 0]
names = ["conv 64", "conv 32", "dense 256", "dense 10"]
fig, axes = plt.subplots(1, 2, figsize=(9, 3))
titles = {"parameters": "Parameters", "multiply_adds": "Multiply-adds per image"}
for axis, (column, title) in zip(axes, titles.items(), strict=True):
    share = 100 * table[column] / table[column].sum()
    bars = axis.barh(names, share, color="0.6", edgecolor="black")
    axis.bar_label(bars, fmt="%.1f %%", padding=3)
    axis.set(title=title, xlabel="share in %", xlim=(0, 125))
    axis.invert_yaxis()
plt.tight_layout()
plt.show()

# %% [markdown]
# The pooling with stride 1 shrinks 13 to 12 and no further, so 12·12·32 = 4,608 numbers
# meet 256 units. The *parameters* sit there; the *work* is shared with the second
# convolution. With Keras's default, strides as large as the pool, the network would
# have about a quarter of its parameters: always look at what a default does.
#
# ### Look: twenty images
#
# Before you train a network for long, let it learn twenty images by heart. A network
# that cannot do that has a mistake in it: a frozen layer, a wrong loss, a softmax too
# many.
#
# **Predict.** Where does each loss begin, and which network finds it hardest to get to
# zero?

# %%
few = slice(0, 20)
wide = np.pad(train_x, ((0, 0), (2, 2), (2, 2), (0, 0)))  # 32x32, as in 1998
memory = {}
for make, x in ((lenet5, wide), (mnist_bn_cnn, train_x), (task_cnn, train_x)):
    keras.utils.set_random_seed(7)
    net = make()
    logits = make is mnist_bn_cnn
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=logits)
    net.compile(optimizer=keras.optimizers.Adam(0.002), loss=loss)
    steps = 5 if QUICK else 40
    history = net.fit(x[few], train_y[few], batch_size=20, epochs=steps, verbose=0)
    memory[make.__name__] = history.history["loss"]

fig, axis = plt.subplots(figsize=(7, 3.6))
for (name, losses), style in zip(memory.items(), ("k-", "k--", "k:"), strict=True):
    axis.semilogy(losses, style, lw=2, label=name)
axis.axhline(np.log(10), color="0.6", label="ln 10: guessing")
axis.set(xlabel="step", ylabel="loss on the twenty", title="Learning by heart")
axis.legend(loc="lower left", fontsize=11)
axis.grid(alpha=0.3)
plt.show()

# %% [markdown]
# All begin near ln 10, what a uniform guess costs (the second a little above: its
# logits start larger). The dropout of `task_cnn` makes its curve rough: at every step
# another half of its units is missing.
#
# ## 4. Gradient descent with momentum
#
# Now to what happens inside `optimizer=`. Plain gradient descent steps against the
# gradient, `w − lr·g`. Momentum keeps a *velocity* `v`, which starts at 0:
#
# $$v \leftarrow \mu\,v - \text{lr}\cdot g, \qquad w \leftarrow w + v$$
#
# **Nesterov's** variant looks one step ahead; with the same `v` (already updated):
#
# $$w \leftarrow w + \mu\,v - \text{lr}\cdot g$$
#
# **Weight decay** as in AlexNet and VGG adds `weight_decay · w` to the gradient before
# anything else is done with it, so it passes through the momentum too.
#
# The learning rate stands *inside* the velocity: a step taken at a high rate keeps its
# force after the rate was lowered. (Some libraries multiply outside; that is another
# method as soon as the rate changes.)
#
# **Predict.** A constant gradient of 1, `lr` 0.1, μ = 0.9: how far does the hundredth
# step go?


# %% question="sgd_momentum"
def sgd_momentum(
    w,
    g,
    state,
    learning_rate=0.01,
    momentum=0.9,
    nesterov=False,
    weight_decay=0.0,
):
    """One step of gradient descent with momentum.

    Args:
        w: weights, any shape.
        g: gradient of the loss (without the decay) with respect to w, same shape.
        state: None at the first step, then what the last step returned.
        learning_rate: of this step.
        momentum: share of the velocity that is kept, 0 to 1.
        nesterov: whether to look ahead.
        weight_decay: multiple of w that is added to g.

    Returns:
        (new_w, new_state).
    """
    # BEGIN SOLUTION
    # TODO: add the decay to g; update the velocity (zeros at first); move w.
    g = g + weight_decay * w
    velocity = 0.0 if state is None else state
    velocity = momentum * velocity - learning_rate * g
    if nesterov:
        return w + momentum * velocity - learning_rate * g, velocity
    return w + velocity, velocity
    # END SOLUTION


# %%
check("sgd_momentum")


# %%
def walk(step, gradient, start, steps, **settings):
    """Where an optimiser goes from `start`: (steps + 1, number of weights)."""
    w, state, path = np.array(start, dtype=float), None, [start]
    for _ in range(steps):
        w, state = step(w, gradient(w), state, **settings)
        path.append(w)
    return np.array(path)


# %% [markdown]
# ### Look: down a long valley
#
# A loss that is twenty times as steep in one direction as in the other: $\frac12(w_1^2
# + 20\,w_2^2)$. The learning rate is 0.06; from 0.1 on, plain descent jumps across the
# valley for ever.
#
# **Predict.** Who is nearest to the middle after 40 steps?

# %%
steepness = np.array([1.0, 20.0])
settings = {
    "plain": {"momentum": 0.0},
    "momentum 0.8": {"momentum": 0.8},
    "Nesterov 0.8": {"momentum": 0.8, "nesterov": True},
}
a, b = np.meshgrid(np.linspace(-5, 10, 80), np.linspace(-2.4, 2.4, 60))
fig, axes = plt.subplots(1, 3, figsize=(11, 3.2), sharey=True)
for axis, (name, arguments) in zip(axes, settings.items(), strict=True):
    path = walk(
        sgd_momentum,
        lambda w: steepness * w,
        [9.0, 2.0],
        40,
        learning_rate=0.06,
        **arguments,
    )
    axis.contour(a, b, 0.5 * (a**2 + 20 * b**2), levels=12, colors="0.75")
    axis.plot(*path.T, "k.-", lw=1)
    loss = 0.5 * np.sum(steepness * path[-1] ** 2)
    axis.set(title=f"{name}: loss {loss:.1g}", xlabel="$w_1$", xticks=(-4, 0, 4, 8))
axes[0].set_ylabel("$w_2$")
plt.tight_layout()
plt.show()

# %% [markdown]
# Plain descent has to go slowly along the
# valley, or it would jump out across it. Momentum adds up what stays the same (along)
# and cancels what alternates (across); it overshoots, and Nesterov's look ahead brakes
# it. (The look ahead has a price: across the valley it bears a smaller rate. Try 0.08.)
#
# ### Look: the recipe of AlexNet and VGG
#
# Both trained with momentum 0.9, weight decay 0.0005 and a learning rate that began at
# 0.01; AlexNet with batches of 128, VGG of 256.
#
# **Predict.** Of 1.2 million images, how many steps is one epoch? And after how many
# epochs would a weight that gets no gradient at all be half of what it was?

# %%
recipe = {"learning_rate": 0.01, "momentum": 0.9, "weight_decay": 5e-4}
w, state, steps = np.array(1.0), None, 0
while w > 0.5:
    w, state = sgd_momentum(w, np.array(0.0), state, **recipe)
    steps += 1
print(f"half after {steps:,} steps")
for name, batch in (("AlexNet", 128), ("VGG", 256)):
    epoch = 1_200_000 / batch
    print(
        f"{name:8} {epoch:6,.0f} steps an epoch; half after {steps / epoch:.1f} epochs"
    )

# %% [markdown]
# **Three traps called weight decay.** To get this recipe in Keras, give every layer
# `kernel_regularizer=keras.regularizers.L2(0.00025)`: Keras's L2 has no ½, so its
# gradient is *twice* the factor. `SGD(weight_decay=0.0005)` is something else: it takes
# `lr · weight_decay · w` off the weights directly, past the momentum, which is ten
# times weaker here. And the lecture's slide on ResNet says 1e-5 where the paper has
# 1e-4.
#
# ## 5. Adam
#
# Adam keeps two running means: `m` of the gradients, `v` of their squares. Both start
# at 0 and are therefore too small at first; the factor under the root and the one below
# it mend that. With `t` = 1, 2, 3, … for the first, second, third step:
#
# $$m \leftarrow \beta_1 m + (1-\beta_1)\,g \qquad
#   v \leftarrow \beta_2 v + (1-\beta_2)\,g^2$$
#
# $$w \leftarrow w - \text{lr}\cdot\frac{\sqrt{1-\beta_2^t}}{1-\beta_1^t}\cdot
#   \frac{m}{\sqrt{v} + \epsilon}$$
#
# ε is added to the root of the *uncorrected* `v`, as Keras does it. (Algorithm 1 of the
# paper corrects `v` first and then adds ε; with small gradients that is not the same.)
# β₁ and β₂ stay what they are over all steps.
#
# **Predict.** How long is the very first step if the gradient is 1? If it is 1000?


# %% question="adam"
def adam(w, g, state, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    """One step of Adam, as Keras takes it.

    Args:
        w: weights, any shape.
        g: gradient of the loss with respect to w, same shape.
        state: None at the first step, then what the last step returned.
        learning_rate: of this step.
        beta_1: share of the mean gradient that is kept, 0 to 1 (not 1).
        beta_2: share of the mean square that is kept, 0 to 1 (not 1).
        epsilon: added to the root of the mean square.

    Returns:
        (new_w, new_state).
    """
    # BEGIN SOLUTION
    # TODO: the two running means (zeros at first) and the number of the step belong
    # TODO: into the state; correct for the start; move w.
    m, v, t = (0.0, 0.0, 0) if state is None else state
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    t = t + 1
    rate = learning_rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    return w - rate * m / (np.sqrt(v) + epsilon), (m, v, t)
    # END SOLUTION


# %%
check("adam")

# %% [markdown]
# ### Look: a step has the length you order
#
# Four weights whose gradients differ by factors of thousand, and noise on all of them.
#
# **Predict** the four curves.

# %%
rng = np.random.default_rng(1)
scales = np.array([1e-3, 1.0, 1e3, 1e6])
noise = 1 + 0.5 * rng.normal(size=(60, 1))  # the same for all four
w, state, path = np.zeros(4), None, []
for factor in noise:
    moved, state = adam(w, factor * scales, state)
    path.append(np.abs(moved - w))
    w = moved
print("first steps:", path[0])

fig, axis = plt.subplots(figsize=(7, 3.2))
for k, style in enumerate(("k-", "k--", "k:", "k-.")):
    # A little apart: they lie on each other.
    axis.plot(
        np.array(path)[:, k] + 3e-5 * k, style, label=f"gradients near {scales[k]:g}"
    )
axis.set(xlabel="step", ylabel="length of the step", ylim=(0, 0.0013))
axis.set_title("Adam divides by the size of the gradient")
axis.legend(fontsize=10)
plt.show()

# %% [markdown]
# The four curves are one (they are drawn a little apart): `m / √v` forgets the scale.
# The first step is the learning rate, whatever the gradient (at 0.001, ε takes a little
# off). So a learning rate of Adam is a *length*: 0.001 means that no weight moves more
# than about a thousandth per step. **Your turn.** Without the two corrections, how many
# times as long would the first step be, and why?

# %% [markdown] answer="first_step"
# At the first step m = (1 − β₁)·g and v = (1 − β₂)·g², so m/√v = (1 − β₁)/√(1 − β₂) =
# 0.1/0.0316 = 3.16 for the usual β. The root shrinks the denominator more than the
# numerator shrinks, so the step would be more than three times *too long*.

# %% [markdown]
# ## 6. Adadelta
#
# Adadelta wants no learning rate at all. It divides by the size of recent gradients, as
# Adam does, and multiplies by the size of its own recent *steps*: gradients have the
# unit of loss per weight, and only so does the step get the unit of a weight. It keeps
# two running means, both 0 at first: `a` of the squared gradients, `d` of the squared
# steps.
#
# $$a \leftarrow \rho\,a + (1-\rho)\,g^2 \qquad
#   \Delta = -\frac{\sqrt{d + \epsilon}}{\sqrt{a + \epsilon}}\;g \qquad
#   d \leftarrow \rho\,d + (1-\rho)\,\Delta^2$$
#
# $$w \leftarrow w + \text{lr}\cdot\Delta$$
#
# `a` is updated before it is used, `d` after. ε stands under both roots. The paper
# knows no `lr`; libraries added one, and it scales the step that is taken but not the
# one that is remembered in `d`.
#
# **Predict.** The first step, for a gradient of 1, ρ = 0.95, ε = 1e-7 and `lr` = 1: is
# it near 1, near 0.05, or near 0.001?


# %% question="adadelta"
def adadelta(w, g, state, learning_rate=1.0, rho=0.95, epsilon=1e-7):
    """One step of Adadelta.

    Args:
        w: weights, any shape.
        g: gradient of the loss with respect to w, same shape.
        state: None at the first step, then what the last step returned.
        learning_rate: factor on the step of the paper, which has 1.
        rho: share of the two running means that is kept, 0 to 1.
        epsilon: added under both roots.

    Returns:
        (new_w, new_state).
    """
    # BEGIN SOLUTION
    # TODO: mean square of the gradients, the step, mean square of the steps (without
    # TODO: the learning rate); move w.
    mean_g, mean_step = (0.0, 0.0) if state is None else state
    mean_g = rho * mean_g + (1 - rho) * g**2
    step = -np.sqrt(mean_step + epsilon) / np.sqrt(mean_g + epsilon) * g
    mean_step = rho * mean_step + (1 - rho) * step**2
    return w + learning_rate * step, (mean_g, mean_step)
    # END SOLUTION


# %%
check("adadelta")

# %% [markdown]
# ### Look: the learning-rate trap
#
# `keras.optimizers.Adadelta()` has a default learning rate of 0.001, like its
# neighbours. The paper's method is `lr` = 1. We push all of them with a constant
# gradient of 1 and watch how far each has come.
#
# **Predict.** After 1,000 steps Adam (0.001) has come 1.0 far. And Adadelta with 1?
# With 0.001?

# %%
runs = {
    "Adadelta, 1.0": (adadelta, {"learning_rate": 1.0}, "k-"),
    "Adam, 0.001": (adam, {"learning_rate": 0.001}, "k--"),
    "Adadelta, 0.001": (adadelta, {"learning_rate": 0.001}, "k:"),
}
fig, axis = plt.subplots(figsize=(7, 3.6))
for name, (step, arguments, style) in runs.items():
    path = walk(step, lambda w: np.ones(1), [0.0], 1000, **arguments)
    way = np.abs(path[1:, 0])
    axis.loglog(np.arange(1, 1001), way, style, lw=2, label=name)
    print(f"{name:16} first step {way[0]:.1e}, after 1000 steps {way[-1]:.3g}")
axis.set(xlabel="step", ylabel="way from the start", title="A constant gradient of 1")
axis.legend()
axis.grid(alpha=0.3)
plt.show()

# %% [markdown]
# **Your turn.** Work out the first step of Adadelta from its formula, and say why the
# default of 0.001 makes so little of it, where 0.001 serves Adam well.

# %% [markdown] answer="trap"
# At first d = 0, so Δ = √ε / √((1 − ρ)·g² + ε) · g = √(1e-7) / √0.05 = 1.4e-3 for any
# gradient that is not tiny. ε alone gets it going; then the steps grow by their own
# memory. Adadelta's Δ is a complete step, with its own length. Adam's m/√v has length 1
# and *needs* a factor. A factor 0.001 on Adadelta makes a first step of 1.4e-6, and as
# d remembers Δ and not what was done, it never catches up.

# %% [markdown]
# ## 7. Down when it stops improving
#
# AlexNet and VGG lowered the learning rate by a factor of 10 "when the validation error
# stopped improving", by hand. As a rule:
#
# - One value (say, a validation loss) arrives after each epoch. Remember the **best**
#   of all so far; the first one is the best at first.
# - A value is an **improvement** if it is below the best by **more than** `min_delta`
#   (`mode="min"`), or above it by more than that (`mode="max"`, for accuracies). Only
#   an improvement becomes the new best.
# - Count the epochs **in a row** without improvement. When they are `patience`,
#   multiply the rate by `factor`, but not below `min_lr`, and begin to count anew. The
#   best stays.
#
# Return the rate after each epoch, once its value has been seen: as many floats as
# there are values, in a list or an array. The tests never give a NaN, nor begin below
# `min_lr`.
#
# **Predict.** Values 5, 4, 4, 4, 3, 3, 3, 3, 3 with patience 2: after which epochs is
# the rate lowered?


# %% question="plateau_lr"
def plateau_lr(
    values,
    learning_rate,
    factor=0.1,
    patience=10,
    mode="min",
    min_delta=1e-4,
    min_lr=0.0,
):
    """Learning rates that fall when a value stops improving.

    Args:
        values: one per epoch, a list or array, at least one.
        learning_rate: of the first epoch.
        factor: multiplies the rate when it falls.
        patience: epochs in a row without improvement that it takes, at least 1.
        mode: "min" if less is better, "max" if more is.
        min_delta: what an improvement must exceed.
        min_lr: the rate never falls below.

    Returns:
        The rate after each epoch, as long as values.
    """
    # BEGIN SOLUTION
    # TODO: go through the values; keep the best, the count and the rate.
    rates, best, waited = [], None, 0
    for value in values:
        gain = np.inf if best is None else best - value
        if mode == "max":
            gain = np.inf if best is None else -gain
        if gain > min_delta:
            best, waited = value, 0
        else:
            waited += 1
        if waited >= patience:
            learning_rate, waited = max(learning_rate * factor, min_lr), 0
        rates.append(learning_rate)
    return rates
    # END SOLUTION


# %%
check("plateau_lr")

# %% [markdown]
# ### Look: the staircase
#
# A made-up training with the recipe of VGG: rate 0.01, three times ÷10. A smaller rate
# leads to a lower error in the end, but more slowly, and every value has its noise.
#
# **Predict.** With patience 1 instead of 6, will the error after 90 epochs be lower or
# higher?


# %%
def training(patience):
    """A toy validation error, epoch by epoch, and the rates that it leads to."""
    draw = np.random.default_rng(4)
    errors, rate, level = [], 0.01, 90.0
    for _ in range(90):
        pace = (rate / 0.01) ** 0.5
        level += (0.01 + 0.14 * pace) * (25 + 12 * pace - level)
        errors.append(level + 1.5 * draw.normal())
        rate = plateau_lr(errors, 0.01, patience=patience, min_lr=1e-5)[-1]
    return errors, plateau_lr(errors, 0.01, patience=patience, min_lr=1e-5)


fig, axes = plt.subplots(2, 2, figsize=(10, 4.6), sharex=True, sharey="row")
for column, patience in zip(axes.T, (6, 1), strict=True):
    errors, rates = training(patience)
    passes = np.arange(1, len(errors) + 1)
    column[0].plot(passes, errors, "k.-", lw=1)
    column[0].set_title(f"patience {patience}: ends at {np.mean(errors[-5:]):.1f} %")
    column[1].step(passes, rates, "k-", where="post")
    column[1].set(yscale="log", xlabel="epoch")
axes[0, 0].set_ylabel("error in %")
axes[1, 0].set_ylabel("learning rate")
plt.tight_layout()
plt.show()

# %% [markdown]
# With little patience the noise alone looks like a plateau, and a rate that fell too
# early never comes back: the rest of the way is crept.
#
# ## 8. Your network, your optimisers
#
# Everything together. LeNet-5, its gradients from TensorFlow, its weights moved by your
# functions; beside it a copy that Keras moves, on the same batches.
#
# **Predict.** How far apart will the weights be after twenty steps?

# %%
loss_of = keras.losses.SparseCategoricalCrossentropy()


def gradients(model, x, y):
    """The gradient of the loss for each weight, as arrays."""
    with tf.GradientTape() as tape:
        loss = loss_of(y, model(x, training=True))
    weights = [w.value for w in model.trainable_weights]
    return loss, [g.numpy() for g in tape.gradient(loss, weights)]


optimizers = keras.optimizers
pairs = {
    "SGD, Nesterov": (
        lambda w, g, s: sgd_momentum(w, g, s, learning_rate=0.05, nesterov=True),
        optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    ),
    "Adam": (adam, optimizers.Adam()),
    "Adadelta, 1.0": (adadelta, optimizers.Adadelta(1.0)),
}
for name, (step, theirs) in pairs.items():
    keras.utils.set_random_seed(8)
    mine, copy = lenet5(), lenet5()
    copy.set_weights(mine.get_weights())
    states = [None] * len(mine.weights)
    for k in range(3 if QUICK else 20):
        batch = slice(32 * k, 32 * k + 32)
        loss, found = gradients(mine, wide[batch], train_y[batch])
        moved = map(step, mine.get_weights(), found, states)
        weights, states = zip(*moved, strict=True)
        mine.set_weights(weights)
        _, found = gradients(copy, wide[batch], train_y[batch])
        theirs.apply(found, copy.trainable_weights)
    both = zip(mine.get_weights(), copy.get_weights(), strict=True)
    apart = max(np.abs(a - b).max() for a, b in both)
    print(f"{name:14} loss {loss:.2f}, weights at most {apart:.0e} apart")

# %% [markdown]
# ## 9. The lecture's task
#
# *Train the network on MNIST for ten epochs each with Adam, Adadelta and SGD, with
# categorical cross-entropy, and plot the loss curves.* Keras's defaults for all three,
# and Adadelta once more with the paper's rate.
#
# `DATASET = "digits"` trains on all its images (about 1,400), `"mnist"` on the first
# 3,000 of 60,000, so that this stays a matter of a minute. The task at full size, with
# all of MNIST, is `python -m shared.training.studies optimizers`, from the folder of
# the course.
#
# **Predict** the order of the four after ten epochs. Which one has learned nothing
# worth mentioning?

# %%
choices = {
    "Adam": (lambda: optimizers.Adam(), "k-"),
    "Adadelta, 1.0": (lambda: optimizers.Adadelta(1.0), "k--"),
    "SGD": (lambda: optimizers.SGD(), "k-."),
    "Adadelta": (lambda: optimizers.Adadelta(), "k:"),
}
epochs = 2 if QUICK else 10
one_hot, test_one_hot = (keras.utils.to_categorical(y, 10) for y in (train_y, test_y))
results, trained = {}, {}
for name, (make, _) in choices.items():
    keras.utils.set_random_seed(92)
    net = trained[name] = task_cnn()
    net.compile(optimizer=make(), loss="categorical_crossentropy", metrics=["accuracy"])
    results[name] = net.fit(
        train_x,
        one_hot,
        batch_size=32,
        epochs=epochs,
        validation_data=(test_x, test_one_hot),
        verbose=0,
    ).history

fig, axes = plt.subplots(1, 2, figsize=(11, 4), sharey=True)
passes = np.arange(1, epochs + 1)
for axis, key in zip(axes, ("loss", "val_loss"), strict=True):
    for name, (_, style) in choices.items():
        axis.semilogy(passes, results[name][key], style, lw=2, label=name)
    axis.set(xlabel="epoch", title="Training" if key == "loss" else "Test")
    axis.grid(alpha=0.3, which="both")
axes[0].set_ylabel("cross-entropy")
axes[1].legend(loc="lower left", fontsize=10)
plt.tight_layout()
plt.show()
for name, history in results.items():
    rate = float(trained[name].optimizer.learning_rate)
    accuracy = history["val_accuracy"][-1]
    print(
        f"{name:14} rate {rate:<6g} loss {history['loss'][-1]:.3f}, test {accuracy:.1%}"
    )

# %% [markdown]
# The task's own Adadelta, called with nothing but its name, hardly moves: it is not a
# bad optimiser, it runs at a thousandth of its speed. With the paper's rate it is among
# the best. **If a comparison of optimisers has a clear loser, look at its learning rate
# first.** (The training loss is the higher one in places: it is measured with dropout,
# the test loss without.)
#
# **Your turn.** Keras's plain SGD sits in the middle. Its rate is 0.01, its momentum 0.
# What would you change first, and what do you expect? Try it.

# %% [markdown] answer="sgd"
# Momentum 0.9: it makes ten steps of the same direction as long as one at ten times the
# rate, with less noise. After ten epochs the loss is then about a third of what it was,
# though still above Adam's. A rate of 0.1 without momentum does about the same.

# %% [markdown]
# ### Look: what it learned to look for
#
# Sixteen of the 64 filters of the first layer (white is positive, black negative), and
# what the first two layers make of one digit.
#
# **Predict.** Filters of 3×3 are small. Will you recognise anything?

# %%
best = trained["Adam"]
kernels = best.layers[0].get_weights()[0][:, :, 0]
fig, axes = plt.subplots(4, 8, figsize=(10, 5.4))
for k in range(16):
    most = np.abs(kernels[:, :, k]).max()
    axes[k // 8, k % 8].imshow(kernels[:, :, k], vmin=-most, vmax=most)
x = test_x[:1]
for row, layer in zip(axes[2:], best.layers[:2], strict=True):
    x = layer(x)
    for k, axis in enumerate(row):
        axis.imshow(x[0, :, :, k])
labels = ("filters", "filters", "1st layer", "2nd layer")
for axis, label in zip(axes[:, 0], labels, strict=True):
    axis.set_ylabel(label)
for axis in axes.flat:
    axis.set(xticks=[], yticks=[])
plt.tight_layout()
plt.show()

# %% [markdown]
# Nine pixels leave room for little: some filters have a light and a dark side and
# answer at edges, others take a mean. The maps tell more. The first layer keeps the
# shape of the digit; in the second, each map has chosen something: the bottom stroke,
# the slanting one, the hook at the top.
#
# ### Look: where it errs

# %%
guesses = best.predict(test_x, verbose=0)
wrong = np.flatnonzero(guesses.argmax(axis=1) != test_y)[:8]
fig, axes = plt.subplots(1, 8, figsize=(11, 2))
for axis, k in zip(axes, wrong, strict=False):
    axis.imshow(test_x[k, :, :, 0])
    sure = guesses[k].max()
    axis.set_title(
        f"{test_y[k]}, read {guesses[k].argmax()}\n({sure:.0%})", fontsize=10
    )
for axis in axes:
    axis.axis("off")
plt.tight_layout()
plt.show()

# %% [markdown]
# ## What you have built
#
# Three networks, and the four rules that train nearly everything. In the next
# assignment the images change instead: augmentation, and several networks that vote.
#
# Before you hand in: run `python -m grader assignments/07` once, from the folder of
# the course.
