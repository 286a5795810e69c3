# /// honest
# why = "im2col and col2im through index arrays and np.add.at"
# assignment = "04"
# ///

# %%
def indices(shape, kernel_size, stride, pad):
    N, H, W, C = shape
    kh, kw = kernel_size
    oh, ow = (H + 2 * pad - kh) // stride + 1, (W + 2 * pad - kw) // stride + 1
    n, i, j, a, b, c = np.ogrid[:N, :oh, :ow, :kh, :kw, :C]
    return n, i * stride + a, j * stride + b, c

# %% question="im2col"
def im2col(x, kernel_size, stride, pad):
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    return padded[indices(x.shape, kernel_size, stride, pad)].reshape(-1, kernel_size[0] * kernel_size[1] * x.shape[3])

# %% question="col2im"
def col2im(cols, x_shape, kernel_size, stride, pad):
    N, H, W, C = x_shape
    big = np.zeros((N, H + 2 * pad, W + 2 * pad, C), cols.dtype)
    where = np.broadcast_arrays(*indices(x_shape, kernel_size, stride, pad))
    np.add.at(big, tuple(where), cols.reshape(where[0].shape))
    if pad:
        return big[:, pad:-pad, pad:-pad]
    return big
