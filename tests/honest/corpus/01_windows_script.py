# /// honest
# why = "a .py file with Windows line ends and a byte-order mark"
# assignment = "01"
# script = true
# bom = true
# newlines = "\r\n"
# ///

# %% question="blur_kernel"
def blur_kernel(radius):
    """One kernel,
    two lines."""
    n = 2 * radius + 1
    return np.ones((n, n)) \
        / n ** 2

# %% question="flip180"
# %%time
def flip180(k):
    return np.flip(k, axis=(0, 1))
