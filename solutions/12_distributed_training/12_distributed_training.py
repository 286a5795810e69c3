# %% [markdown]
# # One network, several devices
#
# In 2012 the network that changed the field did not fit on one graphics card, so its
# authors cut it in two (L51). Two years later VGG ran as four whole copies, each on a
# quarter of the batch. Those are the two ways there are: **model parallelism** cuts the
# network, **data parallelism** cuts the batch. You will build both, without owning a
# single graphics card: TensorFlow can divide one processor into logical devices, and
# what is true of two of those is true of two real ones.
#
# The promise to keep in mind: *two devices must compute what one would have computed.*
# Every question below is a place where that promise is easily broken.
#
# | | you write | points |
# |---|---|---|
# | 1 | `shard` | 10 |
# | 2 | `allreduce_mean` | 15 |
# | 3 | `scale_learning_rate` | 10 |
# | 4 | `train_step` | 15 |
# | 5 | `mirrored_fit` | 20 |
# | 6 | `two_tower_alexnet` | 15 |
# | 7 | `training_memory` | 15 |
#
# After each answer stands `check("...")`, which runs a few public tests. The grader
# runs more: `python -m grader assignments/12` in a terminal shows the score.

# %%
import os

from shared.quiet import quiet_tensorflow

quiet_tensorflow()

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

tf.get_logger().setLevel("ERROR")  # strategies talk a lot

from grader.notebook import check
from shared.datasets import load_arrays

QUICK = os.environ.get("COURSE_QUICK") == "1"

# Two logical devices from one processor. This must come before TensorFlow computes
# anything: if the line raises, restart the kernel.
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
    cpu, [tf.config.LogicalDeviceConfiguration()] * 2
)
print([device.name for device in tf.config.list_logical_devices("CPU")])

plt.rcParams.update({"figure.dpi": 80, "font.size": 12})

# %% [markdown]
# ## Conventions
#
# - A **replica** is one copy of the network on one device. The **global batch** is what
#   all replicas together see in one step; its size is what "batch size" means here.
# - Arrays that come in are never changed.
# - Images are `(N, H, W, C)`, labels are integers `(N,)`, networks end in a softmax:
#   they return probabilities.
# - The loss is the cross-entropy, $-\log p_{\text{label}}$, averaged over the
#   **global** batch.
#
# In questions 1, 2, 3 and 7 NumPy is the only library an answer may call. In 4 and 5
# the loop is yours to write: `model.fit` and `model.train_on_batch` are not allowed.
#
# ## 1. A batch in parts
#
# Data parallelism begins with a pair of scissors. Everybody gets a share, in order, and
# the shares are as even as can be: where the batch does not divide, the **first** ones
# get one image more. Nothing is dropped and nothing is repeated.
#
# **Predict.** Ten images for four replicas: how many each? And three images for four?


# %% question="shard"
def shard(batch, replicas):
    """Cuts a batch into one part for each replica.

    Args:
        batch: array (N, ...), or a tuple of arrays that all have N entries, such as
            (images, labels).
        replicas: number of parts, at least 1.

    Returns:
        A list of `replicas` parts, each of the kind of `batch`: an array (n_i, ...), or
        a tuple of arrays. The parts follow each other in `batch`; their sizes n_i
        differ by at most one, larger ones first; a part may be empty.

    Raises:
        ValueError: the arrays of a tuple differ in length.
    """
    # BEGIN SOLUTION
    # TODO: where does part i begin? N // replicas images for everybody, and one more
    # TODO: for each of the first N % replicas.
    arrays = batch if isinstance(batch, tuple) else (batch,)
    lengths = {len(array) for array in arrays}
    if len(lengths) > 1:
        raise ValueError(f"arrays of different lengths: {sorted(lengths)}")
    size, more = divmod(lengths.pop(), replicas)
    parts, start = [], 0
    for index in range(replicas):
        stop = start + size + (index < more)
        part = tuple(np.asarray(array)[start:stop] for array in arrays)
        parts.append(part if isinstance(batch, tuple) else part[0])
        start = stop
    return parts
    # END SOLUTION


# %%
check("shard")

# %%
for images, replicas in ((10, 4), (3, 4), (128, 2)):
    print(images, "images:", [len(part) for part in shard(np.zeros(images), replicas)])

# %% [markdown]
# ## 2. One gradient from many
#
# Each replica computes the mean gradient over **its own** part. Then all replicas talk:
# an *all-reduce* gives every one of them the same combined gradient, so that all copies
# make the same step and stay copies.
#
# What should be combined, and how, is the whole question. With equal parts the mean of
# the means is the mean. The last batch of an epoch is seldom equal.
#
# **Predict.** One replica has 3 images and gradient 1.0, the other has 1 image and
# gradient 5.0. What would one device with all 4 images have computed?


# %% question="allreduce_mean"
def allreduce_mean(gradients, counts):
    """Combines the replicas' mean gradients into that of the global batch.

    Args:
        gradients: one entry for each replica: a list of arrays, one for each weight of
            the network; the mean gradient over that replica's images. A replica without
            images has computed the mean of nothing, so its arrays hold NaN.
        counts: how many images each replica had; not all 0.

    Returns:
        A list of arrays, one for each weight: the mean gradient over all images.
    """
    # BEGIN SOLUTION
    # TODO: weigh each replica by its images, and leave out who had none: 0 * NaN is
    # TODO: NaN.
    total = sum(counts)
    combined = []
    for parts in zip(*gradients, strict=True):
        mean = np.zeros(np.shape(parts[0]))
        for part, count in zip(parts, counts, strict=True):
            if count > 0:
                mean = mean + np.asarray(part, dtype=np.float64) * (count / total)
        combined.append(mean)
    return combined
    # END SOLUTION


# %%
check("allreduce_mean")

# %% [markdown]
# The example of the prediction, and beside it what the mean of the means would have
# been.

# %%
two = [[np.array(1.0)], [np.array(5.0)]]
print("weighed by images:", allreduce_mean(two, [3, 1])[0])
print("mean of the means:", np.mean([g[0] for g in two]))

# %% [markdown]
# How wrong is that in practice? Take an epoch of 1,000 images in global batches of 64
# on seven replicas. The last batch is a remainder. Below: the share of the last step
# that each of its images gets, compared with what is fair.

# %%
last = 1000 % 64
sizes = [len(part) for part in shard(np.arange(last), 7)]
fair = [1 / last] * len(sizes)
naive = [1 / len(sizes) / size for size in sizes]
print(f"{last} images on 7 replicas:", sizes)

fig, ax = plt.subplots(figsize=(6, 2.8))
place = np.arange(len(sizes))
ax.bar(place - 0.2, naive, 0.4, label="mean of the means", color="0.25")
ax.bar(place + 0.2, fair, 0.4, label="weighed by images", color="0.75")
ax.set(xlabel="replica", ylabel="weight of one image", xticks=place, ylim=(0, 0.042))
ax.legend()
plt.show()

# %% [markdown]
# ## 3. A learning rate for a larger batch
#
# With eight devices the global batch is eight times as large, and an epoch has an
# eighth of the steps. The rule of thumb (arXiv:1706.02677): make the step as much
# larger as the batch. At the very start that step is too bold, so begin with the old
# learning rate and climb to the new one in a straight line.


# %% question="scale_learning_rate"
def scale_learning_rate(base_rate, base_batch, batch, step, warmup_steps):
    """The learning rate at one step, scaled with the batch and warmed up.

    Args:
        base_rate: what works with a batch of `base_batch` images.
        base_batch: number of images.
        batch: the global batch now.
        step: number of the step, from 0.
        warmup_steps: steps of the climb; 0 for none.

    Returns:
        A float: the scaled rate from step `warmup_steps` on (without a climb, always);
        before, on the straight line that leads there from `base_rate` at step 0.
    """
    # BEGIN SOLUTION
    # TODO: the scaled rate first; then how far along the climb `step` is, from 0 to 1.
    target = base_rate * batch / base_batch
    done = 1.0 if step >= warmup_steps else step / warmup_steps
    return base_rate + (target - base_rate) * done
    # END SOLUTION


# %%
check("scale_learning_rate")

# %%
steps = np.arange(0, 60)
fig, ax = plt.subplots(figsize=(6, 2.8))
for batch, line in ((256, ":"), (1024, "--"), (2048, "-")):
    rates = [scale_learning_rate(0.1, 256, batch, step, 40) for step in steps]
    ax.plot(steps, rates, line, color="black", label=f"batch {batch}")
ax.set(xlabel="step", ylabel="learning rate")
ax.legend()
plt.show()

# %% [markdown]
# ## 4. What one replica computes
#
# Now the same in TensorFlow, where no one passes counts around. The trick: each replica
# divides its **sum** of losses by the size of the **global** batch. Then the all-reduce
# has nothing to weigh: it is a plain sum, right for any split.
#
# **Predict.** What does a replica without images contribute?


# %% question="train_step"
def train_step(model, images, labels, global_batch):
    """One replica's part of the loss and of the gradients.

    Args:
        model: a Keras model from images to probabilities, in training mode here.
        images: (n, H, W, C), this replica's part.
        labels: integers (n,).
        global_batch: number of images of all replicas together.

    Returns:
        (loss, gradients): the sum of the cross-entropies of these images, divided by
        `global_batch`, a scalar tensor; and its gradients, a list of tensors in the
        order of `model.trainable_variables`.
    """
    # BEGIN SOLUTION
    # TODO: a tf.GradientTape, the model with training=True, and
    # TODO: keras.losses.sparse_categorical_crossentropy, which gives one loss an image.
    with tf.GradientTape() as tape:
        probabilities = model(images, training=True)
        losses = keras.losses.sparse_categorical_crossentropy(labels, probabilities)
        loss = tf.reduce_sum(losses) / global_batch
    return loss, tape.gradient(loss, model.trainable_variables)
    # END SOLUTION


# %%
check("train_step")

# %% [markdown]
# The promise, tested: the parts of 10 images on 3 replicas add up to what one device
# computes with all 10.

# %%
keras.utils.set_random_seed(0)
small = keras.Sequential(
    [
        keras.Input((8, 8, 1)),
        keras.layers.Conv2D(4, 3, activation="relu"),
        keras.layers.Flatten(),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
images, labels = load_arrays("digits", "train")
images = images[:, 2:26:3, 2:26:3].astype("float32") / 255  # 8×8 is enough here
ten = images[:10], labels[:10]

_, whole = train_step(small, *ten, 10)
parts = [train_step(small, *part, 10)[1] for part in shard(ten, 3)]
summed = [sum(grads) for grads in zip(*parts, strict=True)]
largest = max(
    float(tf.reduce_max(abs(a - b))) for a, b in zip(whole, summed, strict=True)
)
print(f"largest difference: {largest:.1e}")

# %% [markdown]
# ### Where the promise breaks: batch normalisation
#
# A network that normalises its batch looks at all its images at once, and a replica
# sees only its own. The mean of four images scatters more than the mean of 32. That is
# not a mistake in your code: it is another function.
#
# **Predict.** The means of a feature over the batch, 400 batches: how does their
# scatter change when each replica gets half of the images?

# %%
rng = np.random.default_rng(0)
feature = images.mean(axis=(1, 2, 3))
per_replica = np.array([4, 8, 16, 32, 64])
scatter = [
    np.std([rng.choice(feature, size, replace=False).mean() for _ in range(400)])
    for size in per_replica
]
fig, ax = plt.subplots(figsize=(6, 2.8))
ax.loglog(per_replica, scatter, "ko-", label="measured")
ax.loglog(per_replica, feature.std() / np.sqrt(per_replica), "k:", label="1/√n")
ax.set(xlabel="images per replica", ylabel="scatter of the mean")
ax.set_xticks(per_replica, per_replica)
ax.minorticks_off()
ax.legend()
plt.show()

# %% [markdown]
# Keras can compute the statistics over all replicas
# (`BatchNormalization(synchronized=True)`), for the price of one more all-reduce in
# every such layer. With 32 images and more on each device most people leave it.
#
# ## 5. Training on several devices
#
# `tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"], cross_device_ops=...)` keeps one
# copy of every variable on each device. Give it `tf.distribute.ReductionToOneDevice()`
# to add gradients with: the usual way remembers shapes for the whole process, and a
# second strategy with another network would trip over those of the first. Three rules:
#
# - What has variables, the model and the optimiser, is made inside `strategy.scope()`.
#   `optimizer.build(model.trainable_variables)` makes its own there.
# - `strategy.run(function, args=...)` calls your function once on each replica. An
#   argument that differs from replica to replica is made by
#   `strategy.experimental_distribute_values_from_function(lambda context: ...)`, where
#   `context.replica_id_in_sync_group` says whose turn it is.
# - `optimizer.apply(gradients, variables)` inside that function sums the gradients over
#   all replicas by itself.
#
# **Predict.** What happens in the last batch of an epoch if one replica gets no image
# at all?


# %% question="mirrored_fit"
def mirrored_fit(model, images, labels, batch, epochs, learning_rate, replicas):
    """Trains a copy of a network by plain gradient descent on several devices.

    Args:
        model: a built Keras model from images to probabilities. It is left as it is: a
            copy of it (`keras.models.clone_model`), with the same weights, is trained.
        images: (N, H, W, C) float32.
        labels: integers (N,).
        batch: size of the global batch. The images are taken in their order, the same
            in every epoch; the last batch may be smaller and counts as well.
        epochs: how often all images are seen.
        learning_rate: of `keras.optimizers.SGD`, without momentum.
        replicas: 1 or 2, on the devices "CPU:0" and "CPU:1".

    Returns:
        (weights, losses): the trained weights as `get_weights()` gives them, and the
        mean loss of each step over its global batch, a list of floats.
    """
    # BEGIN SOLUTION
    # TODO: the strategy; in its scope the copy, its weights and the optimiser; then for
    # TODO: each batch: shard it, strategy.run(train_step and apply), sum the losses.
    strategy = tf.distribute.MirroredStrategy(
        [f"CPU:{i}" for i in range(replicas)],
        cross_device_ops=tf.distribute.ReductionToOneDevice(),
    )
    with strategy.scope():
        copy = keras.models.clone_model(model)
        copy.set_weights(model.get_weights())
        optimizer = keras.optimizers.SGD(learning_rate)
        optimizer.build(copy.trainable_variables)

    @tf.function(reduce_retracing=True)
    def step(part_images, part_labels, global_batch):
        def replica_step(x, y):
            loss, gradients = train_step(copy, x, y, global_batch)
            optimizer.apply(gradients, copy.trainable_variables)
            return loss

        losses = strategy.run(replica_step, args=(part_images, part_labels))
        return strategy.reduce("SUM", losses, axis=None)

    def on_each(parts):
        return strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(parts[context.replica_id_in_sync_group])
        )

    losses = []
    for _ in range(epochs):
        for start in range(0, len(images), batch):
            chosen = slice(start, start + batch)
            parts = shard((images[chosen], labels[chosen]), replicas)
            size = tf.constant(len(images[chosen]), tf.float32)
            part_images = on_each([part[0] for part in parts])
            part_labels = on_each([part[1] for part in parts])
            losses.append(float(step(part_images, part_labels, size)))
    return copy.get_weights(), losses
    # END SOLUTION


# %%
check("mirrored_fit")

# %% [markdown]
# One device and two, the same 150 images, batches of 32 (so the last of each epoch has
# 22). The two curves should be one.

# %%
few = 60 if QUICK else 150
settings = dict(batch=32, epochs=2 if QUICK else 6, learning_rate=0.5)
runs = {
    count: mirrored_fit(small, images[:few], labels[:few], **settings, replicas=count)
    for count in (1, 2)
}
apart = max(
    np.abs(one - two).max() for one, two in zip(runs[1][0], runs[2][0], strict=True)
)
print(f"largest difference between the weights: {apart:.1e}")

fig, ax = plt.subplots(figsize=(6, 2.8))
ax.plot(runs[1][1], "-", color="0.7", linewidth=5, label="one replica")
ax.plot(runs[2][1], "k--", label="two replicas")
ax.set(xlabel="step", ylabel="loss")
ax.legend()
plt.show()

# %% [markdown]
# What is left is rounding: the sums were added up in another order.
#
# ## 6. One network on two devices
#
# AlexNet needed more memory than its cards of 3 GB had. So each card got one half of
# the filters of every layer: a *tower*. The towers run alone, except at a few places
# where both need to see everything, and there, maps have to cross from card to card.
#
# | layer | in each tower | sees |
# |---|---|---|
# | conv1 | `width` filters 11×11, stride 4, "valid", ReLU; pool | the image |
# | conv2 | `8/3 · width` filters 5×5, "same", ReLU; pool | own tower |
# | conv3 | `4 · width` filters 3×3, "same", ReLU | **both** |
# | conv4 | `4 · width` filters 3×3, "same", ReLU | own tower |
# | conv5 | `8/3 · width` filters 3×3, "same", ReLU; pool | own tower |
# | flatten | | own tower |
# | fc6 | `units` units, ReLU, dropout 0.5 | **both** |
# | fc7 | `units` units, ReLU, dropout 0.5 | **both** |
# | fc8 | one layer for all: `classes` units, softmax | **both** |
#
# "Pool" is a maximum over 3×3 with stride 2, without padding.
# The published network has `width=48` and `units=2048`. (Its response normalisation has
# no parameters and is left out here.) `width` is a multiple of 3.
#
# **Predict.** Which layer would have twice as many parameters if both towers saw
# everything everywhere?


# %% question="two_tower_alexnet"
def two_tower_alexnet(width, units, classes, input_shape):
    """AlexNet in two towers.

    Args:
        width: filters of the first convolution in each tower, a multiple of 3.
        units: of fc6 and fc7, in each tower.
        classes: of the last layer.
        input_shape: (H, W, C).

    Returns:
        A Keras model of layers of `keras.layers` from (N, H, W, C) to probabilities
        (N, classes). Each half of a layer is a layer of its own.
    """
    # BEGIN SOLUTION
    # TODO: keras.layers.Concatenate is where maps cross. Two towers are two of each
    # TODO: layer, so that each can live on its own device.
    layers = keras.layers
    inputs = keras.Input(input_shape)

    def conv(x, filters, size, **settings):
        return layers.Conv2D(filters, size, activation="relu", **settings)(x)

    def pool(x):
        return layers.MaxPooling2D(3, strides=2)(x)

    def both(towers):
        return [layers.Concatenate()(towers)] * 2

    def dense(x):
        return layers.Dropout(0.5)(layers.Dense(units, activation="relu")(x))

    wide = width * 8 // 3
    towers = [pool(conv(inputs, width, 11, strides=4)) for _ in range(2)]
    towers = [pool(conv(x, wide, 5, padding="same")) for x in towers]
    towers = [conv(x, 4 * width, 3, padding="same") for x in both(towers)]
    towers = [conv(x, 4 * width, 3, padding="same") for x in towers]
    towers = [pool(conv(x, wide, 3, padding="same")) for x in towers]
    towers = [layers.Flatten()(x) for x in towers]
    towers = [dense(x) for x in both(towers)]
    towers = [dense(x) for x in both(towers)]
    outputs = layers.Dense(classes, activation="softmax")(both(towers)[0])
    return keras.Model(inputs, outputs)
    # END SOLUTION


# %%
check("two_tower_alexnet")

# %% [markdown]
# The published size, and what has to cross between the two cards for one image. (61
# million random numbers: this cell takes a few seconds.)

# %%
published = two_tower_alexnet(48, 2048, 1000, (227, 227, 3))
print(f"{published.count_params():,} parameters")
for layer in published.layers:
    if isinstance(layer, keras.layers.Concatenate):
        half = int(np.prod(layer.output.shape[1:])) // 2
        print(f"{half:>7,} numbers cross each way into {layer.output.shape[1:]}")
del published

# %% [markdown]
# The count that decks and papers round to "60 million" is this one. A single stream
# with the same layers has 62.4 million: cutting the network saved more than it looks.
#
# ## 7. What training needs in memory
#
# Now the budget (L52). For training, memory holds
#
# - the **activations** of every layer for every image: the backward pass needs them;
# - the **parameters**, their **gradients**, as many again, and for every parameter the
#   optimiser's own numbers, its **slots**: none for plain gradient descent, one for
#   momentum, two for Adam.
#
# Data parallelism divides one of these among the devices. **Predict** which.


# %% question="training_memory"
def training_memory(rows, batch, slots, replicas=1, bytes_each=4):
    """Bytes that training needs on the fullest device.

    Args:
        rows: (name, activations, parameters) for each layer: how many numbers it
            returns for one image, and how many parameters it has.
        batch: size of the global batch, cut as `shard` cuts it.
        slots: numbers that the optimiser keeps for each parameter.
        replicas: number of devices, each with a whole copy of the network.
        bytes_each: bytes of one number.

    Returns:
        (activations, parameters, gradients, optimizer): four ints, in bytes.
    """
    # BEGIN SOLUTION
    # TODO: the fullest device has the largest part of the batch.
    largest = -(-batch // replicas)
    activations = sum(row[1] for row in rows) * largest * bytes_each
    parameters = sum(row[2] for row in rows) * bytes_each
    return activations, parameters, parameters, slots * parameters
    # END SOLUTION


# %%
check("training_memory")

# %% [markdown]
# VGG-16's table, and a card of 16 GB. How large may the batch be, on one device and on
# four?

# %%
from shared.accounting import layer_table
from shared.models import build

table = layer_table(build("vgg16"))
rows = list(zip(table.index, table.activations, table.parameters, strict=True))

GB = 1e9
batches = np.array([1, 16, 32, 64, 128, 256])
fig, ax = plt.subplots(figsize=(6, 3.2))
for replicas, line in ((1, "o-"), (2, "s--"), (4, "^:")):
    need = [sum(training_memory(rows, int(b), 1, replicas)) / GB for b in batches]
    ax.plot(batches, need, line, color="black", label=f"{replicas} devices")
ax.axhline(16, color="0.6")
ax.set(xlabel="global batch", ylabel="GB on each device", xticks=batches[2:])
ax.legend()
plt.show()

names = ("activations", "parameters", "gradients", "momentum")
for name, part in zip(names, training_memory(rows, 64, 1), strict=True):
    print(f"{name:12} {part / GB:6.2f} GB")

# %% [markdown] answer="remedies"
# **In your own words.** A lecture lists seven remedies when memory runs out, among them
# a smaller batch, smaller images, fewer and smaller dense layers. Which of the four
# parts above does each of these three make smaller, and what does it cost?
#
# A smaller batch shrinks the activations alone, in proportion; the price is noisier
# gradients and more steps. Smaller images shrink the activations with the square of the
# side, and the parameters of a dense layer after flattening; detail is lost. Fewer or
# smaller dense layers shrink parameters, gradients and slots, where VGG has most of
# them, and hardly touch the activations.

# %% [markdown]
# ## What you have now
#
# The walk-through `notebooks/12_distributed_training.ipynb` goes on from here: training
# that is interrupted and resumed to the same weights, two processes that train together
# as two machines would, the scaling curve, and where AlexNet's parameters lie.
