# %% [markdown]
# # Several devices, worked through
#
# This notebook stands beside assignment 12. It uses the course's own training library
# (`shared.training`) to try what distribution promises: the same weights on one device
# and on two, training that can be killed and goes on, two processes that train as one.
# And it counts: what crosses between AlexNet's two cards, what an all-reduce costs,
# what each remedy against scarce memory saves.
#
# Contents: 1 a network on two devices · 2 the same weights · 3 killed and resumed ·
# 4 two processes · 5 what an all-reduce costs · 6 without waiting · 7 seven remedies.

# %%
import json
import os
import socket
import subprocess
import sys
import tempfile
import textwrap

from shared.quiet import quiet_tensorflow

quiet_tensorflow()

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from ipywidgets import FloatSlider
from keras import layers

from shared.accounting import layer_table, parameters, totals
from shared.datasets import load_arrays
from shared.models import build
from shared.sliders import with_sliders
from shared.training import recipe, strategy, train
from shared.training.memory import remedies
from shared.training.parallel import crossings, placement, two_devices

QUICK = os.environ.get("COURSE_QUICK") == "1"
tf.get_logger().setLevel("ERROR")  # strategies talk a lot
plt.rcParams.update({"figure.dpi": 80, "font.size": 12})

devices = two_devices()  # first of all: TensorFlow divides the processor only once
print(devices)

# %% [markdown]
# ## 1. A network on two devices
#
# AlexNet's authors had two cards with 3 GB each, and a network that needed more. They
# put half of every layer on each card. Here is that network on two logical devices;
# `placement` reads off where its parameters lie.
#
# **Predict.** The network has 61 million parameters. Are they divided evenly?

# %%
alexnet = build("alexnet_two_tower", devices=devices)
placed = placement(alexnet)
millions = placed.groupby("device")["parameters"].sum() / 1e6
print(millions.round(3).to_string())
print(f"together {placed['parameters'].sum():,}")

# %% [markdown]
# Evenly but for the last layer, which there is only once. Now what has to cross from
# one card to the other for each image. **Predict** first: convolutions or dense layers,
# which exchange more numbers?

# %%
crossing = crossings(alexnet)
kilobytes = crossing.groupby(["source", "target"])["bytes_per_image"].sum() / 1000
print(kilobytes.round(1).to_string())
del alexnet

# %% [markdown]
# Most of what goes to the second card is the image itself: the first device has it, and
# both towers look at it. The rest is maps, most of them before conv3, 13×13 of 128
# filters from each tower to the other, and the short vectors of the dense layers. In
# the layers between, nothing crosses. Had every layer seen both towers, the maps after
# conv1 alone (27×27×48 from each) would have been more than that again.

# %%
print(f"the image: {227 * 227 * 3 * 4 / 1000:.0f} KB")
both_ways = {"before conv3": 2 * 13 * 13 * 128, "after conv1": 2 * 27 * 27 * 48}
for where, numbers in both_ways.items():
    print(f"{where}: {numbers * 4 / 1000:.0f} KB an image")

# %% [markdown]
# ## 2. The same weights
#
# Data parallelism copies the network and divides the batch. The promise is that nobody
# can tell from the result. So: the same digits, the same seed, one device and two.
#
# **Predict.** How far apart are the weights after training: exactly 0, about $10^{-7}$,
# or about $10^{-2}$?

# %%
count = 200 if QUICK else 600
images, labels = load_arrays("digits", "train")
images, labels = images[:count], labels[:count]
by = recipe("lenet5")


def plain():
    """A small network without batch normalisation."""
    return keras.Sequential(
        [
            keras.Input(images.shape[1:]),
            layers.Conv2D(8, 5, strides=2, activation="relu"),
            layers.Conv2D(16, 3, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )


def normalised():
    """The same with batch normalisation."""
    return keras.Sequential(
        [
            keras.Input(images.shape[1:]),
            layers.Conv2D(8, 5, strides=2, use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2D(16, 3, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )


def trained(network, epochs=2, **how):
    """The result of a run without a bar."""
    settings = {"epochs": epochs, "batch_size": 64, "seed": 1, "progress": False}
    return train(network, (images, labels), by, **(settings | how))


def apart(one, other):
    """The largest difference between the weights of two results."""
    pairs = zip(one.model.get_weights(), other.model.get_weights(), strict=True)
    return max(float(np.abs(a - b).max()) for a, b in pairs)


two = strategy("cpu:2")
runs = {
    "plain": apart(trained(plain), trained(plain, strategy=two)),
    "batch norm": apart(trained(normalised), trained(normalised, strategy=two)),
    "batch norm, synchronised": apart(
        trained(normalised),
        trained(normalised, strategy=two, sync_batch_norm=True),
    ),
}
fig, ax = plt.subplots(figsize=(6, 2.4))
ax.barh(list(runs), list(runs.values()), color="0.35")
ax.set(xscale="log", xlabel="largest difference between weights")
ax.invert_yaxis()
plt.show()

# %% [markdown]
# Without batch normalisation what remains is rounding. With it, each replica normalises
# by its own 32 images instead of all 64, and the run is another one: not worse, but
# another. Synchronised, the statistics are taken over all replicas, and the promise
# holds again, for one more conversation in every such layer.
#
# ## 3. Killed and resumed
#
# A run of six days will be interrupted. What has to be saved so that the rest is *as if
# nothing had happened*? The weights; the optimiser's own numbers; the learning rate's
# place in its schedule; and the order of the images, which a seed and the number of the
# step determine. Here a run is stopped after one epoch and taken up again.
#
# **Predict.** The difference to a run that was never stopped.

# %%
with tempfile.TemporaryDirectory() as folder:

    def stop_after_one(row):
        """A hook that pulls the plug."""
        if row["epoch"] == 1:
            raise KeyboardInterrupt

    try:
        trained(plain, 3, checkpoint_dir=folder, callbacks=[stop_after_one])
    except KeyboardInterrupt:
        print("stopped; saved:", sorted(os.listdir(folder))[-1])
    resumed = trained(plain, 3, checkpoint_dir=folder)
undisturbed = trained(plain, 3)
print("difference:", apart(resumed, undisturbed))
print("epochs in the history:", [row["epoch"] for row in resumed.history])

# %% [markdown]
# Exactly zero, not nearly: the same operations in the same order.
#
# ## 4. Two processes
#
# Two machines share no memory. They talk over a network, and each must know who the
# others are: that is what the variable `TF_CONFIG` says. Below, two processes on this
# machine train together; each writes down its final weights.

# %%
PROGRAM = textwrap.dedent("""
    import sys
    from shared.quiet import quiet_tensorflow
    quiet_tensorflow()
    from shared.training import strategy
    workers = strategy("multiworker")  # before anything is computed
    import keras, numpy as np
    from keras import layers
    from shared.datasets import load_arrays
    from shared.training import train

    def network():
            return keras.Sequential([
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 5, strides=2, activation="relu"),
            layers.Conv2D(16, 3, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(10),
        ])

    images, labels = load_arrays("digits", "train")
    count = int(sys.argv[2])
    images, labels = images[:count], labels[:count]
    result = train(network, (images, labels), "lenet5", strategy=workers, epochs=2,
                   batch_size=64, seed=1, progress=False)
    np.savez(sys.argv[1], *result.model.get_weights())
""")


def free_ports(count):
    """Ports of this machine that nobody uses now."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("localhost", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


cluster = {"worker": [f"localhost:{port}" for port in free_ports(2)]}
shown = {"worker": ["host-a:2222", "host-b:2222"]}  # two machines would be told
print("TF_CONFIG of the second:")
print(json.dumps({"cluster": shown, "task": {"type": "worker", "index": 1}}))

# %%
with tempfile.TemporaryDirectory() as folder:
    processes = []
    for index in range(2):
        task = {"cluster": cluster, "task": {"type": "worker", "index": index}}
        files = os.path.join(folder, f"{index}.npz")
        processes.append(
            subprocess.Popen(
                [sys.executable, "-c", PROGRAM, files, str(count)],
                env=os.environ | {"TF_CONFIG": json.dumps(task)},
                stderr=subprocess.DEVNULL,
            )
        )
    print("both ended well:", [process.wait() == 0 for process in processes])
    saved = [np.load(os.path.join(folder, f"{index}.npz")) for index in range(2)]
    names = saved[0].files
    between = max(np.abs(saved[0][name] - saved[1][name]).max() for name in names)
    alone = trained(plain).model.get_weights()
    to_one = max(
        np.abs(saved[0][name] - weight).max()
        for name, weight in zip(names, alone, strict=True)
    )
print("between the two processes:", between)
print(f"to one process alone: below 1e-4: {to_one < 1e-4}")

# %% [markdown]
# ## 5. What an all-reduce costs
#
# With $n$ devices in a ring, each sends its gradient in $n$ slices around: in all
# $2(n-1)/n$ times the size of the network, whatever $n$ is. The devices compute for a
# time that shrinks with $n$ and talk for one that does not.
#
# **Predict.** Which of the two scales better on a slow network: VGG-16 or ResNet-50?
# One has five times the parameters, and four times the multiply-adds.

# %%
SPEED = 10e12  # multiply-adds a second, of one device
IMAGES = 256  # in the global batch
networks = {}
for name in ("vgg16", "resnet50"):
    model = build(name)
    networks[name] = parameters(model)[0], totals(layer_table(model))["multiply_adds"]
    print(
        f"{name}: {networks[name][0]:,} parameters, {networks[name][1]:,} multiply-adds"
    )
del model


def step_seconds(size, multiply_adds, devices, gigabytes_a_second):
    """Forward and backward pass (three times the forward one), then the ring."""
    compute = 3 * multiply_adds * IMAGES / devices / SPEED
    talk = 2 * (devices - 1) / devices * 4 * size / (gigabytes_a_second * 1e9)
    return compute + talk


numbers = np.array([1, 2, 4, 8, 16, 32])


def show_scaling(bandwidth=1.0):
    """Speed against the number of devices."""
    fig, ax = plt.subplots(figsize=(6, 3.2))
    for (name, (size, adds)), line in zip(networks.items(), ("s-", "o--"), strict=True):
        times = [step_seconds(size, adds, n, bandwidth) for n in numbers]
        ax.plot(numbers, times[0] / np.array(times), line, color="black", label=name)
    ax.plot(numbers, numbers, ":", color="0.6", label="perfect")
    ax.set(xscale="log", yscale="log", xlabel="devices", ylabel="times as fast")
    ax.set_xticks(numbers, numbers)
    ax.set_yticks(numbers, numbers)
    ax.minorticks_off()
    ax.set_title(f"{bandwidth:g} GB/s between devices")
    ax.legend()
    return fig


with_sliders(show_scaling, bandwidth=FloatSlider(1.0, min=0.5, max=50, step=0.5))

# %% [markdown]
# A network earns its distribution with multiply-adds for each parameter: ResNet-50 has
# more of them than VGG-16, whose dense layers are all parameters and hardly any work.
#
# And this machine? Two logical devices share one processor, so two cannot be faster
# than one. What can be seen is what distribution *costs*.

# %%
times = {}
for name, how in (("1 replica", {}), ("2 replicas", {"strategy": two})):
    run = trained(plain, 2, **how)  # the first epoch builds the graph
    times[name] = run.history[-1]["seconds"]
fig, ax = plt.subplots(figsize=(6, 1.6))
ax.barh(list(times), list(times.values()), color="0.35")
ax.set(xlabel="seconds for an epoch, on one processor")
ax.invert_yaxis()
plt.show()

# %% [markdown]
# `python benchmarks/training.py` measures this with a network and a batch large enough
# to matter.
#
# ## 6. Without waiting
#
# In a synchronous step the fastest device waits for the slowest. The system that
# trained GoogLeNet did not wait (L51): each worker fetched the weights, computed its
# gradient, and added it to whatever the weights had become meanwhile. Its gradient is
# *stale*.
#
# A parabola is enough to see what staleness does. **Predict.** With a learning rate
# that converges well when nobody is late, what happens when every gradient is 2, then 8
# steps old?


# %%
def distances(delay, rate=0.2, steps=80):
    """Distance from the minimum of x²/2, when gradients are `delay` steps old."""
    path = [1.0] * (delay + 1)
    for _ in range(steps):
        path.append(path[-1] - rate * path[-1 - delay])
    return np.array(path[delay:])


fig, ax = plt.subplots(figsize=(6, 3))
for delay, line in ((0, "-"), (2, "--"), (8, ":")):
    ax.plot(distances(delay), line, color="black", label=f"{delay} steps old")
ax.set(xlabel="step", ylabel="distance from the minimum", ylim=(-1.5, 1.5))
ax.legend()
plt.show()

# %% [markdown]
# A little staleness overshoots, more of it swings ever wider. The largest rate that
# still converges falls with the delay; here it is found by trying.

# %%
rates = np.geomspace(0.01, 2.5, 400)
largest = {}
for delay in (0, 1, 2, 4, 8, 16):
    ends = [np.abs(distances(delay, rate, 600)[-100:]).max() for rate in rates]
    largest[delay] = rates[np.array(ends) < 1].max()
for delay, rate in largest.items():
    bound = 2 * np.sin(np.pi / (2 * (2 * delay + 1)))
    print(f"{delay:2} steps old: {rate:.2f}   theory {bound:.2f}")

# %% [markdown]
# That is why asynchronous training gave way to synchronous training when networks
# between machines became fast.
#
# ## 7. Seven remedies
#
# Memory holds activations, which grow with the batch, and parameters with all that
# belongs to them (L52). A lecture lists seven remedies. `remedies` applies each to a
# copy of VGG-16 and counts again, with Adam and a batch of 64.
#
# **Predict.** Which saves most? Which saves the parameters but hardly anything in all?

# %%
table = remedies(build("vgg16"), batch_size=64).reset_index()
print(table[["remedy", "parameters", "activations", "share"]].to_string(index=False))

# %%
fig, ax = plt.subplots(figsize=(6, 3.6))
ax.barh(table["remedy"], table["parameters"] / 1000, color="0.25", label="parameters")
ax.barh(
    table["remedy"],
    table["activations"] / 1000,
    left=table["parameters"] / 1000,
    color="0.7",
    label="activations",
)
ax.set(xlabel="GB")
ax.invert_yaxis()
ax.legend()
plt.show()

# %% [markdown]
# What you take from here: distribution is arithmetic with a promise, and the promise is
# testable. The assignment asks you to keep it.
