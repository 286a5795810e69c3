# /// honest
# why = "pools a padded copy with as_strided; the gradient through argwhere"
# assignment = "03"
# ///

# %%
def frame(x, pool_size, stride, padding, value):
    pads = [(0, 0)]
    for n, k in zip(x.shape[1:3], pool_size):
        total = max((-(-n // stride) - 1) * stride + k - n, 0) if padding == "same" else 0
        pads.append((total // 2, total - total // 2))
    return np.pad(np.asarray(x, float), pads + [(0, 0)], mode="constant", constant_values=value), pads

# %% question="maxpool_forward"
def maxpool_forward(x, pool_size, stride, padding):
    p, _ = frame(x, pool_size, stride, padding, -np.inf)
    n, h, w, c = p.shape
    oh, ow = (h - pool_size[0]) // stride + 1, (w - pool_size[1]) // stride + 1
    s = p.strides
    v = np.lib.stride_tricks.as_strided(p, (n, oh, ow, *pool_size, c), (s[0], s[1] * stride, s[2] * stride, s[1], s[2], s[3]), writeable=False)
    return v.max((3, 4))

# %% question="maxpool_backward"
def maxpool_backward(dout, x, pool_size, stride, padding):
    p, (_, (top, _), (left, _)) = frame(x, pool_size, stride, padding, -np.inf)
    dp = np.zeros(p.shape)
    for n, i, j, c in np.ndindex(*dout.shape):
        a, b = i * stride, j * stride
        win = p[n, a:a + pool_size[0], b:b + pool_size[1], c]
        da, db = np.argwhere(win == win.max())[0]
        dp[n, a + da, b + db, c] += dout[n, i, j, c]
    return dp[:, top:top + x.shape[1], left:left + x.shape[2], :]
