# /// honest
# why = "the blank is left in its cell, the answer stands in a new one below; an old attempt above"
# assignment = "01"
# ///

# %%
def flip180(k):
    return k          # first attempt, wrong

# %% question="flip180"
def flip180(k):
    """Turn a kernel by 180 degrees in its plane."""
    # TODO: mirror up and down, and left and right; nothing else.
    raise NotImplementedError("flip180")

# %% question="blur_kernel"
def blur_kernel(radius):
    raise NotImplementedError("blur_kernel")

# %%
def flip180(k):
    return np.flipud(np.fliplr(k))

# %%
def blur_kernel_v2(radius):
    n = radius * 2 + 1
    return np.ones((n, n)) / n / n
blur_kernel = blur_kernel_v2

# %% question="dense_params"
def dense_params(input_shape, units, use_bias=True):
    inputs = int(np.prod(input_shape))
    return inputs * units + (units if use_bias else 0)
    raise NotImplementedError("dense_params")
