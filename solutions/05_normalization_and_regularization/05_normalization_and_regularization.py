# %% [markdown]
# # Normalisation and regularisation
#
# A deep network that is only stacked up does not train: its signals die or explode on
# the way, and if it learns after all, it learns by heart. The remedies are small. Most
# of them are one or two lines of NumPy, and you write them here: a good start, batch
# normalisation with its gradient, the older normalisation of AlexNet, dropout, and
# labels that leave room for doubt. In between you train networks with and without
# them, on your own code.
#
# The rhythm is always the same: **predict** a result, **implement** the function,
# **check** it, **look** at what it does. Do write the prediction down before you run
# the cell below it. A wrong prediction is where the learning happens.
#
# | | you write | points |
# |---|---|---|
# | 1 | `he_init` | 5 |
# | 2 | `batchnorm_forward` | 20 |
# | 3 | `batchnorm_backward` | 25 |
# | 4 | `batchnorm_inference` | 10 |
# | 5 | `fold_batchnorm` | 15 |
# | 6 | `lrn` | 10 |
# | 7 | `dropout` | 10 |
# | 8 | `smooth_labels` | 5 |
#
# After each answer stands `check("...")`, which runs a few public tests in a moment.
# The grader runs more: other shapes, other layouts, your gradients against numeric
# ones. `python -m grader assignments/05` in a terminal shows the score.

# %%
import os
from itertools import pairwise, product

# The matrices are small: one thread is faster than several that wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import entr, log_softmax, softmax

from grader.notebook import check
from shared.datasets import load_arrays

DATASET = "digits"  # "mnist" for the bigger one, which is downloaded once
QUICK = os.environ.get("COURSE_QUICK") == "1"

plt.rcParams.update({"figure.dpi": 80, "font.size": 12})


def as_lines(images):
    """Every second pixel of uint8 images, as float32 lines (N, D) around zero."""
    lines = images[:, ::2, ::2].reshape(len(images), -1)
    return lines.astype(np.float32) / 255 - 0.5


train_x, train_y = load_arrays(DATASET, "train")
test_x, test_y = load_arrays(DATASET, "test")
train_x, test_x = as_lines(train_x)[:6000], as_lines(test_x)[:2000]
train_y, test_y = train_y[:6000], test_y[:2000]
pixels = train_x.shape[1]

# %% [markdown]
# ## Conventions
#
# They hold in every question, and the tests rely on them.
#
# - **The last axis is the channel.** `x` is `(N, H, W, C)` behind a convolution and
#   `(N, D)` behind a dense layer; your functions must take both. What belongs to a
#   channel (`gamma`, `beta`, `running_mean`, `running_var`) has shape `(C,)`.
# - Kernels are **HWIO**, `(kh, kw, C, F)`, and weights of dense layers `(D, units)`:
#   outputs come last.
# - Arrays are float32 or float64, in any memory layout. The natural dtype of a result
#   is that of `x`, though either passes. Labels are whole numbers of any kind.
# - **Nothing is drawn inside an answer.** Where chance comes in, the random numbers are
#   an argument. So the same call gives the same result, and can be tested.
# - A function never changes its arguments. A new running mean is *returned*.
# - `epsilon` stands **under** the square root: $\sqrt{\text{var} + \epsilon}$. The
#   tests also use large ones.
# - NumPy is the only library an answer may call. Loops are welcome, and so are all of
#   NumPy's tricks: the result counts.
#
# ## 1. A good start
#
# One output of a layer adds up `fan_in` products: as many as one window holds numbers,
# over all channels. If the weights have variance $v$, the sum's variance is
# $\text{fan\_in} \cdot v$ times the mean square of the inputs. And ReLU sets half of
# it to zero, so that the mean square is halved. To come out of each layer with the
# strength of its input, the signal needs
#
# $$v = \frac{2}{\text{fan\_in}}$$
#
# This is the rule of He and others ([arXiv:1502.01852](https://arxiv.org/abs/1502.01852)).
# ResNet's recipe calls it "Xavier/2": Xavier's rule had no ReLU in it and had 1 where
# He has 2.
#
# `z` holds standard normal numbers (mean 0, variance 1) in the shape of the weights.
# Scale them.
#
# **Predict** `fan_in` for a kernel of 3×3 on 64 channels with 128 filters.


# %% question="he_init"
def he_init(z):
    """Scale standard normal numbers to He's variance.

    Args:
        z: standard normal numbers in the shape of the weights, (kh, kw, C, F) of a
            convolution or (D, units) of a dense layer.

    Returns:
        Weights of the same shape, with variance 2 / fan_in.
    """
    # BEGIN SOLUTION
    # TODO: work out fan_in from z.shape; what is the standard deviation?
    fan_in = np.prod(z.shape[:-1])
    return z * np.sqrt(2 / fan_in)
    # END SOLUTION


# %%
check("he_init")

# %% [markdown]
# ### Look: signals on their way through ten layers
#
# Ten dense layers of 256 units with ReLU, fed with digits, never trained. The first row
# starts with weights of standard deviation 0.01, the second with Xavier's variance
# 1 / fan_in, the third with yours.
#
# **Predict.** What is left of the signal in layer 10, in each row?

# %%
DEPTH, WIDTH = 10, 256


def through_the_layers(scale, middle=None):
    """Outputs of each of DEPTH layers for 500 digits; scale(z) gives the weights."""
    rng, a, outputs = np.random.default_rng(1), train_x[:500], []
    for shape in pairwise([pixels] + [WIDTH] * DEPTH):
        a = a @ scale(rng.standard_normal(shape))
        a = np.maximum(middle(a) if middle else a, 0)
        outputs.append(a)
    return outputs


def show_depths(rows):
    """Histograms of the outputs by depth, one row per way to start."""
    depths = (1, 4, 7, 10)
    _, axes = plt.subplots(len(rows), 4, figsize=(11, 2.4 * len(rows)), sharex=True)
    for line, (name, outputs) in zip(np.atleast_2d(axes), rows.items(), strict=True):
        for axis, depth in zip(line, depths, strict=True):
            values = outputs[depth - 1]
            axis.hist(values.ravel(), bins=40, range=(0, 3), color="0.35", log=True)
            axis.set(ylim=(1, 3e5), yticks=[])
            axis.set_title(f"layer {depth}: rms {np.sqrt(np.mean(values**2)):.1e}")
        line[0].set_ylabel(f"{name}\nunits, log scale")
    for axis in np.atleast_2d(axes)[-1]:
        axis.set_xlabel("output")
    plt.tight_layout()
    plt.show()


starts = {
    "std 0.01": through_the_layers(lambda z: 0.01 * z),
    "Xavier": through_the_layers(lambda z: z / np.sqrt(len(z))),
    "He, yours": through_the_layers(he_init),
}
show_depths(starts)

# %% [markdown]
# With 0.01 all is over after a few layers: the whole mass sits in the first bar.
# Xavier's signal loses half its square in each layer. Yours arrives with the strength
# with which it left.
#
# **Your turn.** Compute by which factor the root mean square (rms) falls per layer with
# Xavier's rule, and with 0.01 at 256 units. Compare with the titles.

# %% [markdown] answer="factor_per_layer"
# The mean square is multiplied by fan_in · v / 2 per layer. Xavier: 1/2, so the rms
# falls to √½ ≈ 0.71, and to 0.71⁹ ≈ 0.044 from layer 1 to layer 10. With 0.01:
# 256 · 0.0001 / 2 = 0.0128, so the rms falls to 0.113 per layer, and to 0.113⁹ ≈ 3e-9.
# The titles show about that: with 256 units chance does not quite average out.

# %% [markdown]
# ## 2. Batch normalisation, forward
#
# A good start is a good start only. As soon as the weights move, the signals drift.
# *Batch normalisation* ([arXiv:1502.03167](https://arxiv.org/abs/1502.03167)) does not
# hope for good statistics, it enforces them. For each channel, over the batch:
#
# $$\mu = \frac1m \sum_i x_i \qquad
#   \sigma^2 = \frac1m \sum_i (x_i - \mu)^2 \qquad
#   \hat x_i = \frac{x_i - \mu}{\sqrt{\sigma^2 + \epsilon}} \qquad
#   y_i = \gamma\, \hat x_i + \beta$$
#
# `gamma` and `beta` are learned, one of each per channel: the network may undo it all
# where it must.
#
# **Behind a convolution the mean runs over N, H and W**, over all axes but the channel:
# a feature map asks the same question at every place, so all its answers are one
# population.
#
# **Predict.** For a batch of shape (32, 28, 28, 16): how many means are there, and how
# many numbers go into each?
#
# ### The running state
#
# A single test image has no batch. So in training one keeps a running mean and a
# running variance, to use later. Conventions differ, and ours are those of Keras:
#
# - `new = momentum * old + (1 - momentum) * batch`, for the mean and for the variance.
#   A momentum of 0.99 means: 99 % of the old. (PyTorch's `momentum=0.1` is our 0.9.)
# - The running variance takes the batch's variance **as above, divided by m**. (The
#   paper and PyTorch divide by m − 1 here; the difference is a factor of m / (m − 1).)
# - The output is normalised with the batch's statistics, never with the running ones.


# %% question="batchnorm_forward"
def batchnorm_forward(
    x, gamma, beta, running_mean, running_var, momentum=0.99, epsilon=1e-3
):
    """Normalise a training batch per channel, and update the running state.

    Args:
        x: (N, H, W, C) or (N, D); the last axis is the channel.
        gamma: scale (C,).
        beta: shift (C,).
        running_mean: (C,), as it is before this batch.
        running_var: (C,), as it is before this batch.
        momentum: share of the old running state that stays.
        epsilon: added to the variance.

    Returns:
        (out, cache, running_mean, running_var): out has x's shape; cache is what
        batchnorm_backward needs; the running state (C,), (C,) is the new one.
    """
    # BEGIN SOLUTION
    # TODO: mean and variance over all axes but the last; normalise; scale and shift;
    # TODO: the new running state; what will the backward pass need?
    axes = tuple(range(x.ndim - 1))
    mean, var = x.mean(axis=axes), x.var(axis=axes)
    inv_std = 1 / np.sqrt(var + epsilon)
    x_hat = (x - mean) * inv_std
    out = gamma * x_hat + beta
    running_mean = momentum * running_mean + (1 - momentum) * mean
    running_var = momentum * running_var + (1 - momentum) * var
    return out, (x_hat, gamma, inv_std), running_mean, running_var
    # END SOLUTION


# %%
check("batchnorm_forward")

# %% [markdown]
# ### Look: the ten layers again
#
# The worst start of part 1, weights of 0.01, once more: without and with batch
# normalisation before each ReLU.
#
# **Predict** the rms in layer 10. (Half of a standard normal distribution is cut off.)


# %%
def normalized(a):
    """Your forward pass with gamma 1 and beta 0, output only."""
    one, zero = np.ones(a.shape[-1]), np.zeros(a.shape[-1])
    return batchnorm_forward(a, one, zero, zero, one, epsilon=1e-9)[0]


show_depths(
    {
        "0.01 alone": starts["std 0.01"],
        "0.01 + BN": through_the_layers(lambda z: 0.01 * z, normalized),
    }
)

# %% [markdown]
# Every layer sees the same distribution, whatever the weights' size. (`epsilon` is tiny
# here: the variance in layer 1 is small, and the usual 0.001 would be more than it.)
#
# **Your turn.** Multiply the weights of a layer by 7. What does batch normalisation
# right behind it give out, and what happens to a bias that was added before it?

# %% [markdown] answer="scale_invariance"
# The same as before (but for epsilon): mean and standard deviation grow by 7 too, and
# the quotient stays. A bias shifts the mean by just as much and vanishes in x − μ. So
# a layer in front of batch normalisation needs no bias; beta is its bias.

# %% [markdown]
# ## 3. Batch normalisation, backward
#
# `dout` has the shape of `out`. You return `dx`, `dgamma` and `dbeta`.
#
# The last two are short. `beta` is added to every number of its channel, and `gamma`
# multiplies the normalised ones: add up `dout`, and `dout` times $\hat x$.
#
# `dx` is the interesting one, for each $x_i$ acts in **three** ways: directly, through
# the mean, and through the variance. Do it in steps with the chain rule, or on paper
# until it is one line. It helps that $\sum_i (x_i - \mu) = 0$.
#
# **Predict.** If all $x_i$ of a channel grow by the same amount, the output does not
# change. What does that say about the sum of `dx` over a channel?


# %% question="batchnorm_backward"
def batchnorm_backward(dout, cache):
    """Gradients of batch normalisation in training.

    Args:
        dout: gradient of the loss by out, (N, H, W, C) or (N, D).
        cache: what batchnorm_forward returned as its second value.

    Returns:
        (dx, dgamma, dbeta): dx has dout's shape, the other two are (C,).
    """
    # BEGIN SOLUTION
    # TODO: dbeta, dgamma; then dx: directly, through the mean, through the variance.
    x_hat, gamma, inv_std = cache
    axes = tuple(range(dout.ndim - 1))
    dbeta = dout.sum(axis=axes)
    dgamma = (dout * x_hat).sum(axis=axes)
    m = dout.size // dout.shape[-1]
    dx = gamma * inv_std * (dout - dbeta / m - x_hat * dgamma / m)
    return dx, dgamma, dbeta
    # END SOLUTION


# %%
check("batchnorm_backward")

# %% [markdown]
# ### Look: a pull that goes nowhere
#
# Six numbers, one channel. The loss pulls up the largest output only. Below, `dx` is
# shown once with your function and once as it would be if mean and variance were
# constants.
#
# **Predict.** Which of the six inputs does your `dx` leave nearly alone?

# %%
six = np.array([0.0, 1, 2, 3, 4, 8])[:, None]
pull = np.array([0.0, 0, 0, 0, 0, 1])[:, None]
one, zero = np.ones(1), np.zeros(1)
out, cache, *_ = batchnorm_forward(six, one, zero, zero, one)
dx, *_ = batchnorm_backward(pull, cache)
constant = pull / np.sqrt(six.var() + 1e-3)
places = np.arange(6)
fig, axis = plt.subplots(figsize=(8, 3.2))
axis.bar(places - 0.2, constant[:, 0], 0.4, color="0.75", label="if constant")
axis.bar(places + 0.2, dx[:, 0], 0.4, color="0.2", label="your dx")
axis.axhline(0, color="k", lw=0.8)
axis.set(xlabel="input", ylabel="gradient", xticks=places)
axis.set_xticklabels([f"{value:g}" for value in six[:, 0]])
axis.legend()
plt.tight_layout()
plt.show()
print(f"sum of dx {dx.sum():.1e}, dx times the inputs {np.sum(dx * six):.1e}")

# %% [markdown]
# Most of the pull is in vain: if the largest number grew, mean and variance would grow
# with it. What remains has sum 0 (a common shift does nothing) and is at right angles
# to the inputs, but for epsilon (a common scale does nothing).
#
# ## 4. Batch normalisation, afterwards
#
# When the network is used, nothing may depend on the company an image is in. The
# running state takes the place of the batch's statistics.


# %% question="batchnorm_inference"
def batchnorm_inference(x, gamma, beta, running_mean, running_var, epsilon=1e-3):
    """Normalise with the running state; each image for itself.

    Args:
        x: (N, H, W, C) or (N, D).
        gamma, beta, running_mean, running_var: (C,).
        epsilon: added to the variance.

    Returns:
        An array of x's shape.
    """
    # BEGIN SOLUTION
    # TODO: as in training, with other statistics.
    x_hat = (x - running_mean) / np.sqrt(running_var + epsilon)
    return gamma * x_hat + beta
    # END SOLUTION


# %%
check("batchnorm_inference")

# %% [markdown]
# ### Look: how the running state forgets its start
#
# Batches of 50 numbers with mean 5 and standard deviation 2; the running state starts
# at 0 and 1. After how many batches does it know?
#
# **Predict** for momentum 0.9 and 0.99. (What is 0.99¹⁰⁰?)

# %%
fig, axes = plt.subplots(1, 2, figsize=(10, 3.4), sharex=True)
for momentum, style in ((0.9, "k-"), (0.99, "k--")):
    rng, mean, var, history = np.random.default_rng(0), np.zeros(1), np.ones(1), []
    for _ in range(300):
        batch = rng.normal(5, 2, size=(50, 1))
        *_, mean, var = batchnorm_forward(batch, one, zero, mean, var, momentum)
        history.append((mean[0], var[0]))
    for axis, values in zip(axes, np.transpose(history), strict=True):
        axis.plot(np.arange(1, 301), values, style, label=f"momentum {momentum}")
for axis, true, name in zip(axes, (5, 4), ("mean", "variance"), strict=True):
    axis.axhline(true, color="0.7", lw=3, zorder=0, label="true")
    axis.set(xlabel="batches", ylabel=f"running {name}", ylim=(0, 6.5))
    axis.legend(loc="lower right")
plt.tight_layout()
plt.show()

# %% [markdown]
# 0.99¹⁰⁰ is 0.37: after 100 batches more than a third of the invented start is still in
# it. A network that trains well and tests badly after a short training often has only
# a running state that is too young.
#
# ### Look: with and without, at many learning rates
#
# Now training, with nothing but your functions: six dense layers of 64 units, on
# digits, plain gradient descent. The code is given. Read where it calls yours; `rate`
# is for part 7.


# %%
def new_net(seed, depth=6, width=64):
    """Weights by he_init, and for each hidden layer gamma, beta and a running state."""
    rng = np.random.default_rng(seed)
    sizes = [pixels] + [width] * depth + [10]
    return {
        "weights": [he_init(rng.standard_normal(shape)) for shape in pairwise(sizes)],
        "hidden": [
            {name: np.full(width, start) for name, start in STARTS.items()}
            for _ in range(depth)
        ],
    }


STARTS = {"gamma": 1.0, "beta": 0.0, "mean": 0.0, "var": 1.0}


def predict(net, x, bn):
    """Logits (N, 10) of a trained network."""
    for w, layer in zip(net["weights"], net["hidden"], strict=False):
        z = x @ w
        z = batchnorm_inference(z, *layer.values()) if bn else z + layer["beta"]
        x = np.maximum(z, 0)
    return x @ net["weights"][-1]


def gradient_step(net, x, targets, learning_rate, bn, rate, rng):
    """One step of gradient descent, in place; returns the loss before it."""
    tape = []
    for w, layer in zip(net["weights"], net["hidden"], strict=False):
        z, cache = x @ w, None
        if bn:
            z, cache, layer["mean"], layer["var"] = batchnorm_forward(
                z, *layer.values(), momentum=0.9
            )
        else:
            z = z + layer["beta"]
        noise = rng.random(z.shape)
        tape.append((x, z, cache, noise))
        x = np.maximum(z, 0)
        if rate:
            x = dropout(x, rate, noise)
    logits = x @ net["weights"][-1]
    loss = -np.mean(np.sum(targets * log_softmax(logits, axis=1), axis=1))

    d = (softmax(logits, axis=1) - targets) / len(x)
    steps = [x.T @ d]
    d = d @ net["weights"][-1].T
    layers = zip(net["weights"][:-1], net["hidden"], tape, strict=True)
    for w, layer, (x_in, z, cache, noise) in reversed(list(layers)):
        if rate:
            d = dropout(d, rate, noise)
        d = np.where(z > 0, d, 0)
        dbeta = d.sum(axis=0)
        if bn:
            d, dgamma, dbeta = batchnorm_backward(d, cache)
            layer["gamma"] = layer["gamma"] - learning_rate * dgamma
        layer["beta"] = layer["beta"] - learning_rate * dbeta
        steps.append(x_in.T @ d)
        d = d @ w.T
    for w, step in zip(net["weights"], reversed(steps), strict=True):
        w -= learning_rate * step
    return loss


def train(learning_rate, bn, steps, rate=0.0, digits=None, targets=None, seed=0):
    """Train on the first so many digits; returns the network and its losses."""
    rng, net, losses = np.random.default_rng(seed), new_net(seed), []
    digits = digits or len(train_x)
    targets = np.eye(10)[train_y[:digits]] if targets is None else targets
    with np.errstate(all="ignore"):  # some learning rates are meant to explode
        for _ in range(steps):
            pick = rng.integers(digits, size=64)
            loss = gradient_step(
                net, train_x[pick], targets[pick], learning_rate, bn, rate, rng
            )
            losses.append(loss)
    return net, np.array(losses)


def accuracy(net, x, labels, bn):
    """Share of digits read correctly."""
    with np.errstate(all="ignore"):
        return np.mean(predict(net, x, bn).argmax(axis=1) == labels)


# %% [markdown]
# **Predict.** Over which range of learning rates does each of the two learn within 150
# steps? Factor 10? Factor 1000?

# %%
steps = 20 if QUICK else 150
rates = 10.0 ** np.arange(-3, 1.75, 0.5)
scores, curves = {}, {}
for bn in (False, True):
    trained = [train(lr, bn, steps) for lr in rates]
    scores[bn] = [accuracy(net, test_x, test_y, bn) for net, _ in trained]
    curves[bn] = [losses for _, losses in trained]

names = {False: ("plain", "k--s"), True: ("batch norm", "k-o")}
fig, axes = plt.subplots(1, 2, figsize=(11, 4))
for bn, (name, style) in names.items():
    axes[0].semilogx(rates, scores[bn], style, label=name)
    for index, width in ((3, 1), (6, 2.5)):
        label = f"{name}, rate {rates[index]:.2g}"
        axes[1].plot(curves[bn][index], style[:-1], lw=width, label=label)
axes[0].set(xlabel="learning rate", ylabel="test accuracy", ylim=(0, 1))
axes[1].set(xlabel="step", ylabel="training loss", ylim=(0, 4))
for axis in axes:
    axis.legend(fontsize=10)
    axis.grid(alpha=0.3)
plt.tight_layout()
plt.show()
for bn, (name, _) in names.items():
    good = rates[np.array(scores[bn]) > 0.8]
    where = f"{good.min():.2g} to {good.max():.2g}" if len(good) else "nowhere yet"
    print(f"{name:10} over 80 % at rates {where}, best {max(scores[bn]):.1%}")

# %% [markdown]
# The plain network learns in a narrow band: left of it too slowly, right of it the loss
# explodes. Batch normalisation widens the band at both ends, most where it pays, at
# high rates. That is what the lectures mean by "allows a higher learning rate".
#
# **Your turn.** Why does a step that is far too large not make the batch-normalised
# network explode? (Remember the factor 7 of part 2.)

# %% [markdown] answer="why_stable"
# The output does not depend on the length of a layer's weights, only on their
# direction. A huge step makes the weights long, but the signal keeps its size. And the
# gradient shrinks as the weights grow (the output changes less for the same step), so
# later steps turn the direction less and less: the layer finds its own step size.

# %% [markdown]
# ## 5. Folding it away
#
# After training, mean and variance are constants, and so the whole thing is a straight
# line per channel. A convolution in front of it is linear too. So both together are
# *one* convolution with another kernel and another bias, and batch normalisation costs
# nothing any more. Every phone does this.
#
# With $s = \gamma / \sqrt{\text{running var} + \epsilon}$ for each filter, write down
# $\gamma\,(w \cdot x + b - \text{running mean}) / \sqrt{\dots} + \beta$ and sort it
# into what multiplies $x$ and what does not.
#
# **Predict.** Does a convolution without a bias have one after folding?


# %% question="fold_batchnorm"
def fold_batchnorm(w, b, gamma, beta, running_mean, running_var, epsilon=1e-3):
    """One convolution that does the work of a convolution and its normalisation.

    Args:
        w: kernel (kh, kw, C, F), or dense weights (D, F).
        b: bias (F,).
        gamma, beta, running_mean, running_var: of the normalisation behind it, (F,).
        epsilon: added to the variance.

    Returns:
        (w, b): new kernel and new bias, in the shapes of the old ones.
    """
    # BEGIN SOLUTION
    # TODO: the scale of each filter; what multiplies x, and what is added?
    scale = gamma / np.sqrt(running_var + epsilon)
    return w * scale, (b - running_mean) * scale + beta
    # END SOLUTION


# %%
check("fold_batchnorm")

# %% [markdown]
# ### Look: fold a trained network
#
# We train once more with batch normalisation, fold all six layers, and read the test
# digits with the **plain** network.
#
# **Predict.** How many digits will be read differently?

# %%
net, _ = train(0.1, True, steps)
folded = {"weights": [], "hidden": []}
for w, layer in zip(net["weights"], net["hidden"], strict=False):
    w, b = fold_batchnorm(w, np.zeros(w.shape[1]), *layer.values())
    folded["weights"].append(w)
    folded["hidden"].append({"beta": b})
folded["weights"].append(net["weights"][-1])

with_bn, plain = predict(net, test_x, True), predict(folded, test_x, False)
changed = np.sum(with_bn.argmax(axis=1) != plain.argmax(axis=1))
print(f"digits read differently: {changed} of {len(test_x)}")
print(f"largest change of a logit: {np.abs(with_bn - plain).max():.0e}")
numbers = [sum(np.size(v) for v in layer.values()) for layer in net["hidden"]]
print(f"numbers beside the weights: {sum(numbers)} before, {sum(numbers) // 4} after")

# %% [markdown]
# ## 6. Local response normalisation
#
# AlexNet, three years before batch normalisation, let neighbouring channels compete:
# where one answers loudly, its neighbours are turned down. At every pixel, with $a_i$
# the answer of channel $i$ of $C$:
#
# $$b_i = \frac{a_i}{\Big(k + \alpha
#   \sum_{j=\max(0,\, i-n/2)}^{\min(C-1,\, i+n/2)} a_j^2\Big)^{\beta}}$$
#
# AlexNet had n = 5, k = 2, α = 1e-4, β = 0.75. What the tests rely on:
#
# - `n/2` is rounded **down**: the window reaches `n // 2` channels to either side, and
#   stops at the first and last channel. So n = 4 sees as many channels as n = 5.
# - The sum is multiplied by α as it is. (PyTorch divides it by n first.)
#
# TensorFlow's `tf.nn.local_response_normalization` computes the same with
# `depth_radius = n // 2`, `bias = k`, and other defaults.
#
# **Predict** the result for one channel that answers 3, with n = 5, k = 1, α = 1,
# β = ½.


# %% question="lrn"
def lrn(x, n=5, k=2.0, alpha=1e-4, beta=0.75):
    """Divide each channel by the loudness of its neighbourhood of channels.

    Args:
        x: (N, H, W, C).
        n: about how many channels a neighbourhood has; n // 2 to either side.
        k, alpha, beta: as in the formula.

    Returns:
        An array of x's shape.
    """
    # BEGIN SOLUTION
    # TODO: for each channel, the sum of squares over its neighbours; divide.
    radius, squares = n // 2, x**2
    out = np.empty_like(x)
    for i in range(x.shape[-1]):
        neighbours = squares[..., max(0, i - radius) : i + radius + 1]
        loudness = neighbours.sum(axis=-1)
        out[..., i] = x[..., i] / (k + alpha * loudness) ** beta
    return out
    # END SOLUTION


# %%
check("lrn")

# %% [markdown]
# ### Look: a loud channel among quiet ones
#
# Sixteen channels of one pixel answer 1, channel 8 answers 6. Left: what comes out with
# a strong α of 0.1 and windows of 5. Right: the same with AlexNet's α of 1e-4.
#
# **Predict.** Which channels are turned down by their neighbour? Is channel 8 itself?

# %%
answers = np.ones((1, 1, 1, 16))
answers[..., 8] = 6
fig, axes = plt.subplots(1, 2, figsize=(10, 3.2), sharey=True)
for axis, alpha in zip(axes, (0.1, 1e-4), strict=True):
    axis.bar(np.arange(16), answers.ravel(), color="0.85", label="in")
    quieter = lrn(answers, n=5, k=1.0, alpha=alpha).ravel()
    axis.bar(np.arange(16), quieter, width=0.5, color="0.2", label="out")
    axis.set(xlabel="channel", title=f"alpha {alpha:g}", xticks=range(0, 16, 2))
axes[0].set_ylabel("answer")
axes[0].legend(loc="upper left")
plt.tight_layout()
plt.show()

# %% [markdown]
# With answers of this size AlexNet's constants do nearly nothing. Its pixels ran to 255
# and its answers were accordingly large; only from some tens on does α = 1e-4 count.
# VGG tried the layer, found no gain, and later networks left it out.
#
# ## 7. Dropout
#
# In training, throw each unit away with probability `rate`, anew for every example. No
# unit can rely on another one being there. In evaluation all of them work together.
#
# If in training only half of the units speak and later all of them, the next layer
# hears twice as much. So the survivors speak up: they are multiplied by
# 1 / (1 − rate) **in training**, and evaluation does nothing at all. That is *inverted*
# dropout, the one of Keras. (The original paper multiplied in evaluation instead.)
#
# - `noise` holds numbers drawn evenly from [0, 1), one per element of `x`. An element
#   is **kept where `noise >= rate`**, so that it is dropped with probability `rate`.
# - `rate` is at least 0 and less than 1.
# - With `training=False` the result is `x`, whatever the noise.
#
# **Predict** for rate 0.75: what becomes of a surviving 1? And what is the mean?


# %% question="dropout"
def dropout(x, rate, noise, training=True):
    """Inverted dropout.

    Args:
        x: an array of any shape.
        rate: probability that an element is dropped, 0 <= rate < 1.
        noise: in x's shape, from [0, 1); kept is what has noise >= rate.
        training: whether anything is dropped.

    Returns:
        An array of x's shape.
    """
    # BEGIN SOLUTION
    # TODO: which elements stay, and how loud must they be?
    if not training:
        return x
    return np.where(noise >= rate, x / (1 - rate), 0)
    # END SOLUTION


# %%
check("dropout")

# %% [markdown]
# ### Look: 2ⁿ networks
#
# "Dropout trains 2ⁿ networks", say the slides: each of the n units may be there or
# not. For n = 4 we can visit all 16, with rate 0.5, when each is as likely as any
# other. Four hidden values go through dropout to two outputs.
#
# **Predict.** How far is the mean of the 16 outputs from the output of the whole
# network? And if a ReLU comes behind it?

# %%
rng = np.random.default_rng(3)
hidden, weights = rng.normal(size=4), rng.normal(size=(4, 2))
everyone = dropout(hidden, 0.5, np.zeros(4), training=False) @ weights
members = np.array(
    [
        dropout(hidden, 0.5, np.array(noise)) @ weights
        for noise in product((0, 0.9), repeat=4)
    ]
)
print(len(members), "networks, first output of each:")
print(np.sort(members[:, 0]).round(2))
print("mean of the outputs   ", members.mean(axis=0), " whole network", everyone)
relu_mean, relu_whole = np.maximum(members, 0).mean(axis=0), np.maximum(everyone, 0)
print("mean of their ReLUs   ", relu_mean, " ReLU of the whole", relu_whole)

# %% [markdown]
# For a linear output the whole network *is* the mean of all 2ⁿ: that is how evaluation
# "marginalises" the noise of training in a single pass. Behind a ReLU it is only an
# approximation, but a cheap one. Batch normalisation is a relative: its noise are the
# other members of the batch, and its running state the mean over them.
#
# **Your turn.** The training code of part 4 calls `dropout` once more on the way back,
# on the gradient and with the same noise. Why is that right?

# %% [markdown] answer="own_backward"
# For a given noise each output is its input times a constant, 0 or 1 / (1 − rate). The
# gradient is multiplied by the same constant. Dropout is its own backward pass, as
# long as the noise is the same one.

# %% [markdown]
# ### Look: few digits, many parameters
#
# 200 digits, the batch-normalised network, dropout behind each of its six hidden
# layers. Every point is the mean of three runs; bars reach from the worst to the best.
#
# **Predict.** What does dropout do to the accuracy on the 200, and on new digits? Which
# rate is best?

# %%
few, runs = 200, 1 if QUICK else 3
chosen = (0.0, 0.15, 0.3, 0.5)
found = np.zeros((len(chosen), runs, 2))
for row, rate in enumerate(chosen):
    for seed in range(runs):
        net, _ = train(0.1, True, 2 * steps, rate=rate, digits=few, seed=seed)
        seen = accuracy(net, train_x[:few], train_y[:few], True)
        found[row, seed] = seen, accuracy(net, test_x, test_y, True)

fig, axis = plt.subplots(figsize=(7, 3.6))
for column, style, name in ((0, "k--s", "the 200"), (1, "k-o", "new digits")):
    values = found[:, :, column]
    mean = values.mean(axis=1)
    spread = [mean - values.min(axis=1), values.max(axis=1) - mean]
    axis.errorbar(chosen, mean, spread, fmt=style, capsize=4, label=name)
axis.set(xlabel="dropout rate", ylabel="accuracy", xticks=chosen)
axis.legend()
axis.grid(alpha=0.3)
plt.tight_layout()
plt.show()

# %% [markdown]
# Without dropout the network knows all of its 200 digits and misses every tenth new
# one. A little dropout helps with the new ones. More costs: 0.5 six times in a row,
# with 64 units each, lets hardly any signal through in the time that we have. AlexNet's
# 0.5 stood at two layers only, of 4096 units each. Dropout is a dose, not a switch.
#
# It also gets in the way of batch normalisation: the running variances are taken under
# dropout's noise, which is gone in evaluation. That costs the more the higher the rate,
# and newer networks rarely use both in one place.
#
# ## 8. Smoothed labels
#
# Cross-entropy with a 1 for the right class and 0 for all others is never content: the
# logit of the right class may always grow. *Label smoothing* (Inception v3,
# [arXiv:1512.00567](https://arxiv.org/abs/1512.00567)) asks for less. With $q$ the
# label as zeros and a one, and $u$ the uniform distribution over all $K$ classes:
#
# $$q'(k) = (1 - \epsilon)\, q(k) + \epsilon\, u(k), \qquad u(k) = 1/K$$
#
# **Predict** the two numbers for K = 10 and ε = 0.1. (One of them is *not* 0.9.)


# %% question="smooth_labels"
def smooth_labels(labels, classes, epsilon):
    """Distributions over the classes, with a share for all of them.

    Args:
        labels: class numbers from 0 to classes - 1, (N,), of any kind of int.
        classes: how many classes there are.
        epsilon: share that is spread evenly over all classes, the right one too.

    Returns:
        (N, classes), floats.
    """
    # BEGIN SOLUTION
    # TODO: zeros and ones first; then mix with the uniform distribution.
    q = np.zeros((len(labels), classes))
    q[np.arange(len(labels)), labels] = 1
    return (1 - epsilon) * q + epsilon / classes
    # END SOLUTION


# %%
check("smooth_labels")

# %% [markdown]
# ### Look: how sure is the network?
#
# Two networks, one trained with ε = 0 and one with ε = 0.1. For each test digit, the
# probability of the class that the network chooses.
#
# **Predict.** At which probability will the second one's histogram peak? Does it read
# fewer digits?

# %%
fig, axes = plt.subplots(1, 2, figsize=(10, 3.4), sharey=True)
for axis, epsilon in zip(axes, (0.0, 0.1), strict=True):
    targets = smooth_labels(train_y, 10, epsilon)
    net, losses = train(0.1, True, 2 * steps, targets=targets)
    sure = softmax(predict(net, test_x, True), axis=1).max(axis=1)
    right = accuracy(net, test_x, test_y, True)
    axis.hist(sure, bins=25, range=(0, 1), color="0.35")
    axis.set(xlabel="probability of the chosen class", title=f"ε = {epsilon:g}")
    print(f"epsilon {epsilon:g}: accuracy {right:.1%}, median certainty", end=" ")
    print(f"{np.median(sure):.3f}, last training losses {losses[-10:].mean():.3f}")
    print(f"{'':11}  smallest possible loss {entr(targets[0]).sum():.3f}")
axes[0].set_ylabel("test digits")
plt.tight_layout()
plt.show()

# %% [markdown]
# The second network stops near 0.91, where its labels are, and reads the digits about
# as well. Its loss cannot go to zero any more: the labels themselves are uncertain, and
# the smallest possible loss is their entropy.
#
# ## What you have built
#
# A start that keeps signals alive, a normalisation that keeps them alive while
# everything moves, its gradient, and the way to make it disappear; and three ways to
# keep a network modest. ResNet needs the first three; the architectures of the next
# assignments use them all.
#
# Before you hand in: run `python -m grader assignments/05` once, from the folder of
# the course.
