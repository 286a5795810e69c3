# /// honest
# why = "answer cells have lost their metadata; all answers merged into one cell, in another order"
# assignment = "01"
# untagged = true
# ///

# %% question="match_feature"
def permute_pixels(images, permutation):
    n, h, w, c = images.shape
    return images.reshape(n, h * w, c)[:, np.asarray(permutation)].reshape(n, h, w, c)
def match_feature(x, f): return correlate2d(x, f) / f.size
def blur_kernel(radius): return np.ones((2 * radius + 1,) * 2) / (2 * radius + 1) ** 2
def flip180(k): return k[::-1, ::-1]
