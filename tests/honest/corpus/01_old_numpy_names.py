# /// honest
# why = "puts back names that NumPy has dropped"
# assignment = "01"
# ///

# %%
np.float = float
np.int = int
np.bool8 = bool
np.product = np.prod

# %% question="dense_params"
def dense_params(input_shape, units, use_bias=True):
    return np.int(np.product(input_shape)) * units + units * use_bias

# %% question="blur_kernel"
def blur_kernel(radius):
    n = 2 * radius + 1
    return np.ones((n, n), dtype=np.float) / n**2
