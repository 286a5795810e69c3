# %% [markdown]
# # Your own operation, in C++ and CUDA
#
# Behind `tf.nn.conv2d` stands a file of C++. In this assignment you write that file:
# the function that says which shape comes out, the loops that compute it, both
# gradients, the line that tells TensorFlow about them, and two kernels for a GPU. At
# the end a network learns to read digits with nothing in its convolution that you have
# not written.
#
# You have done the mathematics before, in NumPy. What is new is everything that NumPy
# did for you: memory that is not cleared, indices that nobody checks, borders, threads.
#
# | | you write | in the file | points |
# |---|---|---|---|
# | 1 | `conv_out_shape` | `conv_shape.cc` | 15 |
# | 2 | `conv2d_forward_cpu` | `conv2d_forward.cc` | 15 |
# | 3 | `conv2d_grad_input_cpu` | `conv2d_grad_input.cc` | 15 |
# | 4 | `conv2d_grad_kernel_cpu` | `conv2d_grad_kernel.cc` | 15 |
# | 5 | `conv2d_gradient` | this notebook | 10 |
# | 6 | `conv2d_naive` | `conv2d_naive.cu` | 15 |
# | 7 | `conv2d_tiled` | `conv2d_tiled.cu` | 15 |
#
# **How it works.** Open the file in any editor, fill in the places marked `TODO`, take
# away the line `#error`, save, and run its `check("...")` here. The file is compiled
# (a second), runs in a process of its own, and comes back with numbers, with the
# compiler's complaint and the line of *your* file, or with the array and the index that
# you read outside its bounds. A crash in C++ does not end your notebook.

# %%
import os
import time

from shared.quiet import quiet_tensorflow

quiet_tensorflow()

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from custom_ops import (
    compile_naive,
    compile_tiled,
    conv2d_forward_cpu,
    conv2d_grad_input_cpu,
    conv2d_grad_kernel_cpu,
    conv2d_naive,
    conv2d_tiled,
    conv_out_shape,
    cpu_function,
    geometry,
    gpu_seconds,
    gradients_in_tensorflow,
    has_gpu,
    naive_traffic,
    operations,
    register_gradient,
    run_in_tensorflow,
    run_lecture_kernel,
    shape_in_a_graph,
    tiled_traffic,
    use,
)

from grader.notebook import check
from shared.datasets import load_arrays

DATASET = "digits"  # "mnist" for the bigger one, which is downloaded once
QUICK = os.environ.get("COURSE_QUICK") == "1"

rng = np.random.default_rng(0)
plt.rcParams.update({"figure.dpi": 90, "font.size": 12, "image.cmap": "gray"})

# %% [markdown]
# ## Conventions
#
# They hold in every question, and the tests rely on them.
#
# - `x` is `(N, H, W, C)`, `kernel` is `(KH, KW, C, F)`, `y` is `(N, OH, OW, F)`. In
#   memory the last index runs fastest.
# - Output `(i, j)` reads row `i * stride_h - pad_top + a * dilation_h` and column
#   `j * stride_w - pad_left + b * dilation_w` of `x` through tap `(a, b)`. The kernel
#   is not turned. What lies beyond the image counts as zero.
# - The struct `Conv` in `given/conv2d.h` has all these numbers. Strides and dilations
#   may differ in rows and columns, and the padding on all four sides.
# - Your CPU kernels are templates: `T` is `float` or `double`. Sums in `T` or in
#   `double` are both right.
# - A result's memory holds garbage when you get it. Inputs are `const`.
# - Every array is exactly as large as it must be, and an access outside is an error.
# - You may use the C++17 standard library.

# %% [markdown]
# ## 1. The shape, before anything runs
#
# TensorFlow asks an operation two questions. *What shape will come out?* is asked while
# a graph is traced, often before the batch size is known. *What numbers?* is asked when
# it runs. The first answer must never need the second.
#
# **Predict.** A `tf.function` does not know its batch and its height. The image is 10
# wide, the kernel 3×3 with 8 filters, stride 2. Which of the four output sizes are
# known under VALID? Under SAME?

# %%
for padding in ("VALID", "SAME"):
    traced = tf.function(lambda x, k, p=padding: tf.nn.conv2d(x, k, 2, p))
    concrete = traced.get_concrete_function(
        tf.TensorSpec((None, None, 10, 3)), tf.TensorSpec((3, 3, 3, 8))
    )
    print(f"{padding:5}", concrete.output_shapes)

# %% [markdown]
# An unknown input size gives an unknown output size, and only in its own place.
#
# **Your turn: `conv_shape.cc`.** Sizes come as lists of `int64_t`, with
# `kUnknown` (−1) for those that are not known. The rules are TensorFlow's:
#
# - SAME: `ceil(size / stride)` outputs, whatever the kernel. VALID:
#   `floor((size - span) / stride) + 1`, where a kernel of `k` taps spans
#   `(k - 1) * dilation + 1` pixels.
# - A size of `y` is `kUnknown` if a number that it is computed from is.
# - Throw `std::invalid_argument` with a sentence of yours if `x` or `kernel` does not
#   have four sizes, or `strides` or `dilations` not two; if a stride or dilation is
#   less than 1; if a known kernel height or width is 0; if both numbers of channels are
#   known and differ; if `padding` is neither `"SAME"` nor `"VALID"`; if under VALID a
#   known span exceeds a known size. Each of these counts even where other sizes are
#   unknown.

# %%
check("conv_out_shape")

# %% [markdown]
# ### Look: TensorFlow uses it
#
# The operation `custom_conv2d` has been registered with TensorFlow by
# `given/tensorflow_ops.cc`. That file is finished; it calls your functions. Your shape
# function is in force below.

# %%
print("traced:", shape_in_a_graph((None, None, 10, 3), (3, 3, 3, 8), strides=(2, 2)))
print("known: ", conv_out_shape((5, 9, 10, 3), (3, 3, 3, 8), strides=(2, 2)))
try:
    run_in_tensorflow(np.zeros((1, 4, 4, 3), "f4"), np.zeros((5, 5, 3, 8), "f4"))
except tf.errors.InvalidArgumentError as error:
    print("refused:", error.message.split("}} ")[-1].split(" [Op:")[0])

# %% [markdown]
# The sentence after "refused" is yours. Without the check, the loops would have read
# memory that is not theirs, and Python would have ended without a word.
#
# ## 2. Forward
#
# A tensor is one long row of numbers. Finding `x[n, i, j, c]` in it is the whole
# craft.
#
# **Predict.** `x` is `(2, 4, 5, 3)`. At which place in memory is `x[1, 2, 3, 1]`?

# %%
x = np.arange(2 * 4 * 5 * 3).reshape(2, 4, 5, 3)
print("NumPy finds it at", x[1, 2, 3, 1])
print("by hand:         ", ((1 * 4 + 2) * 5 + 3) * 3 + 1)

# %% [markdown]
# Read it from the inside: image 1 skips 4 rows, 2 more are skipped, each has 5
# pixels, 3 more are skipped, each has 3 channels, and channel 1 is the next but one.
#
# **Your turn: `conv2d_forward.cc`.** Six loops and an `if`: image, row, column and
# filter of the output; then row and column of the kernel, and channels. Mind the
# border: `x[-1]` is no error in C++, it is whatever lies there.

# %%
check("conv2d_forward_cpu")

# %% [markdown]
# ### Look: the lecture's edge
#
# Three columns of 8, three of 0, and a kernel whose rows are 1, 0, −1.

# %%
image = np.array([[8, 8, 8, 0, 0, 0]] * 6)
edge = np.array([[1, 0, -1]] * 3)


def as_tensors(image, kernel, dtype=np.float32):
    """A matrix as one image with one channel, another as one filter."""
    return image[None, :, :, None].astype(dtype), kernel[:, :, None, None].astype(dtype)


print("VALID:", conv2d_forward_cpu(*as_tensors(image, edge))[0, 0, :, 0])
same = conv2d_forward_cpu(*as_tensors(image, edge), padding="SAME")[0, :, :, 0]
print("SAME:\n", same, sep="")

# %% [markdown]
# With padding, the left border has an edge as well: from the zeros outside to the 8
# inside, −16 in the corners, where the window has two rows of image, and −24 between.
# Keep these two numbers in mind.
#
# ## 3. Back to the input
#
# `y` is linear in `x`: each output is a sum of pixels times weights. In the gradient
# every `d_y` value travels the same ways backwards, each time multiplied by the same
# weight, and a pixel adds up all that arrives.
#
# **Predict.** A 3×3 kernel of ones slides over a 5×5 image with stride 1, no
# padding, and `d_y` is all ones. What is `d_x` in the corner? In the centre?

# %%
ones = np.ones((3, 3))
counts = np.zeros((5, 5), int)
for i in range(3):
    for j in range(3):
        counts[i : i + 3, j : j + 3] += 1  # one for each window over the pixel
print(counts)

# %% [markdown]
# **Your turn: `conv2d_grad_input.cc`.** Either walk over the outputs and hand out
# (clear `d_x` first), or walk over the pixels and collect (mind the strides: not every
# distance is a multiple). Both are right.

# %%
check("conv2d_grad_input_cpu")

# %% [markdown]
# ## 4. Back to the kernel
#
# A weight meets one pixel for every output of every image. Its gradient is the sum of
# pixel times `d_y` over all of them: not the mean.
#
# **Your turn: `conv2d_grad_kernel.cc`.**

# %%
check("conv2d_grad_kernel_cpu")

# %% [markdown]
# ### Look: against a difference quotient
#
# Change one weight a little, see how much `sum(y * d_y)` changes, and compare. In
# float64 the two agree to some nine digits: a mistake of any kind would show.

# %%
x, kernel = rng.normal(size=(2, 6, 7, 3)), rng.normal(size=(3, 2, 3, 4))
how = {"strides": (2, 1), "padding": "SAME", "dilations": (1, 2)}
d_y = rng.normal(size=conv2d_forward_cpu(x, kernel, **how).shape)
d_x = conv2d_grad_input_cpu(x.shape, kernel, d_y, **how)
d_kernel = conv2d_grad_kernel_cpu(x, kernel.shape, d_y, **how)
h = 1e-5
for name, array, gradient in (("x", x, d_x), ("kernel", kernel, d_kernel)):
    place = tuple(rng.integers(0, n) for n in array.shape)
    sums = []
    for step in (h, -h):
        array[place] += step
        sums.append(np.sum(conv2d_forward_cpu(x, kernel, **how) * d_y))
        array[place] -= step
    quotient = (sums[0] - sums[1]) / (2 * h)
    print(f"d_{name}{[int(p) for p in place]}:", end=" ")
    print(f"yours {gradient[place]:.9f}, quotient {quotient:.9f}")

# %% [markdown]
# ## 5. Telling TensorFlow
#
# `tf.GradientTape` knows how to differentiate its own operations. For yours it asks a
# registry by name. Three operations exist, and all three take the attributes
# `strides`, `padding` and `dilations`:
#
# | operation | inputs | output |
# |---|---|---|
# | `custom_conv2d` | `x`, `kernel` | `y` |
# | `custom_conv2d_grad_input` | `x_shape` (four int32), `kernel`, `d_y` | `d_x` |
# | `custom_conv2d_grad_kernel` | `x`, `kernel_shape` (four int32), `d_y` | `d_kernel` |
#
# `operations()` is the module that has them. The gradient function gets the operation
# `op` of the forward pass (`op.inputs`, `op.get_attr(name)`) and the gradient of its
# output, and returns one gradient for each input, in their order. It must work where
# the batch is unknown while the graph is traced. Keep the decorator: it is
# `tf.RegisterGradient`, except that you may run the cell twice.


# %% question="conv2d_gradient"
@register_gradient("CustomConv2D")
def conv2d_gradient(op, d_y):
    """The gradients of custom_conv2d.

    Args:
        op: the operation, with inputs x and kernel and its attributes.
        d_y: the gradient of the loss with respect to y (N, OH, OW, F).

    Returns:
        [d_x, d_kernel]
    """
    # BEGIN SOLUTION
    # TODO: take inputs and attributes from op, call the two gradient operations
    x, kernel = op.inputs
    how = {name: op.get_attr(name) for name in ("strides", "padding", "dilations")}
    ops = operations()
    return [
        ops.custom_conv2d_grad_input(tf.shape(x), kernel, d_y, **how),
        ops.custom_conv2d_grad_kernel(x, tf.shape(kernel), d_y, **how),
    ]
    # END SOLUTION


# %%
check("conv2d_gradient")

# %% [markdown]
# ### Look: it learns
#
# All four of your functions go into the operation, the operation into a Keras layer,
# and the layer into a small network. `supports_jit = False` says that the XLA compiler
# does not know the operation.

# %%
for name in (
    "conv_out_shape",
    "conv2d_forward_cpu",
    "conv2d_grad_input_cpu",
    "conv2d_grad_kernel_cpu",
):
    use(name)


class OwnConv2D(keras.layers.Layer):
    """A convolution by your operation, with stride 2."""

    def __init__(self, filters, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.supports_jit = False

    def build(self, shape):
        self.kernel = self.add_weight(shape=(3, 3, shape[-1], self.filters))

    def call(self, x):
        return operations().custom_conv2d(
            x, self.kernel, strides=[2, 2], padding="SAME"
        )


keras.utils.set_random_seed(0)
train_x, train_y = load_arrays(DATASET, "train")
test_x, test_y = load_arrays(DATASET, "test")
model = keras.Sequential(
    [
        keras.Input(train_x.shape[1:]),
        keras.layers.Rescaling(1 / 255),
        OwnConv2D(8),
        keras.layers.ReLU(),
        OwnConv2D(16),
        keras.layers.ReLU(),
        keras.layers.Flatten(),
        keras.layers.Dense(10),
    ]
)
model.compile(
    optimizer=keras.optimizers.Adam(0.003),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
    jit_compile=False,
)
started = time.perf_counter()
epochs = 2 if QUICK else 8
history = model.fit(
    train_x[:6000], train_y[:6000], batch_size=64, epochs=epochs, verbose=0
)
accuracy = model.evaluate(test_x[:2000], test_y[:2000], verbose=0)[1]
print(f"{epochs} epochs, {time.perf_counter() - started:.0f} s")
print(f"digits read correctly that it has never seen: {accuracy:.1%}")

# %% [markdown]
# ## 6. A thread for every output
#
# A GPU runs thousands of threads of one function, the kernel. Each asks where it is
# (`blockIdx`, `threadIdx`) and computes its own output. Threads come in blocks, blocks
# in a grid. Where the block does not divide the image, threads are left over.
#
# You need no GPU. Your kernel runs here emulated, thread by thread and block by block.
# Where `nvcc` is installed it must compile there, too, and where there is a GPU it runs
# on that as well, and must give the same.
#
# ### A kernel with slips in it
#
# A lecture shows a first convolution in CUDA. Below is a kernel made like it, slips
# included. Its text speaks of an image N and a filter M; its code calls them `in` and
# `filter`.
#
# **Predict.** Will it compile? If not, how many names does the compiler miss?

# %%
SLIDE = """
__global__ void lecture(unsigned char* in, unsigned char* filter,
                        unsigned char* out, int width, int w, int h) {
  int col = blockIdx.x * blockDim.x + threadIdx.x;
  int row = blockIdx.y * blockDim.y + threadIdx.y;
  if (col >= w || row >= h) return;
  int sum = 0;
  N_start_col = col - width / 2;
  N_start_row = row - width / 2;
  for (int j = 0; j < width; ++j) {
    for (int k = 0; k < width; ++k) {
      int r = N_Start_row + j, c = N_start_col + k;
      bool inside = r >= 0 && r < h && c >= 0 && c < w;
      if (inside) sum += in[r * w + c] * filter[j * width + k];
    }
  }
  out[row * w + col] = (unsigned char)sum;
}
"""
try:
    run_lecture_kernel(SLIDE, image, edge)
except Exception as error:
    print(error)

# %% [markdown]
# Two variables are used and never declared, and one of them is spelled with a capital S
# where it is read. The compiler finds such slips. It does not find the next one.
#
# **Predict.** We mend the names and run the kernel on the lecture's own edge. You know
# the left border from question 2: −16 and −24. What will this kernel say?

# %%
mended = SLIDE.replace("  N_start_", "  int N_start_").replace("N_Start", "N_start")
wrapped = run_lecture_kernel(mended, image, edge)
print(wrapped)

# %% [markdown]
# 240 and 232. An `unsigned char` holds 0 to 255 and nothing else: the −1 of the filter
# was stored as 255, and the sum, cut to eight bits, is right only modulo 256. An edge
# from dark to bright has become the brightest spot of the picture.
#
# **Your turn.** Work out by hand why −16 becomes 240. Would it help to make only the
# filter `signed char`? Only the output?

# %% [markdown] answer="wrap"
# 256 − 16 = 240, and 256 − 24 = 232: numbers modulo 256. Making the filter signed
# repairs the products, but the output still wraps, and making only the output wide
# keeps a filter that says 255 where −1 was meant, so that the sum is far too large.
# Both ends need a type that can hold the numbers, and so does everything in between.

# %%
floats = run_lecture_kernel(
    mended.replace("unsigned char", "float"), image, edge, np.float32
)
fig, axes = plt.subplots(1, 2, figsize=(9, 4.2))
for axis, values, title in (
    (axes[0], wrapped, "unsigned char"),
    (axes[1], floats, "float"),
):
    axis.imshow(values, cmap="Greys", vmin=-24, vmax=480)
    for (i, j), value in np.ndenumerate(values):
        axis.text(j, i, f"{value:g}", ha="center", va="center")
    axis.set(title=title, xticks=[], yticks=[])
plt.tight_layout()
plt.show()
print("modulo 256 the same:", np.array_equal(floats.astype(int) % 256, wrapped))

# %% [markdown]
# **Your turn: `conv2d_naive.cu`.** Two functions. `conv2d_naive_grid` says how many
# blocks cover the output; `conv2d_naive` computes one output value, in `float`.
#
# - Along x the threads count columns of the output, along y rows. Along z the blocks
#   count images and filters: `n * filters + f`.
# - Blocks have any size, `blockDim` knows it; along z it is 1.
# - Write each output once, and keep the sum in a variable.
# - `x`, `kernel` and `y` are used as pointers: `x[i]`, `x + i`. (Emulated, they are
#   objects that check every index and count; so do not declare `float*` from them, say
#   `auto`.)

# %%
check("conv2d_naive")

# %% [markdown]
# ## 7. Tiles in shared memory
#
# Neighbouring outputs read nearly the same pixels, and the naive kernel fetches each of
# them again from global memory, which is slow. The threads of a block share a small
# fast memory. So: fetch the patch that the whole block needs once, wait until all of it
# is there, and add up from the patch.
#
# The patch is larger than the tile, by the kernel's width less one. Where it hangs over
# the image it has **ghost cells**: zeros that somebody must write.
#
# **Predict.** A block computes 8×8 outputs with a 5×5 kernel. How many pixels does the
# naive kernel fetch for it, and how many does the patch have?

# %%
print("naive:", 8 * 8 * 5 * 5, "   patch:", (8 + 5 - 1) ** 2)

# %% [markdown]
# **Your turn: `conv2d_tiled.cu`.** Strides and dilations are 1, the kernel at most
# 7×7, any padding. Blocks are `kTile`×`kTile`.
#
# - For each channel, each block reads each pixel of its patch at most once from `x`.
#   Each output is written once, as in question 6. The tests count both.
# - `__syncthreads()` waits for *all* threads of the block. A thread that has returned
#   never comes.
# - A GPU promises no order among threads. Emulated, they run in one order and then in
#   the other, and the results must agree.

# %%
check("conv2d_tiled")

# %% [markdown]
# What runs emulated need not compile for a GPU: a function that your kernel calls must
# be `__device__` there, say. So `check` also asks `nvcc`, where it is installed.

# %%
accepted = compile_naive() and compile_tiled()
print("nvcc has compiled both kernels" if accepted else "there is no nvcc here")

# %% [markdown]
# ### Look: memory traffic, counted
#
# The emulation counts every access to `x`. Dots are counts, lines are what one expects.

# %%
x = rng.normal(size=(1, 24, 24, 1)).astype(np.float32)
sizes = [1, 3, 5, 7]
counted = {"naive": [], "tiled": []}
for k in sizes:
    kernel = rng.normal(size=(k, k, 1, 1)).astype(np.float32)
    counted["naive"].append(naive_traffic(x, kernel, "SAME")["x"] / 24**2)
    counted["tiled"].append(tiled_traffic(x, kernel, "SAME")["x"] / 24**2)

k = np.linspace(1, 7)
plt.figure(figsize=(8, 4.2))
plt.plot(k, k**2, "k--", label="k²")
plt.plot(k, (8 + k - 1) ** 2 / 64, "k:", label="(8 + k − 1)² / 8²")
plt.plot(sizes, counted["naive"], "ko", ms=9, label="naive, counted")
plt.plot(sizes, counted["tiled"], "ws", ms=9, mec="k", label="tiled, counted")
plt.xlabel("kernel size k")
plt.ylabel("pixels fetched for each output")
plt.legend()
plt.show()

# %% [markdown]
# Both counts lie a little under their lines: at the border there are ghost cells, and a
# ghost is not fetched. For a 7×7 kernel a tile saves nine tenths and more of the
# traffic, for a 1×1 kernel nothing at all: each pixel is needed by one output only.
#
# ### Ghost cells and alignment
#
# Instead of asking at every tap whether a pixel is inside, one can store the image with
# its zeros around it. Then rows can also be made a little longer, so that each begins
# at an address that the hardware likes: a GPU fetches memory in sectors of 32 bytes, 8
# floats. A warp of 32 threads reads 32 neighbouring floats at once.
#
# **Predict.** If the first of them begins a sector, that takes 4 sectors. If it lies
# one float further on?


# %%
def sectors(first, floats=32, bytes_=32):
    """Sectors that a warp touches when it reads from float number `first` on."""
    begin, end = 4 * first, 4 * (first + floats) - 1
    return end // bytes_ - begin // bytes_ + 1


rows = np.arange(64)
print("row length   sectors for one warp of each row, on average")
for width in (28, 30, 31, 32, 36, 40):
    mean = np.mean([sectors(row * width) for row in rows])
    aligned = ", ".join(str(a) for a in (4, 8, 16) if width % a == 0)
    print(f"{width:10}   {mean:.2f}   aligned to {aligned or 'none of 4, 8, 16'}")

# %% [markdown]
# 28 pixels and a ghost on either side make 30. Two more columns that nobody looks at,
# 32, and every row begins a sector: one fetch in six is saved. Lengths that are
# multiples of 8 floats are enough here; 4 helps loads of four floats at a time, 16
# whole cache lines. On a GPU this is what "aligned to 4, 8 or 16" buys.
#
# ## 8. How fast is it?
#
# Your loops, compiled with all optimisation, against the course's own kernels: tiles in
# registers, a patch matrix (im2col), and TensorFlow's. One multiply-add counts as two
# operations.
#
# **Predict.** Your loops are C++ now, not Python. What is left: a factor of 2, of 10,
# of 100?

# %%
from shared.ops import conv2d

x = rng.normal(size=(2, 28, 28, 32)).astype(np.float32)
kernel = rng.normal(size=(3, 3, 32, 32)).astype(np.float32)
conv, y_shape = geometry(x.shape, kernel.shape, (1, 1), "SAME", (1, 1))
operations_count = 2 * np.prod(y_shape) * np.prod(kernel.shape[:3])
y = np.empty(y_shape, np.float32)
own = cpu_function("conv2d_forward_cpu")
tx, tk = tf.constant(x), tf.constant(kernel)


def by(implementation):
    """The course's convolution, in one of its ways."""
    return lambda: conv2d(tx, tk, padding="same", implementation=implementation)


ways = {
    "your loops": lambda: own(conv, x, kernel, y),
    "tiles in registers": by("direct"),
    "im2col": by("im2col"),
    "TensorFlow": lambda: tf.nn.conv2d(tx, tk, 1, "SAME"),
}
rates = {}
for name, run in ways.items():
    result = np.asarray(run())
    best = np.inf
    for _ in range(3 if QUICK else 15):
        started = time.perf_counter()
        np.asarray(run())
        best = min(best, time.perf_counter() - started)
    rates[name] = operations_count / best / 1e9
    error = np.max(np.abs(result - np.asarray(ways["TensorFlow"]())))
    print(f"{name:20} {rates[name]:8.1f} GFLOP/s, differs by {error:.0e}")
if has_gpu():
    for name in ("conv2d_naive", "conv2d_tiled"):
        rates[f"{name}, GPU"] = (
            operations_count / gpu_seconds(name, x, kernel, "SAME") / 1e9
        )

plt.figure(figsize=(8, 0.7 * len(rates) + 1))
bars = plt.barh(list(rates), list(rates.values()), color="0.5", edgecolor="k")
plt.bar_label(bars, [f"{rate:,.0f}" for rate in rates.values()], padding=4)
plt.xscale("log")
plt.xlim(0.3, 4 * max(rates.values()))
plt.gca().invert_yaxis()
plt.xlabel("GFLOP/s (log scale)")
plt.tight_layout()
plt.show()

# %% [markdown]
# The numbers are the same, the products are the same, even the order is nearly the
# same. The difference is where the numbers wait: your loops fetch each weight from
# memory for one product. Tiles keep a few outputs in registers and use every number
# that they fetch several times. It is the idea of question 7, one floor further up.
#
# **Your turn.** In your forward kernel, let the loop over filters run innermost, over
# neighbours in memory, and measure again. Which numbers does the processor now fetch
# once where it fetched them often?

# %% [markdown] answer="order"
# With filters innermost a pixel is fetched once and multiplied with all its weights,
# which lie side by side: the processor takes 8 or 16 of them in one instruction.
# The sums move from a variable into memory, but that memory is y's own row and stays in
# the cache. It is several times faster on most machines, with the same products.
