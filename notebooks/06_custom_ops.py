# %% [markdown]
# # Memory, threads and operations, worked through
#
# This notebook stands beside assignment 06. There you write a convolution in C++ and
# CUDA. Here are the ideas behind it, on problems with one dimension less: where a
# number lies in memory, what TensorFlow asks of an operation, how threads share work,
# why they must wait for each other, and what all that is worth in seconds.
#
# Contents: 1 one long row of numbers · 2 borders that nobody guards · 3 a byte is too
# small · 4 what TensorFlow asks · 5 threads in blocks · 6 a barrier · 7 ghost cells ·
# 8 rows that begin well · 9 how fast.

# %%
import os
import time

from shared.quiet import quiet_tensorflow

quiet_tensorflow()

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from ipywidgets import IntSlider

from shared.ops import conv2d
from shared.sliders import with_sliders

QUICK = os.environ.get("COURSE_QUICK") == "1"
plt.rcParams.update({"figure.dpi": 80, "font.size": 12, "image.cmap": "gray"})

# %% [markdown]
# ## 1. One long row of numbers
#
# Memory has no rows and columns. An array of shape (2, 3, 4) is 24 numbers one after
# the other, and a rule to find them: one step along an axis skips a fixed number of
# them. NumPy calls these its strides (not those of a convolution) and counts bytes.
#
# **Predict.** How many numbers apart are `a[0, 0, 0]` and `a[0, 0, 1]`? `a[0, 0, 0]`
# and `a[0, 1, 0]`? And `a[0, 0, 0]` and `a[1, 0, 0]`?

# %%
a = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
print("steps in numbers:", [s // a.itemsize for s in a.strides])
print("a[1, 2, 3] =", a[1, 2, 3], "is number", np.dot((1, 2, 3), (12, 4, 1)))

# %% [markdown]
# The last axis runs fastest. Walking along it reads neighbours, and neighbours come
# from memory together, 16 floats at a time. Walking along the first axis reads one
# number out of each handful and throws the rest away.
#
# **Predict.** We sum a large matrix row by row, then column by column. The same
# numbers, the same additions. Which is slower, and how much?

# %%
side = 1000 if QUICK else 4000
matrix = np.ones((side, side), np.float32)


def seconds(run, repeats=3):
    """The shortest of a few runs."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return min(times)


rows = seconds(lambda: [np.add.reduce(matrix[i]) for i in range(side)])
columns = seconds(lambda: [np.add.reduce(matrix[:, j]) for j in range(side)])
print(
    f"row by row {rows * 1e3:.0f} ms, column by column {columns * 1e3:.0f} ms:", end=" "
)
print(f"{columns / rows:.0f} times slower")

# %% [markdown]
# ## 2. Borders that nobody guards
#
# In C++ an index is added to an address, and what lies there is read. Nobody asks
# whether it is still the same row, or still the same array.
#
# A running sum of three neighbours, on each row of an image, wants the pixel to the
# left of column 0. **Predict** what it reads there in the second row, if nobody looks.

# %%
image = np.array([[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]])
memory = image.ravel()
unguarded = [int(memory[i - 1 : i + 2].sum()) for i in range(4, 8)]
guarded = np.pad(image, ((0, 0), (1, 1)))[1]
guarded = [int(guarded[j : j + 3].sum()) for j in range(4)]
print("second row, unguarded:", unguarded)
print("second row, guarded:  ", guarded)

# %% [markdown]
# To the left of 5 lies 4, the end of the row above; to the right of 8 lies 9. The
# middle is right, so that a glance at the result shows nothing. In the first and last
# row there is not even a neighbour: the program reads what is not its own. That may
# work, or crash, or do both on different days.
#
# A *sanitizer* is a compiler's promise to check every access. The assignment builds
# your code with one, which is why it can tell you the array, the index and the line.
#
# ## 3. A byte is too small
#
# Images come as unsigned bytes, 0 to 255. It is tempting to leave them so. A lecture's
# CUDA kernel does: image, filter and result are `unsigned char`.
#
# **Predict.** Its edge filter has a −1. What is −1 as an unsigned byte? And the sum
# 0·8 + 0·8 − 2·8 = −16?

# %%
for number in (-1, -16, -24, 24, 300):
    print(f"{number:4} is stored as {np.array(number).astype(np.uint8)}")

# %% [markdown]
# Bytes count modulo 256. Here is the lecture's example in full: six columns, three of
# 8 and three of 0, zeros around, rows of the filter 1, 0, −1.

# %%
step = np.zeros((8, 8), int)
step[1:7, 1:4] = 8
true = np.array(
    [[step[i : i + 3, j].sum() - step[i : i + 3, j + 2].sum() for j in range(6)]
     for i in range(6)]
)  # fmt: skip
fig, axes = plt.subplots(1, 2, figsize=(9, 4.3))
for axis, values, title in zip(
    axes, (true, true.astype(np.uint8)), ("in whole numbers", "in unsigned bytes"),
    strict=True,
):  # fmt: skip
    axis.imshow(values, cmap="Greys", vmin=-24, vmax=480)
    for (i, j), value in np.ndenumerate(values):
        axis.text(j, i, value, ha="center", va="center")
    axis.set(title=title, xticks=[], yticks=[])
plt.tight_layout()
plt.show()

# %% [markdown]
# −16 and −24 have become 240 and 232: the weakest places of the map are now its
# strongest. No compiler objects to that.
#
# **Question.** The sums were made in a wide `int` and cut to a byte only at the end.
# Why does that not help?
#
# <details><summary>Answer</summary>
# The −1 of the filter was a byte already, 255, so that the sum is 256 too large for
# each pixel it met; and the end is a byte again, in which −16 has no place.
# </details>
#
# ## 4. What TensorFlow asks
#
# An operation has a name, inputs, outputs and attributes, and answers two questions:
# which shape comes out, and which numbers. While a graph is traced only the first is
# asked. The course has a convolution of its own, in `shared.ops`, made like the one
# that you will write.
#
# **Predict.** The batch is unknown. Does tracing run the convolution?

# %%
kernel = tf.ones((3, 3, 1, 2))


@tf.function(input_signature=[tf.TensorSpec((None, 9, 9, 1))])
def traced(x):
    """Traced once, with an unknown batch."""
    y = conv2d(x, kernel, strides=2)
    print("while tracing: ", y.shape, "from", y.op.type)
    return y


print("when it runs:  ", traced(tf.ones((5, 9, 9, 1))).shape)
print("and once more: ", traced(tf.ones((2, 9, 9, 1))).shape)

# %% [markdown]
# The line "while tracing" is printed once: Python is gone when the graph runs. The
# shape function had to answer with `None` for the batch, and refuses what cannot work
# before anything runs:

# %%
try:
    conv2d(tf.ones((1, 4, 4, 1)), tf.ones((7, 7, 1, 1)))
except tf.errors.InvalidArgumentError as error:
    print(error.message.split("}} ")[-1].split(" [Op:")[0])

# %% [markdown]
# For a gradient TensorFlow looks the operation's name up in a registry. What it finds
# is a function of the operation and the upstream gradient; it returns one gradient for
# each input. Here is one for another operation, wrong on purpose, to see that it is
# asked.
#
# **Predict.** The derivative of x² is 2x. What will the tape say at 3?


# %%
@tf.custom_gradient
def square(x):
    """x squared, with a gradient of our own making."""
    return x**2, lambda upstream: upstream * 100


x = tf.constant(3.0)
with tf.GradientTape() as tape:
    tape.watch(x)
    y = square(x)
print("value", float(y), " gradient", float(tape.gradient(y, x)))

# %% [markdown]
# TensorFlow believes what it is told. So one tests a gradient against a difference
# quotient, once, when it is written.
#
# ## 5. Threads in blocks
#
# On a GPU the loop over outputs disappears. There is one thread for each output, and
# every thread runs the same function, which asks where it is. Threads come in blocks of
# a fixed size, so their number is a multiple of it, and outputs rarely are.
#
# **Predict.** 21 by 13 outputs in blocks of 8 by 8: how many blocks, and how many
# threads have nothing to do?


# %%
def occupied(width, height, block):
    """A picture of the grid: which threads have an output."""
    across, down = -(-width // block), -(-height // block)
    grid = np.zeros((down * block, across * block))
    grid[:height, :width] = 1
    idle = grid.size - width * height
    fig, axis = plt.subplots(figsize=(8, 5))
    axis.imshow(grid, cmap="Greys", vmin=0, vmax=1.6)
    for k in range(across + 1):
        axis.axvline(k * block - 0.5, color="k", lw=2)
    for k in range(down + 1):
        axis.axhline(k * block - 0.5, color="k", lw=2)
    axis.set(
        title=f"{across} × {down} blocks of {block} × {block}, {idle} threads idle",
        xlabel="column = blockIdx.x * blockDim.x + threadIdx.x",
        ylabel="row",
    )
    return fig


with_sliders(
    occupied,
    width=IntSlider(value=21, min=1, max=40),
    height=IntSlider(value=13, min=1, max=24),
    block=IntSlider(value=8, min=2, max=16),
)

# %% [markdown]
# The white threads must find out that they are superfluous and write nothing. And the
# number of blocks is rounded *up*: rounded down, the grey strip beyond the last full
# block would never be computed.
#
# ## 6. A barrier
#
# Threads of a block share a small fast memory. Each brings some numbers there, and all
# use them. The catch: there is no order among threads.
#
# Python can play this. Each thread is a generator, and `yield` is the barrier: a thread
# that has arrived waits until all have. We let the threads run first to last, or last
# to first.
#
# The task: each thread brings one number, and adds its own to its left neighbour's.
#
# **Predict.** What comes out without the barrier, first to last? Last to first?


# %%
def run_block(thread, size, order):
    """Runs `size` threads; at each yield a thread waits for all others."""
    alive = {number: thread(number) for number in order(range(size))}
    while alive:
        for number in list(alive):
            if next(alive[number], "done") == "done":
                del alive[number]


def pair_sums(numbers, barrier, order):
    """Adds each number to its left neighbour, through shared memory."""
    shared, result = np.full(len(numbers), -100), np.zeros(len(numbers), int)

    def thread(me):
        shared[me] = numbers[me]
        if barrier:
            yield
        result[me] = shared[me] + (shared[me - 1] if me else 0)

    run_block(thread, len(numbers), order)
    return result


numbers = np.array([1, 2, 3, 4, 5])
for barrier in (False, True):
    for name, order in (("first to last", iter), ("last to first", reversed)):
        found = pair_sums(numbers, barrier, order)
        print(f"{'with' if barrier else 'no':4} barrier, {name}: {found}")

# %% [markdown]
# Without the barrier one order happens to be right, which is the worst that can happen:
# the kernel passes its test and fails on other hardware. −100 stands for what nobody
# has brought yet. The assignment's emulation runs every block in both orders for that
# reason.
#
# A second trap: a thread that is not needed must not leave *before* a barrier. The
# others would wait for it for ever, or worse, would not, and miss the number it should
# have brought.
#
# ## 7. Ghost cells
#
# A block that computes 8 outputs of a filter of width 5 needs 12 pixels: 2 more on
# either side. At the edge of the image these lie outside: ghost cells, which are set to
# zero. The larger the tile, the smaller their share, and the more often a pixel that
# was fetched is used.
#
# **Predict.** In two dimensions, at which tile size is half of what a block fetches its
# own outputs' pixels, for a filter of 5×5?


# %%
def fetched(taps):
    """How many pixels a block fetches for each of its outputs, by tile size."""
    tiles = np.arange(1, 33)
    each = (tiles + taps - 1) ** 2 / tiles**2
    fig, axis = plt.subplots(figsize=(8, 4))
    axis.plot(tiles, each, "k-", label="with a tile in shared memory")
    axis.axhline(taps**2, color="k", ls="--", label=f"without: {taps}² = {taps**2}")
    enough = tiles[each <= 2][0]
    axis.plot([enough], [each[enough - 1]], "ko", ms=9)
    axis.annotate(f"tile {enough}", (enough, each[enough - 1]), (enough + 1, 2.6))
    axis.set(
        xlabel="edge of the tile",
        ylabel="pixels fetched per output",
        yscale="log",
        title=f"filter {taps} × {taps}",
    )
    axis.set_yticks((1, 2, 5, 10, 20, 50, 100), (1, 2, 5, 10, 20, 50, 100))
    axis.set_ylim(0.9, 1.3 * taps**2)
    axis.minorticks_off()
    axis.legend()
    return fig


with_sliders(fetched, taps=IntSlider(value=5, min=1, max=11, step=2))

# %% [markdown]
# A tile of 10 by 10 has 100 outputs and fetches 196 pixels. (A tile is limited by the
# shared memory, some tens of kilobytes for a block, and by 1024 threads.)
#
# ## 8. Rows that begin well
#
# Memory is fetched in sectors of 32 bytes. 32 threads that read 32 neighbouring floats
# need 4 sectors, if the first float begins one, else 5. With rows of 30 floats most
# rows begin somewhere inside a sector. Padding can be used for that as well: store rows
# of 32 and never look at the last two.
#
# **Predict.** Which row lengths let *every* row begin a sector?

# %%
lengths = np.arange(24, 49)
starts = np.arange(64)[:, None] * lengths  # the first float of each row
touched = (4 * (starts + 32) - 1) // 32 - 4 * starts // 32 + 1
plt.figure(figsize=(8, 3.6))
shades = ["k" if n % 8 == 0 else "0.75" for n in lengths]
plt.bar(lengths, touched.mean(axis=0), color=shades, edgecolor="k")
plt.ylim(3.5, 5.1)
plt.xlabel("row length in floats (black: multiples of 8)")
plt.ylabel("sectors for 32 threads")
plt.show()
best = [int(n) for n in lengths[touched.mean(axis=0) == 4]]
print("always 4 sectors:", best)

# %% [markdown]
# Multiples of 8 floats, 32 bytes. Lectures say "aligned to 4, 8 or 16", and all three
# have a reason: 4 floats are the widest single load of a thread, 8 a sector, 16 a line
# of a processor's cache.
#
# ## 9. How fast
#
# The course's operation has several ways to the same numbers. The loop nest is what you
# will write; `im2col` copies all windows into a matrix and multiplies; `direct` keeps a
# few outputs in registers.
#
# **Predict.** All four do the same products. How far apart are they for one channel?
# For 64?


# %%
def gflops(channels, run):
    """Multiply-adds, counted as two, per nanosecond."""
    size, filters = (12 if QUICK else 28), 32
    rng = np.random.default_rng(0)
    x = tf.constant(rng.normal(size=(2, size, size, channels)), tf.float32)
    kernel = tf.constant(rng.normal(size=(3, 3, channels, filters)), tf.float32)
    run(x, kernel)
    best = seconds(lambda: run(x, kernel).numpy(), 3 if QUICK else 40)
    return 2 * 2 * size**2 * 9 * channels * filters / best / 1e9


ways = {
    "loop nest": lambda x, k: conv2d(x, k, padding="same", implementation="naive"),
    "im2col": lambda x, k: conv2d(x, k, padding="same", implementation="im2col"),
    "direct": lambda x, k: conv2d(x, k, padding="same", implementation="direct"),
    "TensorFlow": lambda x, k: tf.nn.conv2d(x, k, 1, "SAME"),
}
channels = [1, 4, 16, 64]
plt.figure(figsize=(8, 4.2))
for (name, run), style in zip(
    ways.items(), ("k:o", "k-.s", "k-^", "k--D"), strict=True
):
    rates = [gflops(c, run) for c in channels]
    plt.plot(channels, rates, style, mfc="w", ms=8, label=name)
    print(f"{name:10}", *(f"{rate:7.1f}" for rate in rates), " GFLOP/s")
plt.xscale("log", base=2)
plt.yscale("log")
plt.xticks(channels, channels)
plt.yticks((3, 10, 30, 100, 300), (3, 10, 30, 100, 300))
plt.minorticks_off()
plt.xlabel("channels")
plt.ylabel("GFLOP/s")
plt.legend(handlelength=3.5)
plt.show()

# %% [markdown]
# With one channel every number is used so rarely that there is little to gain. With
# many, a number that has been fetched can serve for many products, and whoever arranges
# that is ahead by an order of magnitude. Tiles in registers on a processor, tiles in
# shared memory on a GPU: one idea.
#
# Now to the assignment.
