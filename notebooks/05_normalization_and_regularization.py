# %% [markdown]
# # Normalisation and regularisation, worked through
#
# This notebook stands beside assignment 05. It computes what the lectures claim about
# batch normalisation, local response normalisation, dropout and label smoothing, and
# asks you for a prediction before each result. The code here leans on Keras and
# TensorFlow; in the assignment you write it yourself.
#
# Contents: 1 four numbers by hand · 2 over which axes? · 3 a higher learning rate ·
# 4 training and evaluation · 5 the company an image is in · 6 two layers are one ·
# 7 loud neighbours · 8 dropout · 9 labels with doubt.

# %%
import os

from shared.quiet import quiet_tensorflow

quiet_tensorflow()

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from ipywidgets import FloatSlider, IntSlider
from sklearn.datasets import load_sample_image

from shared.datasets import load_arrays
from shared.sliders import with_sliders

QUICK = os.environ.get("COURSE_QUICK") == "1"
plt.rcParams.update({"figure.dpi": 80, "font.size": 12, "image.cmap": "gray"})

# %% [markdown]
# ## 1. Four numbers by hand
#
# A batch of four examples with one number each: 2, 4, 4, 10. Batch normalisation
# subtracts the mean, divides by the standard deviation, multiplies by a learned `gamma`
# and adds a learned `beta`. These start as 1 and 0.
#
# **Predict.** Mean 5; squares of the distances 9, 1, 1, 25, so variance 9. What comes
# out?

# %%
batch = np.array([[2.0], [4.0], [4.0], [10.0]], "float32")
layer = keras.layers.BatchNormalization(epsilon=1e-9)
print("normalised         ", layer(batch, training=True).numpy().ravel().round(3))
layer.gamma.assign([3.0])
layer.beta.assign([5.0])
print("gamma 3, beta 5    ", layer(batch, training=True).numpy().ravel().round(3))

# %% [markdown]
# With the old standard deviation as `gamma` and the old mean as `beta` the layer undoes
# itself. So it takes nothing away from what a network can express: it only makes the
# pleasant case the one to start from.
#
# **Question.** The first line adds up to 0. Does the sum of its squares have a special
# value too?
#
# <details><summary>Answer</summary>
# It is 4, the number of examples: the variance is 1. (With the usual epsilon of 0.001
# it is a little less.)
# </details>
#
# ## 2. Over which axes?
#
# Behind a convolution there are four axes (N, H, W, C). A lecture's way to remember it:
# batch normalisation rescales the colours across all images. Here are two photographs
# as one batch, so C = 3.
#
# **Predict.** How many means does the layer compute, and out of how many numbers is
# each one made, for two photographs of 107×160?

# %%
photos = np.stack(
    [load_sample_image(name)[::4, ::4] for name in ("china.jpg", "flower.jpg")]
)
x = photos.astype("float32") / 255
layer = keras.layers.BatchNormalization()
normal = layer(x, training=True).numpy()
print("batch", x.shape, " running means", tuple(layer.moving_mean.shape), end=" ")
print(" numbers in each", x.size // x.shape[-1])

fig, axes = plt.subplots(2, 2, figsize=(9, 5))
for axis, photo, name in zip(axes[0], photos, ("china", "flower"), strict=True):
    axis.imshow(photo)
    axis.set(title=name, xticks=[], yticks=[])
styles = zip(("red", "green", "blue"), ("k-", "k--", "k:"), strict=True)
for channel, (colour, style) in enumerate(styles):
    for axis, values in zip(axes[1], (x, normal), strict=True):
        counts, edges = np.histogram(values[..., channel], bins=40)
        axis.plot((edges[1:] + edges[:-1]) / 2, counts, style, label=colour)
for axis, name in zip(axes[1], ("before", "after"), strict=True):
    axis.set(xlabel=f"value {name}", ylabel="pixels")
    axis.legend(fontsize=10)
plt.tight_layout()
plt.show()

# %% [markdown]
# The histograms keep their shape: each is shifted and stretched as a whole. Afterwards
# all three colours have mean 0 and variance 1 over *both* photographs together.
#
# Other layers share statistics along other axes. **Predict** which of the means below
# vanish for which layer.

# %%
layers = {
    "batch": keras.layers.BatchNormalization(),
    "layer": keras.layers.LayerNormalization(axis=(1, 2, 3)),
    "instance": keras.layers.GroupNormalization(groups=-1),
}
small = x[:, ::2, ::2]
print("normalisation  mean per colour         mean per photo")
for name, layer in layers.items():
    out = layer(small, training=True).numpy()
    out = out.astype("float64")
    per_colour = (out.mean((0, 1, 2)).round(2) + 0.0).tolist()
    per_photo = (out.mean((1, 2, 3)).round(2) + 0.0).tolist()
    print(f"{name:13}  {per_colour!s:22}  {per_photo}")

# %% [markdown]
# Batch normalisation leaves the darker photograph darker. Instance normalisation treats
# each photograph and each colour by itself, so both columns vanish, and with them the
# knowledge which photograph was the brighter one.
#
# ## 3. A higher learning rate
#
# A lecture shows this network for digits: 5×5 convolution to 16 maps, batch norm, ReLU,
# pooling; the same with 32 maps; one dense layer. Does the batch norm in it matter? We
# train it with and without, plain gradient descent, four learning rates.
#
# **Predict** for each rate who wins, and whether anybody fails.

# %%
train_x, train_y = load_arrays("digits", "train")
test_x, test_y = load_arrays("digits", "test")
train_x, test_x = train_x.astype("float32") / 255, test_x.astype("float32") / 255
STEPS = 6 if QUICK else 60


def lecture_network(bn):
    """Two blocks of convolution, perhaps batch norm, ReLU, pooling; a dense layer."""
    parts = [keras.Input((28, 28, 1))]
    for filters in (16, 32):
        parts.append(keras.layers.Conv2D(filters, 5, padding="same"))
        if bn:
            parts.append(keras.layers.BatchNormalization(momentum=0.8))
        parts += [keras.layers.ReLU(), keras.layers.MaxPooling2D(2)]
    return keras.Sequential([*parts, keras.layers.Flatten(), keras.layers.Dense(10)])


def losses_of(bn, learning_rate):
    """Training loss by step, and the share of test digits read in the end."""
    keras.utils.set_random_seed(1)
    model, losses = lecture_network(bn), []
    optimizer = keras.optimizers.SGD(learning_rate)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    @tf.function
    def step(images, labels):
        with tf.GradientTape() as tape:
            loss = loss_of(labels, model(images, training=True))
        slopes = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(slopes, model.trainable_variables, strict=True))
        return loss

    rng = np.random.default_rng(0)
    for _ in range(STEPS):
        pick = rng.integers(len(train_x), size=64)
        losses.append(float(step(train_x[pick], train_y[pick])))
    guesses = model(test_x, training=False).numpy().argmax(axis=1)
    return losses, np.mean(guesses == test_y)


rates = (0.003, 0.03, 0.3, 1.0)
fig, axes = plt.subplots(1, 4, figsize=(12, 3.4), sharey=True)
print("learning rate   plain  batch norm   (share of test digits read)")
for axis, rate in zip(axes, rates, strict=True):
    shares = []
    for bn, style, name in ((False, "k--", "plain"), (True, "k-", "batch norm")):
        losses, share = losses_of(bn, rate)
        axis.plot(np.arange(1, STEPS + 1), losses, style, label=name)
        shares.append(share)
    axis.set(title=f"learning rate {rate:g}", xlabel="step", ylim=(0, 4))
    axis.legend(fontsize=10)
    print(f"{rate:13g}   {shares[0]:5.1%}  {shares[1]:10.1%}")
axes[0].set_ylabel("training loss")
plt.tight_layout()
plt.show()

# %% [markdown]
# In sixty steps the plain network learns something near 0.03, and little or nothing at
# the other rates. With batch norm everything from 0.003 to 0.3 works, over a factor of
# 100. It is not magic: at 1 both fail, and the loss may jump in the first steps, for
# the dense layer at the end has no normalisation behind it.
#
# The `momentum` of 0.8 is for the running state. With Keras's 0.99 more than half of it
# would still be invented after sixty steps, which is the next part's subject.
#
# ## 4. Training and evaluation
#
# The layer is two functions in one. In training it uses the batch and updates its
# running mean and variance; in evaluation it uses these, and changes nothing.
#
# **Predict.** A layer has seen 1, 10, 100, 1000 batches with mean 5 and standard
# deviation 2. Its momentum is 0.99, and it started at mean 0 and variance 1. What does
# it make of the number 5 in evaluation? (A perfect one makes 0 of it.)

# %%
layer = keras.layers.BatchNormalization(momentum=0.99)
rng = np.random.default_rng(0)
print("batches  running mean  running variance  5 becomes")
for count in range(1, 1001):
    layer(rng.normal(5, 2, size=(64, 1)).astype("float32"), training=True)
    if count in (1, 10, 100, 1000):
        mean, var = float(layer.moving_mean[0]), float(layer.moving_variance[0])
        five = float(layer(np.array([[5.0]], "float32"), training=False)[0, 0])
        print(f"{count:7}  {mean:12.2f}  {var:16.2f}  {five:9.2f}")

# %% [markdown]
# A young running state is a bad one, in the first batches grossly so. Three conventions
# to keep apart:
#
# | | Keras | PyTorch |
# |---|---|---|
# | `momentum` | share of the old, 0.99 | share of the new, 0.1 |
# | running variance divides by | m | m − 1 |
# | `epsilon` | 0.001 | 0.00001 |
#
# **Predict.** How much do the two running variances differ for a batch of 32 behind a
# dense layer? And behind a convolution with 28×28 places?

# %%
for name, m in (
    ("dense, batch of 2", 2),
    ("dense, batch of 32", 32),
    ("28x28 places, batch of 32", 32 * 28 * 28),
):
    print(f"{name:26} m = {m:5}: factor {m / (m - 1):.5f}")

# %% [markdown]
# ## 5. The company an image is in
#
# In training the same image gives other numbers in another batch. That is noise, and a
# mild regulariser: the lecture's slogan is *noise in training, marginalised in
# evaluation*, and it names batch norm and dropout in one breath.
#
# **Predict.** How does the noise shrink with the size of the batch? By which factor
# from 16 to 64?

# %%
lines = train_x[:, 14, 12:13, 0]  # one pixel of the middle row, as a feature
sizes = np.array([4, 8, 16, 32, 64, 128])
layer = keras.layers.BatchNormalization()
me, spread = lines[:1], []
for size in sizes:
    draws = [lines[rng.integers(len(lines), size=size - 1)] for _ in range(200)]
    outs = [layer(np.concatenate([me, d]), training=True)[0, 0] for d in draws]
    spread.append(np.std(outs))
fig, axis = plt.subplots(figsize=(6.5, 3.4))
axis.loglog(sizes, spread, "k-o", label="the same digit, other company")
axis.loglog(sizes, spread[-1] * np.sqrt(sizes[-1] / sizes), "k:", label="1 / √size")
axis.set(xlabel="batch size", ylabel="standard deviation", xticks=sizes)
axis.set_xticklabels(sizes)
axis.set_yticks([0.1, 0.2, 0.5], labels=["0.1", "0.2", "0.5"])
axis.minorticks_off()
axis.legend(fontsize=10)
plt.tight_layout()
plt.show()

# %% [markdown]
# A mean over `m` numbers wobbles like 1/√m: four times the batch, half of the noise. In
# small batches it is worse still, for there the variance is a guess, too. Batches of
# two or three examples are a reason not to use batch normalisation.
#
# ## 6. Two layers are one
#
# In evaluation, batch normalisation is a straight line per channel, and a convolution
# is linear. Then both together are linear plus a constant: **one** convolution. To find
# its bias and kernel we need no formula. We ask the two layers.
#
# **Predict.** What do the two layers answer to an image of zeros? To an image with a
# single 1?

# %%
keras.utils.set_random_seed(3)
conv = keras.layers.Conv2D(4, 3, padding="valid")
norm = keras.layers.BatchNormalization()
both = keras.Sequential([keras.Input((None, None, 2)), conv, norm])
norm.set_weights([rng.uniform(0.5, 2, 4).astype("float32") for _ in range(4)])

bias = both(np.zeros((1, 3, 3, 2), "float32"), training=False).numpy().ravel()
probes = np.eye(18, dtype="float32").reshape(18, 3, 3, 2)
answers = both(probes, training=False).numpy().reshape(18, 4) - bias
single = keras.layers.Conv2D(4, 3, padding="valid")
single.build((None, None, None, 2))
single.set_weights([answers.reshape(3, 3, 2, 4), bias])

image = rng.normal(size=(2, 9, 7, 2)).astype("float32")
difference = np.abs(single(image) - both(image, training=False)).max()
print(f"two layers {both.count_params()} numbers, one layer {single.count_params()}")
print(f"largest difference {difference:.0e}")

# %% [markdown]
# The answer to zeros is the bias; the answer to a 1 at one place, less the bias, is the
# kernel's weight for that place. In the assignment you derive both on paper, which is
# faster than 18 probes and works for any size.
#
# ## 7. Loud neighbours
#
# AlexNet's *local response normalisation* divides each answer by the loudness of the
# neighbouring **channels** at the same pixel. TensorFlow has it; its `depth_radius` is
# half of AlexNet's n, rounded down, and its `bias` is AlexNet's k.
#
# **Predict.** Channel 10 of 20 shouts (8), the others say 1. What happens to channels
# 7, 9 and 10, for n = 5?


# %%
def neighbours(n, alpha):
    """What comes out of one pixel with 20 channels, one of them loud."""
    answers = np.ones((1, 1, 1, 20), "float32")
    answers[..., 10] = 8
    out = tf.nn.local_response_normalization(
        answers, depth_radius=n // 2, bias=1.0, alpha=alpha, beta=0.75
    )
    fig, axis = plt.subplots(figsize=(8, 3))
    axis.bar(np.arange(20), answers.ravel(), color="0.85", label="in")
    axis.bar(np.arange(20), out.numpy().ravel(), width=0.5, color="0.2", label="out")
    axis.set(xlabel="channel", ylabel="answer", xticks=range(0, 20, 2))
    axis.set_title(f"n = {n}, alpha = {alpha:g}")
    axis.legend()
    fig.tight_layout()
    return fig


with_sliders(
    neighbours,
    n=IntSlider(value=5, min=1, max=15),
    alpha=FloatSlider(value=0.05, min=0, max=0.5, step=0.01),
)

# %% [markdown]
# The loud one quietens its neighbours within two channels, and itself most of all.
#
# AlexNet's α was 0.0001. **Predict** how loud answers must be (all alike, n = 5, k = 2)
# before they are turned down by a tenth.

# %%
print("answer   comes out as   relative to 2^-0.75, that of quiet ones")
for loud in (1, 10, 30, 100, 300):
    five = np.full((1, 1, 1, 5), loud, "float32")
    out = tf.nn.local_response_normalization(five, 2, bias=2.0, alpha=1e-4, beta=0.75)
    middle = float(out[0, 0, 0, 2])
    print(f"{loud:6}   {middle:12.2f}   {middle / loud / 2**-0.75:.3f}")

# %% [markdown]
# Below ten nearly nothing happens, and at 30 it is more than a tenth. Look at the last
# two rows: of channels that answer 300 *less* is left than of channels that answer 100.
# With β = ¾ the bracket grows like the answer to the power 1½, faster than the answer.
#
# One more difference between libraries: PyTorch's
# layer divides α by n, so that the same constants do five times less there.
#
# ## 8. Dropout
#
# Each unit is dropped with probability `rate`, and the survivors are scaled up so that
# the mean stays. A unit that has learned to rely on one particular colleague is in
# trouble.
#
# **Predict.** A hundred units all answer 1, and the next layer takes their mean. What
# does the histogram of that mean look like for rate 0.5? For 0.9?


# %%
def mean_of_survivors(rate):
    """Histogram of the mean of 100 ones behind dropout."""
    ones = np.ones((2000, 100), "float32")
    layer = keras.layers.Dropout(rate, seed=5)
    means = layer(ones, training=True).numpy().mean(axis=1)
    fig, axis = plt.subplots(figsize=(7, 3))
    share = 0.01 / (1 - rate)  # what one survivor adds to the mean
    bins = np.arange(0.5, 2.5 / share) * share
    axis.hist(means, bins=bins, color="0.35")
    axis.axvline(1, color="k", ls="--", label="without dropout")
    axis.set(xlabel="mean of 100 units", ylabel="draws of 2000", xlim=(0, 2.5))
    axis.set_title(
        f"rate {rate:g}: mean {means.mean():.2f}, deviation {means.std():.2f}"
    )
    axis.legend()
    fig.tight_layout()
    return fig


with_sliders(mean_of_survivors, rate=FloatSlider(value=0.5, min=0, max=0.95, step=0.05))

# %% [markdown]
# The mean is always right; the noise grows with the rate: it is
# √(rate / (1 − rate) / 100).
#
# ### Exponentially many networks
#
# With n units there are 2ⁿ subnetworks. Evaluation without dropout is meant to be their
# average. We take a network with a hidden layer of 50 ReLU units, draw k of its 2⁵⁰
# subnetworks and average their outputs.
#
# **Predict.** Does the average come closer and closer to the full network? Does it if
# there is a second hidden layer behind the dropout?

# %%
keras.utils.set_random_seed(2)
inputs = rng.normal(size=(1, 20)).astype("float32")
hidden = np.maximum(inputs @ rng.normal(size=(20, 50)), 0).astype("float32")
last = rng.normal(size=(50, 10)).astype("float32") / 7
counts = 2 ** np.arange(0, 15, 2)
drop = keras.layers.Dropout(0.5, seed=1)
crowd = drop(np.repeat(hidden, counts[-1], axis=0), training=True).numpy() @ last
whole = hidden @ last

fig, axis = plt.subplots(figsize=(7, 3.4))
for function, style, name in (
    (lambda a: a, "k-o", "linear output"),
    (lambda a: np.maximum(a, 0), "k--s", "one more ReLU"),
):
    away = [
        np.sqrt(np.mean((function(crowd[:k]).mean(axis=0) - function(whole)) ** 2))
        for k in counts
    ]
    axis.loglog(counts, away, style, label=name)
axis.set(xlabel="subnetworks averaged", ylabel="distance from the whole")
axis.legend()
axis.grid(alpha=0.3)
plt.tight_layout()
plt.show()

# %% [markdown]
# For a linear output the average *is* the whole network, and the distance falls like
# 1/√k. With a ReLU behind it the average of many is something else, and the distance
# settles at a number that is not 0: evaluation in one pass is an approximation there.
#
# ## 9. Labels with doubt
#
# Cross-entropy with a hard label wants the right logit to be infinitely larger than the
# others. *Label smoothing* (Inception v3) replaces the label q by (1 − ε) q + ε u, with
# u = 1/K for each of K classes.
#
# **Predict.** Ten classes; the right logit leads all others by `lead`. For which lead
# is the loss smallest, with ε = 0 and with ε = 0.1?


# %%
def loss_by_lead(epsilon):
    """The loss by the lead of the right logit, hard and smoothed labels."""
    lead = np.linspace(0, 12, 241).astype("float32")
    logits = np.zeros((len(lead), 10), "float32")
    logits[:, 0] = lead
    truth = np.eye(10, dtype="float32")[np.zeros(len(lead), int)]
    fig, axis = plt.subplots(figsize=(7, 3.4))
    for share, style in ((0.0, "k--"), (epsilon, "k-")):
        loss_of = keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=share, reduction=None
        )
        loss = loss_of(truth, logits).numpy()
        best = lead[loss.argmin()]
        axis.plot(lead, loss, style, label=f"ε {share:.2g}: smallest at {best:.2f}")
        axis.plot(best, loss.min(), "ko")
    axis.set(xlabel="lead of the right logit", ylabel="loss", ylim=(0, 2.5))
    axis.legend()
    fig.tight_layout()
    return fig


with_sliders(loss_by_lead, epsilon=FloatSlider(value=0.1, min=0, max=0.5, step=0.05))

# %% [markdown]
# The hard label's curve falls for ever (its dot sits at the end of the picture). The
# smoothed one has a lowest point, where the softmax equals the smoothed label: at a
# lead of ln(0.91 / 0.01) ≈ 4.5. Beyond it, more certainty is *punished*.
#
# **Question.** Why 0.91 and not 0.9?
#
# <details><summary>Answer</summary>
# The tenth that is given away is spread over all ten classes, and the right one is
# among them: 0.9 + 0.1/10.
# </details>
#
# ## Now you
#
# Open `assignments/05_normalization_and_regularization/`
# `05_normalization_and_regularization.ipynb`. You know everything you need.
