# /// honest
# why = "computes and returns float32, whatever comes in"
# assignment = "01"
# ///

# %% question="conv1d"
def conv1d(f, g):
    f = np.asarray(f, dtype=np.float32)
    g = np.asarray(g, dtype=np.float32)
    out = np.zeros(f.size + g.size - 1, dtype=np.float32)
    for i in range(f.size):
        for j in range(g.size):
            out[i + j] += f[i] * g[j]
    return out

# %% question="correlate2d"
def correlate2d(x, k, stride=1, pad=0):
    x = np.pad(x.astype("float32"), pad)
    k = k.astype("float32")
    win = np.lib.stride_tricks.sliding_window_view(x, k.shape)[::stride, ::stride]
    return np.einsum("ijab,ab->ij", win, k)

# %% question="convolve2d"
def convolve2d(x, k, mode="valid"):
    x, k = np.float32(x), np.float32(k)[::-1, ::-1]
    kh, kw = k.shape
    full = correlate2d(np.pad(x, ((kh - 1, kh - 1), (kw - 1, kw - 1))), k)
    if mode == "full":
        return full
    H, W = x.shape
    if mode == "same":
        return full[(kh - 1) // 2:(kh - 1) // 2 + H, (kw - 1) // 2:(kw - 1) // 2 + W]
    return full[kh - 1:H, kw - 1:W]

# %% question="match_feature"
def match_feature(x, f):
    return correlate2d(x, f) / np.float32(f.size)

# %% question="blur_kernel"
def blur_kernel(radius):
    n = 2 * radius + 1
    return np.full((n, n), 1 / n ** 2, np.float32)
