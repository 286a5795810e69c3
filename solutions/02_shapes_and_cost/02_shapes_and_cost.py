# %% [markdown]
# # Shapes and cost
#
# Before a network is trained, three numbers decide whether it is any good to you: the
# shape of what each layer hands on, what the layer costs, and how much of the image
# one of its outputs can see. All three follow from the layer's arguments with pencil
# and paper. Here you write the pencil.
#
# **Predict** before you run a cell, **implement**, **check**, **look**. Some of the
# numbers that lecture slides print are wrong, and you will find them.
#
# | | you write | points |
# |---|---|---|
# | 1 | `conv_out` | 15 |
# | 2 | `tf_same_pad` | 15 |
# | 3 | `conv_params` | 10 |
# | 4 | `conv_macs` | 15 |
# | 5 | `receptive_field` | 15 |
# | 6 | `empirical_receptive_field` | 15 |
# | 7 | `layer_table` | 15 |
#
# After each answer stands `check("...")`, which runs a few public tests in a moment.
# The grader runs more of them, with other numbers, and asks real Keras layers.
# `python -m grader assignments/02` in a terminal shows the score.

# %%
from shared.quiet import quiet_tensorflow

quiet_tensorflow()

import keras
import matplotlib.pyplot as plt
import numpy as np

from grader.notebook import check

plt.rcParams.update({"figure.dpi": 90, "font.size": 12})


# %% [markdown]
# ## Conventions
#
# They hold in every question, and the tests rely on them.
#
# - One function for one axis: rows and columns follow the same rule, each with its own
#   numbers. Whole images are `(H, W, C)`, without the batch.
# - `n` pixels, a window of `f` pixels, step `s`, padding `p`. All are whole numbers;
#   `n`, `f` and `s` are at least 1, `p` at least 0. In questions about whole layers the
#   words are Keras's: `filters`, `kernel_size` (always a pair `(kh, kw)`), `strides`
#   (one number for both axes), `padding` (`"valid"` or `"same"`, TensorFlow's same),
#   `groups`, `use_bias`.
# - Sizes and counts are whole numbers. Whether you return `5` or `5.0`, a tuple or a
#   list, does not matter.
# - A function never changes its arguments.
# - NumPy is the only library an answer may call; most need none. An answer may call
#   your other answers.
#
# ## 1. How many places has a window?
#
# A window of 3 pixels slides along 7 pixels. It can begin at pixel 0, 1, 2, 3 or 4, so
# it has 5 places: `n − f + 1`. Zeros in front and behind make the line longer. A
# stride of `s` keeps every `s`-th place.
#
# **Predict** the number of places on 7 pixels for stride 1, stride 2 and stride 3.
#
# Stride 3 is where lectures part. The window at 0 fits, the one at 3 fits, the next
# would begin at 6 and stick out. One lecture computes (7 − 3)/3 + 1 = 2.33 and says
# *it doesn't fit*, such a layer may not exist. Another rounds down, and so does every
# library: 2 places, and pixel 6 is never looked at. `mode` says which school is asked:
#
# - `mode="floor"`: round down.
# - `mode="exact"`: raise `ValueError` if the last window does not end exactly on the
#   last (padded) pixel.
#
# In **both** modes a window that has no place at all is an error: raise `ValueError` if
# `f` is larger than the padded line. And `ValueError` for any other `mode`.
#
# `p` is a number, meant for each of the two ends, or a pair `(before, after)`.


# %% question="conv_out"
def conv_out(n, f, s=1, p=0, mode="floor"):
    """Number of outputs of a convolution or pooling along one axis.

    Args:
        n: pixels.
        f: pixels of the window.
        s: stride.
        p: zeros at each end, or a pair (before, after).
        mode: "floor" drops a remainder, "exact" refuses it.

    Returns:
        How many windows fit.

    Raises:
        ValueError: the window is larger than the padded line; or there is a remainder
            and the mode is "exact"; or the mode is none of the two.
    """
    # BEGIN SOLUTION
    # TODO: add up the padding (p is a number or a pair); refuse what must be refused;
    # TODO: count the windows.
    if mode not in ("floor", "exact"):
        raise ValueError(f'mode: got {mode!r}; give "floor" or "exact"')
    before, after = p if isinstance(p, (tuple, list)) else (p, p)
    room = n + before + after - f
    if room < 0:
        raise ValueError(f"f: got {f}, more than the padded line holds")
    if mode == "exact" and room % s:
        raise ValueError(f"s: got {s}, which leaves a remainder")
    return room // s + 1
    # END SOLUTION


# %%
check("conv_out")

# %% [markdown]
# ### Look: three strides

# %%
fig, axes = plt.subplots(1, 3, figsize=(11, 3), sharey=True)
for axis, stride in zip(axes, (1, 2, 3), strict=True):
    count = conv_out(7, 3, stride)
    for pixel in range(7):
        seen = any(w * stride <= pixel < w * stride + 3 for w in range(count))
        face = "white" if seen else "0.6"
        axis.add_patch(plt.Rectangle((pixel, 0), 1, 0.8, facecolor=face, ec="k"))
        axis.text(pixel + 0.5, 0.4, pixel, ha="center", va="center")
    for window in range(count):
        start, height = window * stride, 1.3 + window * 0.6
        axis.plot([start + 0.1, start + 2.9], [height, height], "k", lw=6)
    axis.set(title=f"stride {stride}: {count} windows")
    axis.set(xlim=(-0.2, 7.2), ylim=(-0.2, 4.4))
    axis.axis("off")
plt.tight_layout()
plt.show()

# %% [markdown]
# The grey pixel is the one that nobody looks at. Nothing is wrong with that: the
# network loses an edge, which it rarely misses.
#
# ### Look: a formula without its padding
#
# A slide pads 7 pixels with 1 zero at each end, recalls "(N − F)/stride + 1" for a
# filter of 3, and prints "7×7 output". **Predict:** which of the two is wrong, the
# formula or the 7?

# %%
print("the formula as printed:", (7 - 3) // 1 + 1)
print("with both zeros:       ", conv_out(7, 3, 1, 1))

# %% [markdown]
# The 7 is right; the formula lacks `2p`. Which padding keeps the size? `n + 2p − f + 1
# = n` gives `p = (f − 1)/2`. Three paddings have names:
#
# | name | `p` | outputs at stride 1 |
# |---|---|---|
# | valid | 0 | `n − f + 1` |
# | same | `(f − 1)/2`, for odd `f` | `n` |
# | full | `f − 1`: every window that touches a pixel | `n + f − 1` |

# %%
print("   f   valid   same        full      on 7 pixels")
for f in (3, 5, 7):
    same, full = (f - 1) // 2, f - 1
    sizes = [conv_out(7, f, 1, p, mode="exact") for p in (0, same, full)]
    print(f"{f:4}   {sizes[0]:5}   {sizes[1]} (p={same})  {sizes[2]:4} (p={full})")

# %% [markdown]
# ### Look: why anyone pads
#
# An image of 6×6, a 3×3 window. **Predict:** how many windows look at the corner pixel
# without padding? With one zero around (the image becomes 8×8, the output 6×6)?

# %%
fig, axes = plt.subplots(1, 2, figsize=(8, 4.2))
for axis, p in zip(axes, (0, 1), strict=True):
    count = conv_out(6, 3, 1, p)
    uses = np.zeros((6 + 2 * p, 6 + 2 * p), dtype=int)
    for i, j in np.ndindex(count, count):
        uses[i : i + 3, j : j + 3] += 1
    uses = uses[p : p + 6, p : p + 6]
    axis.imshow(uses, cmap="Greys", vmin=0, vmax=16)
    for (i, j), value in np.ndenumerate(uses):
        axis.text(j, i, value, ha="center", va="center")
    axis.set(title=f"p={p}: 6 → {6 + 2 * p} → {count}", xticks=[], yticks=[])
fig.suptitle("windows that look at each pixel")
plt.tight_layout()
plt.show()

# %% [markdown]
# Without padding a corner counts a ninth of the middle, and the image shrinks by two at
# every layer. **Predict** after how many 3×3 layers a 32×32 image is gone.

# %%
size, layers = 32, 0
while size >= 3:
    size, layers = conv_out(size, 3), layers + 1
print(f"after {layers} layers {size} pixels are left, and a window of 3 has no place")

# %% [markdown]
# A summary slide lists common settings and leaves one open: "F = 5, S = 2, P = whatever
# fits". Your `"exact"` mode can look for it.

# %%
for n in (31, 32, 33):
    fitting = []
    for p in range(5):
        try:
            fitting.append((p, conv_out(n, 5, 2, p, mode="exact")))
        except ValueError:
            continue
    found = ", ".join(f"P={p} gives {out}" for p, out in fitting) or "no P fits"
    print(f"{n} pixels: {found}")

# %% [markdown]
# **Your turn.** Why does no `P` help 32 pixels, and what can?

# %% [markdown] answer="whatever_fits"
# `n + 2P − 5` must be even, and `2P` cannot change that: for an even `n` it is odd. It
# needs a different number of zeros at the two ends, for instance `p=(1, 2)`: 32 + 3 − 5
# = 30, 16 outputs. That is what TensorFlow does, in the next part. Or one rounds down.

# %% [markdown]
# ## 2. TensorFlow's "same"
#
# With a stride, "same" cannot mean that the size stays. TensorFlow defines it by the
# output: `ceil(n / s)` outputs, whatever the window. Then it adds **as few zeros as
# that takes**, half of them before and half behind; if their number is odd, the **odd
# one goes behind**. Where no zeros are needed, there are none.
#
# **Predict** `(before, after)` for 6 pixels, a window of 3, stride 2. A textbook says
# `(f − 1)/2 = 1` at each end.


# %% question="tf_same_pad"
def tf_same_pad(n, f, s=1):
    """Zeros that TensorFlow's "same" adds along one axis.

    Args:
        n: pixels.
        f: pixels of the window.
        s: stride.

    Returns:
        (before, after).
    """
    # BEGIN SOLUTION
    # TODO: how long must the line be for ceil(n / s) windows? Never a negative number
    # TODO: of zeros; the odd one goes behind.
    outputs = -(-n // s)
    missing = max((outputs - 1) * s + f - n, 0)
    return missing // 2, missing - missing // 2
    # END SOLUTION


# %%
check("tf_same_pad")

# %% [markdown]
# ### Look: the windows are elsewhere
#
# Pixels are numbered 1 to 6, zeros are grey, white dots are the middles of the windows.

# %%
fig, axes = plt.subplots(1, 2, figsize=(10, 2))
same = tf_same_pad(6, 3, 2)
for axis, (before, after), name in zip(
    axes, (same, (1, 1)), (f"TensorFlow: {same}", "textbook: (1, 1)"), strict=True
):
    for pixel in range(-before, 6 + after):
        inside = 0 <= pixel < 6
        face = "white" if inside else "0.7"
        axis.add_patch(plt.Rectangle((pixel, 0), 1, 0.8, facecolor=face, ec="k"))
        label = pixel + 1 if inside else 0
        axis.text(pixel + 0.5, 0.4, label, ha="center", va="center")
    for window in range(conv_out(6, 3, 2, (before, after))):
        start, height = 2 * window - before, 1.2 + 0.5 * window
        axis.plot([start + 0.1, start + 2.9], [height] * 2, "k", lw=5)
        axis.plot(start + 1.5, height, "wo", markersize=5)
    axis.set(title=name, xlim=(-1.2, 7.2), ylim=(-0.1, 2.6))
    axis.axis("off")
plt.tight_layout()
plt.show()

# %% [markdown]
# Both give three outputs, of different pixels. Weights that were trained with one and
# used with the other lose accuracy, and no error says why.
#
# Who is right about TensorFlow? Ask it. A kernel that is 1 in the middle and 0
# elsewhere returns the middles of its windows.

# %%
middle = np.array([0, 1, 0], "float32").reshape(1, 3, 1, 1)
for n in (5, 6, 7):
    row = np.arange(1, n + 1, dtype="float32").reshape(1, 1, n, 1)
    layer = keras.layers.Conv2D(1, (1, 3), strides=2, padding="same", use_bias=False)
    layer.build(row.shape)
    layer.set_weights([middle])
    seen = np.asarray(layer(row)).ravel().astype(int)
    print(f"{n} pixels: middles at {seen}, your zeros {tf_same_pad(n, 3, 2)}")

# %% [markdown]
# **Your turn.** At stride 2 the padding depends on `n`. Does it at stride 1? What
# follows for a network with stride 2 that is used on images of 224 and of 225 pixels?

# %% [markdown] answer="depends_on_n"
# At stride 1 the total is always `f − 1`. At stride 2 a window of 3 gets (0, 1) on an
# even size and (1, 1) on an odd one: the whole grid of windows moves by a pixel
# between 224 and 225. That is why many networks for TensorFlow pad by hand with
# `ZeroPadding2D` and then use `"valid"`.

# %% [markdown]
# ## 3. Parameters
#
# One filter holds a window of `kh·kw` weights for **every** channel of its input, and
# one bias for itself. `filters` of them make the layer: its kernel has shape `(kh, kw,
# C_in, filters)`.
#
# With `groups=g` the input channels are split into `g` blocks, and each filter looks at
# one block only: it holds `C_in / g` channels of weights. `groups` divides `C_in` and
# `filters`.
#
# **Predict.** Ten 5×5 filters on an image of 32×32×3 have how many parameters? And on
# 64×64×3?


# %% question="conv_params"
def conv_params(kernel_size, c_in, filters, groups=1, use_bias=True):
    """Parameters of a convolution layer.

    Args:
        kernel_size: (kh, kw).
        c_in: channels of the input.
        filters: number of filters.
        groups: blocks of channels.
        use_bias: whether each filter has a bias.

    Returns:
        Number of weights and biases.
    """
    # BEGIN SOLUTION
    # TODO: weights of one filter, its bias, all filters.
    kh, kw = kernel_size
    per_filter = kh * kw * (c_in // groups) + (1 if use_bias else 0)
    return per_filter * filters
    # END SOLUTION


# %%
check("conv_params")

# %% [markdown]
# ### Look: the lectures' layers
#
# **Predict** the shape and the parameters of each row.

# %%
lectures = [
    ("32×32×3, one 5×5", (32, 32, 3), (5, 5), 1, 1, 0),
    ("32×32×3, six 5×5", (32, 32, 3), (5, 5), 6, 1, 0),
    ("33×33×5, ten 3×3, stride 2", (33, 33, 5), (3, 3), 10, 2, 0),
    ("32×32×3, ten 5×5, pad 2", (32, 32, 3), (5, 5), 10, 1, 2),
    ("32×32×64, 32 of 3×3, pad 1", (32, 32, 64), (3, 3), 32, 1, 1),
    ("32×32×64, 32 of 1×1", (32, 32, 64), (1, 1), 32, 1, 0),
]
for name, (height, width, channels), kernel_size, filters, s, p in lectures:
    out = tuple(
        conv_out(n, f, s, p) for n, f in zip((height, width), kernel_size, strict=True)
    )
    parameters = conv_params(kernel_size, channels, filters)
    print(f"{name:27} -> {(*out, filters)!s:13} {parameters:6} parameters")

# %% [markdown]
# Neither height nor width appears in the parameters. The same filters serve every
# place, and images of any size.
#
# A lecture sums up: `K` filters of `F×F` with stride `S` and padding `P` turn a volume
# of `H×W×D` into `(H − F + 2P)/S + 1` by `(W − F + 2P)/S + 1` by `K`, with `F·F·D·K`
# weights and `K` biases. **Predict:** what do its common settings do to 32×32?

# %%
for F, S, P in [(3, 1, 1), (5, 1, 2), (1, 1, 0)]:
    side = conv_out(32, F, S, P)
    held = [conv_params((F, F), 64, K) for K in (32, 64, 128, 512)]
    print(f"F={F} S={S} P={P}: 32×32 -> {side}×{side};", end=" ")
    print("K = 32, 64, 128, 512 on 64 channels:", ", ".join(map(str, held)))

# %% [markdown]
# All three keep the size.
#
# ## 4. Multiplications
#
# Parameters fill the memory; multiplications take the time. Count one *multiply-add*
# (MAC) for each product of a weight and an input number. Biases are not counted, and a
# product with a zero of the padding is counted as any other, since it is computed.
#
# **Predict.** A 3×3 layer at stride 2 instead of 1: how many times fewer MACs?


# %% question="conv_macs"
def conv_macs(input_shape, kernel_size, filters, strides=1, padding="valid", groups=1):
    """Multiply-adds of a convolution layer for one image.

    Args:
        input_shape: (H, W, C).
        kernel_size: (kh, kw).
        filters: number of filters.
        strides: step along both axes.
        padding: "valid" or "same" (TensorFlow's).
        groups: blocks of channels.

    Returns:
        Number of products of a weight and an input.
    """
    # BEGIN SOLUTION
    # TODO: how many numbers come out, and how many products does each of them take?
    height, width, channels = input_shape
    numbers = filters
    for pixels, window in ((height, kernel_size[0]), (width, kernel_size[1])):
        zeros = tf_same_pad(pixels, window, strides) if padding == "same" else 0
        numbers *= conv_out(pixels, window, strides, zeros)
    kh, kw = kernel_size
    return numbers * kh * kw * (channels // groups)
    # END SOLUTION


# %%
check("conv_macs")

# %% [markdown]
# ### Look: what a stride saves, and what keeps the cost
#
# A lecture says that stride 2 makes the output "about half". **Predict:** half of the
# rows, the numbers, the MACs?

# %%
strides = (1, 2, 3, 4)
macs = [conv_macs((56, 56, 64), (3, 3), 64, s, "same") for s in strides]
fig, axis = plt.subplots(figsize=(6, 3.4))
axis.bar([str(s) for s in strides], [m / 1e6 for m in macs], color="0.6", ec="k")
for index, value in enumerate(macs):
    text = f"{value / 1e6:.1f}\n1/{macs[0] / value:.3g}"
    axis.text(index, value / 1e6 + 2, text, ha="center")
axis.set(xlabel="stride", ylabel="million MACs", ylim=(0, 150))
axis.set(title="64 → 64 channels, 3×3, on 56×56")
plt.tight_layout()
plt.show()

# %% [markdown]
# Half of the rows *and* half of the columns: a quarter. So a network can double its
# channels wherever it halves its image. **Predict:** layers from `C` to `C` channels on
# `H×W`, and from `2C` to `2C` on `H/2×W/2`. Which costs more?

# %%
for name, shape in [("C×H×W", (56, 56, 64)), ("2C×H/2×W/2", (28, 28, 128))]:
    cost = conv_macs(shape, (3, 3), shape[2], 1, "same")
    weights = conv_params((3, 3), shape[2], shape[2], use_bias=False)
    print(f"{name:11} {shape!s:14} {cost:11,} MACs  {weights:7,} weights")

# %% [markdown]
# The same. This is the rule behind VGG, ResNet and most others: halve the image, double
# the channels, and every stage takes the same time. Only the weights grow.
#
# **Your turn.** By which factor do the weights grow, and why do the MACs not?

# %% [markdown] answer="same_cost"
# Four: twice as many input channels times twice as many filters. Each weight is used
# once per place, and there are four times fewer places: 4 · ¼ = 1.

# %% [markdown]
# ## 5. The receptive field
#
# An output of a 3×3 layer sees 3 pixels along an axis. An output of a second 3×3 layer
# sees 3 outputs of the first, each of which sees 3 pixels, overlapping. **Predict:**
# how many pixels is that? And after a third layer?
#
# The window of pixels that an output depends on is its *receptive field*. Two numbers
# describe it along an axis:
#
# - `size`, from its first to its last pixel;
# - `jump`, how far the fields of two neighbouring outputs lie apart, in pixels.
#
# Before the first layer `size` and `jump` are 1: a pixel sees itself. A layer is a
# triple `(f, s, d)`: window, stride, dilation. With dilation `d` the taps of a window
# lie `d` apart, so 3 taps with `d = 2` reach over 5. Pooling is a window as any other.
# Padding changes where a field begins, not how large it is; the edge of the image,
# where a field may hang over, is ignored.
#
# Two questions lead to the answer. By how many *pixels* do the taps of the new window
# lie apart? And by how many pixels do its neighbours?


# %% question="receptive_field"
def receptive_field(layers):
    """Receptive field of a stack of layers along one axis.

    Args:
        layers: one (f, s, d) per layer, the first layer first; may be empty.

    Returns:
        (size, jump) of the last layer's outputs, in pixels of the input.
    """
    # BEGIN SOLUTION
    # TODO: begin with (1, 1) and go through the layers.
    size, jump = 1, 1
    for taps, stride, dilation in layers:
        size += (taps - 1) * dilation * jump
        jump *= stride
    return size, jump
    # END SOLUTION


# %%
check("receptive_field")

# %% [markdown]
# ### Look: small windows stacked

# %%
for count in (1, 2, 3, 4):
    size, _ = receptive_field([(3, 1, 1)] * count)
    print(f"{count} layers of 3×3 see {size}×{size}")

# %%
fig, axis = plt.subplots(figsize=(9, 4))
for level in range(4):
    # What one output of the last layer sees in the map below `3 - level` layers.
    size, _ = receptive_field([(3, 1, 1)] * (3 - level))
    names = ["image", "after layer 1", "after layer 2", "after layer 3"]
    for cell in range(-4, 5):
        inside = abs(cell) <= size // 2
        face = "0.7" if inside else "white"
        axis.add_patch(
            plt.Rectangle((cell - 0.45, level * 1.5), 0.9, 0.7, fc=face, ec="k")
        )
    axis.text(5, level * 1.5 + 0.35, f"{names[level]}: {size}", va="center")
    if level:
        below, _ = receptive_field([(3, 1, 1)] * (4 - level))
        for side in (-1, 1):
            top, bottom = side * (size // 2 + 0.5), side * (below // 2 + 0.5)
            axis.plot([top, bottom], [level * 1.5, level * 1.5 - 0.8], "k--", lw=1)
axis.set(xlim=(-5, 8.5), ylim=(-0.2, 5.4))
axis.axis("off")
plt.tight_layout()
plt.show()

# %% [markdown]
# Two layers of 3×3 see 5×5, three see 7×7.
#
# ### Look: how to see more
#
# Detectors of large things need large fields, and larger windows are not the way:
# they cost too much. **Predict** the order of the five curves after six layers.

# %%
stacks = {
    "3×3": [(3, 1, 1)] * 6,
    "7×7": [(7, 1, 1)] * 6,
    "3×3, pooling 2×2/2 after every second": [
        *([(3, 1, 1), (3, 1, 1), (2, 2, 1)] * 2),
        *([(3, 1, 1)] * 2),
    ],
    "3×3, dilation 1, 2, 4, …": [(3, 1, 2**k) for k in range(6)],
    "3×3, stride 2": [(3, 2, 1)] * 6,
}
fig, axis = plt.subplots(figsize=(8.5, 4.6))
for (name, stack), style in zip(
    stacks.items(), ("ko-", "ks--", "k^-.", "k+:", "kv-"), strict=True
):
    sizes = [receptive_field(stack[:k])[0] for k in range(len(stack) + 1)]
    shown = [0, *[k + 1 for k, layer in enumerate(stack) if layer[0] != 2]]
    seen = [sizes[k] for k in shown]
    axis.plot(range(7), seen, style, label=name, fillstyle="none", markersize=8)
    print(f"{name:38} sees {sizes[-1]:3} pixels")
axis.set(xlabel="convolution layers", ylabel="receptive field, pixels", yscale="log")
axis.set_yticks([1, 3, 10, 30, 100], [1, 3, 10, 30, 100])
axis.legend(fontsize=10)
plt.tight_layout()
plt.show()

# %% [markdown]
# At stride 1 the field grows by a fixed step per layer. Once the map is reduced, each
# tap is worth more pixels, and the field doubles. It is one and the same small window,
# on a smaller map.
#
# **Your turn.** Dilations of 1, 2, 4, … reach exactly as far as strides of 2. What do
# they keep that a stride gives up, and what does that cost?

# %% [markdown] answer="dilation"
# The jump stays 1: there is an output for every pixel, which segmentation needs. But
# then every layer works on the full map, so it takes as many MACs as the first one,
# where stride 2 makes each layer four times cheaper than the one before.

# %% [markdown]
# ## 6. Believe the network, not the formula
#
# Formulas have slips; a network can be asked. Change one pixel: does the output change?
# Those pixels that matter lie in a window, and its height and width are the receptive
# field, measured.
#
# Your function gets `fn`, which takes an image of shape `shape = (H, W)` and returns a
# map with two axes, `(H_out, W_out)`. Look at the **middle output**, at `[H_out // 2,
# W_out // 2]`, and return the height and width of the smallest window of the image
# that holds every pixel on which it depends.
#
# - `fn` is made of weighted sums and constants: a pixel's change changes the output,
#   whatever the other pixels are, unless its weight is zero. Weights may be negative,
#   and there may be a bias: the output for an image of zeros need not be zero.
# - The window may have holes in it (dilation). It counts from its first to its last
#   pixel.
# - At least one pixel matters. Pixels outside the image do not exist: where the field
#   hangs over the edge, only its part in the image counts.
#
# A function cannot be sent to the process in which your answer is graded, so tests
# build `fn` there from a matrix: `fn(x) = (matrix @ x.ravel() + bias).reshape(...)`. It
# is a stack of convolutions all the same.
#
# **Predict.** Why the middle output, and not the first?


# %% question="empirical_receptive_field"
def empirical_receptive_field(fn, shape):
    """Measures what the middle output of a function sees.

    Args:
        fn: function from an image (H, W) to a map (H_out, W_out).
        shape: (H, W).

    Returns:
        (height, width) of the window of pixels that the output at
        [H_out // 2, W_out // 2] depends on.
    """

    # BEGIN SOLUTION
    # TODO: the middle output for some image; again for each pixel changed; the rows and
    # TODO: columns of those that matter.
    def middle(image):
        out = np.asarray(fn(image))
        return out[out.shape[0] // 2, out.shape[1] // 2]

    blank = np.zeros(shape)
    before = middle(blank)
    matters = np.zeros(shape, dtype=bool)
    for place in np.ndindex(*shape):
        changed = blank.copy()
        changed[place] = 1
        matters[place] = middle(changed) != before
    rows, columns = np.nonzero(matters)
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1
    # END SOLUTION


# %%
check("empirical_receptive_field")

# %% [markdown]
# ### Look: formula and measurement
#
# Here are stacks of Keras layers as such functions. **Predict** the third and the last.


# %%
def keras_stack(*layers, weights="ones"):
    """A function from (H, W) to a map: the layers one after the other, no batch."""
    built = [
        keras.layers.Conv2D(
            1, f, strides=s, dilation_rate=d, kernel_initializer=weights
        )
        for f, s, d in layers
    ]

    def fn(image):
        x = np.asarray(image, "float32")[None, :, :, None]
        for layer in built:
            x = layer(x)
        return np.asarray(x)[0, :, :, 0]

    return fn


for layers in (
    [(3, 1, 1)],
    [(3, 1, 1), (3, 1, 1)],
    [(3, 2, 1), (3, 1, 1)],
    [(3, 1, 2), (2, 1, 1)],
):
    measured = empirical_receptive_field(keras_stack(*layers), (12, 12))
    size, _ = receptive_field(layers)
    print(f"{layers!s:24} formula {size}, measured {measured}")

# %% [markdown]
# ### Look: one 7×7 against three 3×3
#
# Both see 7×7. Let all weights be 1 and change one pixel after the other by 1: by how
# much does the middle output change? **Predict** the two pictures.

# %%
fig, axes = plt.subplots(1, 2, figsize=(9, 4.4))
for axis, layers, name in (
    (axes[0], [(7, 1, 1)], "one 7×7"),
    (axes[1], [(3, 1, 1)] * 3, "three 3×3"),
):
    fn = keras_stack(*layers)
    change = np.zeros((9, 9))
    for place in np.ndindex(9, 9):
        image = np.zeros((9, 9))
        image[place] = 1
        out = fn(image)
        change[place] = out[out.shape[0] // 2, out.shape[1] // 2]
    axis.imshow(change, cmap="Greys", vmin=0, vmax=1.6 * change.max())
    for (i, j), value in np.ndenumerate(change):
        axis.text(j, i, f"{value:.0f}", ha="center", va="center", fontsize=10)
    axis.set(title=name, xticks=[], yticks=[])
    print(f"{name}: {empirical_receptive_field(fn, (9, 9))}")
plt.tight_layout()
plt.show()

# %% [markdown]
# The stack looks at the middle harder: a corner pixel has 1 way to the output, the
# middle one 49. Deep networks do the same: what an output *can* see is much wider than
# what it *mainly* looks at.
#
# And the price? **Predict** which of the two has fewer weights, from `C` to `C`
# channels.

# %%
print("  C    two 3×3   one 5×5     three 3×3    one 7×7")
for c in (1, 64, 256):
    small, five, seven = (conv_params((f, f), c, c, use_bias=False) for f in (3, 5, 7))
    print(f"{c:3} {2 * small:10,} {five:9,}   {3 * small:11,} {seven:10,}")
c = 64
small, five, seven = (
    conv_params((f, f), c, c, use_bias=False) // c**2 for f in (3, 5, 7)
)
print(f"in C²: {2 * small} against {five}, {3 * small} against {seven}")

# %%
fig, axis = plt.subplots(figsize=(7, 3.6))
sees = np.arange(3, 16, 2)
one = [conv_params((k, k), 64, 64, use_bias=False) / 1e3 for k in sees]
many = [(k - 1) // 2 * conv_params((3, 3), 64, 64, use_bias=False) / 1e3 for k in sees]
axis.plot(sees, one, "ks--", label="one large window")
axis.plot(sees, many, "ko-", label="a stack of 3×3")
axis.set(xlabel="receptive field, pixels", ylabel="thousand weights", xticks=sees)
axis.set(title="from 64 to 64 channels")
axis.legend()
plt.tight_layout()
plt.show()

# %% [markdown]
# The large window's weights grow with the square of what it sees, the stack's grow
# evenly. And the stack has a ReLU after each layer, so it is less linear. That is the
# whole idea of VGG.
#
# ## 7. A table for a whole network
#
# Now put it together. A network is described by plain data, with the names of Keras:

# %%
small_net = {
    "input_shape": (32, 32, 3),
    "layers": [
        (
            "Conv2D",
            {
                "filters": 10,
                "kernel_size": (5, 5),
                "strides": 1,
                "padding": "same",
                "use_bias": True,
            },
        ),
        ("MaxPooling2D", {"pool_size": (2, 2), "strides": 2, "padding": "valid"}),
        ("Flatten", {}),
        ("Dense", {"units": 10, "use_bias": True}),
    ],
}

# %% [markdown]
# Return a list with one dictionary for each layer, in order:
#
# | key | value |
# |---|---|
# | `"output_shape"` | `(H, W, C)`, or `(numbers,)` after `Flatten` and `Dense` |
# | `"params"` | weights and biases |
# | `"macs"` | multiply-adds; 0 for pooling and `Flatten` |
# | `"receptive_field"` | `(height, width)`; `None` from `Flatten` on |
#
# The field is in pixels of the image, and from `Flatten` on everything is seen. These
# four layer types occur, with all their arguments always given. `kernel_size` and
# `pool_size` are pairs, `strides` is one number, `padding` is `"valid"` or `"same"`,
# for pooling as well. `Flatten` comes before the first `Dense`. Sizes round down, and
# every window fits.


# %% question="layer_table"
def layer_table(spec):
    """Shape, cost and receptive field of every layer of a network.

    Args:
        spec: {"input_shape": (H, W, C), "layers": [(name, arguments), ...]} with the
            layers Conv2D, MaxPooling2D, Flatten and Dense.

    Returns:
        A list of {"output_shape", "params", "macs", "receptive_field"}, one per layer.
    """
    # BEGIN SOLUTION
    # TODO: carry the shape, and the windows so far along each axis, through the layers.
    shape = tuple(spec["input_shape"])
    windows = ([], [])
    table = []
    for name, config in spec["layers"]:
        params = macs = 0
        if name in ("Conv2D", "MaxPooling2D"):
            window = config["kernel_size" if name == "Conv2D" else "pool_size"]
            stride, padding = config["strides"], config["padding"]
            sizes = []
            for axis in (0, 1):
                pixels, taps = shape[axis], window[axis]
                zeros = tf_same_pad(pixels, taps, stride) if padding == "same" else 0
                sizes.append(conv_out(pixels, taps, stride, zeros))
                windows[axis].append((taps, stride, 1))
            channels = shape[2]
            if name == "Conv2D":
                channels = config["filters"]
                params = conv_params(
                    window, shape[2], channels, use_bias=config["use_bias"]
                )
                macs = conv_macs(shape, window, channels, stride, padding)
            shape = (*sizes, channels)
        elif name == "Flatten":
            shape = (int(np.prod(shape)),)
        else:
            macs = shape[0] * config["units"]
            params = macs + config["units"] * config["use_bias"]
            shape = (config["units"],)
        flat = len(shape) == 1
        field = None if flat else tuple(receptive_field(w)[0] for w in windows)
        row = {"output_shape": shape, "params": params, "macs": macs}
        table.append(row | {"receptive_field": field})
    return table
    # END SOLUTION


# %%
check("layer_table")


# %% [markdown]
# ### Look: Keras agrees


# %%
def show_table(spec):
    """Prints a network's table."""
    table = layer_table(spec)
    print(f"{'layer':14}{'shape':>16}{'params':>13}{'MACs':>15}{'sees':>7}")
    for (name, _), row in zip(spec["layers"], table, strict=True):
        shape = "×".join(map(str, row["output_shape"]))
        sees = row["receptive_field"][0] if row["receptive_field"] else "all"
        print(f"{name:14}{shape:>16}{row['params']:13,}{row['macs']:15,}{sees:>7}")
    totals = [sum(row[key] for row in table) for key in ("params", "macs")]
    print(f"{'sum':14}{'':16}{totals[0]:13,}{totals[1]:15,}")
    return table


table = show_table(small_net)
model = keras.Sequential(
    [keras.Input(small_net["input_shape"])]
    + [getattr(keras.layers, name)(**config) for name, config in small_net["layers"]]
)
print("Keras counts", f"{model.count_params():,}", "and gives", model.output_shape[1:])

# %% [markdown]
# ### Look: where a famous network spends
#
# VGG-16 is thirteen 3×3 layers in five stages, pooling after each, and three dense
# layers. **Predict:** which layer has the most parameters? Which takes the most time?

# %%
vgg = {"input_shape": (224, 224, 3), "layers": []}
for filters, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
    conv = {"filters": filters, "kernel_size": (3, 3), "strides": 1}
    conv |= {"padding": "same", "use_bias": True}
    vgg["layers"] += [("Conv2D", conv)] * count
    pool = {"pool_size": (2, 2), "strides": 2, "padding": "valid"}
    vgg["layers"].append(("MaxPooling2D", pool))
vgg["layers"].append(("Flatten", {}))
for units in (4096, 4096, 1000):
    vgg["layers"].append(("Dense", {"units": units, "use_bias": True}))
table = show_table(vgg)

# %%
rows = [
    (name, row)
    for (name, _), row in zip(vgg["layers"], table, strict=True)
    if row["macs"]
]
names = [f"{name.lower()} {i}" for i, (name, _) in enumerate(rows, 1)]
fig, axes = plt.subplots(1, 2, figsize=(9, 4.6), sharey=True)
for axis, key, title in (
    (axes[0], "params", "parameters, millions"),
    (axes[1], "macs", "MACs, billions"),
):
    scale = 1e6 if key == "params" else 1e9
    axis.barh(names, [row[key] / scale for _, row in rows], color="0.6", ec="k")
    axis.set_xlabel(title)
axes[0].invert_yaxis()
plt.tight_layout()
plt.show()

# %% [markdown]
# Memory and time are spent in different places: the first dense layer holds three
# quarters of all parameters and takes hardly a hundredth of the MACs.
#
# **Your turn.** Why? And what would you change first to make the network smaller, and
# what to make it faster?

# %% [markdown] answer="where_it_spends"
# A dense layer uses each weight once per image, a convolution uses each weight at every
# place. Smaller: replace the flattening by global average pooling, so that the first
# dense layer has 512 inputs instead of 25,088. Faster: reduce the image earlier (a
# stride in the first layers), because the MACs are in the convolutions on large maps.

# %% [markdown]
# ## What you have built
#
# Every network of the later assignments can be described before it is built: its
# shapes, its parameters, its time, its view. When a layer complains about a shape, you
# now know where to look, and when a slide prints a number, you can check it.
#
# Before you hand in: run `python -m grader assignments/02` once, from the folder of
# the course.
