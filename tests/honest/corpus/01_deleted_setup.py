# /// honest
# why = "the cells around the answers are deleted, the imports with them"
# assignment = "01"
# without = ["import numpy", "plt."]
# ///

# %% question="blur_kernel"
def blur_kernel(radius):
    return np.ones((2 * radius + 1, 2 * radius + 1)) / (2 * radius + 1) ** 2

# %% question="flip180"
def flip180(k):
    return k[::-1, ::-1]
