# /// honest
# why = "counts as whole floats, from true division and ceil"
# assignment = "02"
# ///

# %% question="conv_out"
import math
def conv_out(n, f, s=1, p=0, mode="floor"):
    if mode not in {"floor", "exact"}: raise ValueError
    total = 2 * p if np.isscalar(p) else sum(p)
    x = (n - f + total) / s
    if x < 0: raise ValueError("does not fit")
    if mode == "exact" and x != int(x): raise ValueError("remainder")
    return np.floor(x) + 1.0

# %% question="tf_same_pad"
def tf_same_pad(n, f, s=1):
    p = max((np.ceil(n / s) - 1) * s + f - n, 0.)
    return [p // 2, p - p // 2]

# %% question="conv_params"
def conv_params(kernel_size, c_in, filters, groups=1, use_bias=True):
    return np.prod(kernel_size) * (c_in / groups) * filters + filters * float(use_bias)

# %% question="conv_macs"
def conv_macs(input_shape, kernel_size, filters, strides=1, padding="valid", groups=1):
    H, W, C = map(float, input_shape)
    if padding == "same": oh, ow = math.ceil(H / strides), math.ceil(W / strides)
    else: oh, ow = [(n - k) // strides + 1 for n, k in zip((H, W), kernel_size)]
    return oh * ow * kernel_size[0] * kernel_size[1] * C / groups * filters

# %% question="receptive_field"
def receptive_field(layers):
    r, j = 1.0, 1.0
    for f, s, d in layers: r, j = r + (f - 1) * d * j, j * s
    return np.array([r, j])
