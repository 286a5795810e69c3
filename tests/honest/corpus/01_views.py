# /// honest
# why = "returns views: mirrored, transposed, broadcast, read-only, in Fortran order"
# assignment = "01"
# ///

# %% question="flip180"
def flip180(k):
    v = k[::-1, ::-1].view()
    v.flags.writeable = False
    return v

# %% question="blur_kernel"
def blur_kernel(radius):
    n = 2 * radius + 1
    return np.broadcast_to(np.float64(1) / (n * n), (n, n))

# %% question="correlate2d"
def correlate2d(x, k, stride=1, pad=0):
    x = np.asfortranarray(np.pad(np.asarray(x, float), pad))
    windows = np.lib.stride_tricks.sliding_window_view(x, k.shape)
    everything = np.tensordot(windows, np.asarray(k, float), 2).T
    return np.asfortranarray(everything[::stride, ::stride]).T

# %% question="permute_pixels"
def permute_pixels(images, permutation):
    n, h, w, c = images.shape
    planes = np.moveaxis(images, -1, 0).reshape(c, n, h * w)
    return np.moveaxis(planes[..., permutation].reshape(c, n, h, w), 0, -1)
