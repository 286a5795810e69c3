# /// honest
# why = "sums over padded channels, statistics in float32, the scale rounded first"
# assignment = "05"
# ///

# %% question="lrn"
def lrn(x, n=5, k=2.0, alpha=1e-4, beta=0.75):
    r = n // 2
    sq = np.pad(x.astype(np.float32) ** 2, [(0, 0)] * 3 + [(r, r)])
    s = sum(sq[..., i:i + x.shape[-1]] for i in range(2 * r + 1))
    return x / (k + alpha * s) ** beta

# %% question="batchnorm_forward"
def batchnorm_forward(x, gamma, beta, running_mean, running_var, momentum=0.99, epsilon=1e-3):
    ax = tuple(range(x.ndim))[:-1]
    m = x.mean(ax, dtype=np.float32, keepdims=True)
    v = ((x - m) ** 2).mean(ax, keepdims=True)
    s = np.sqrt(v + epsilon)
    xh = (x - m) / s
    return (gamma * xh + beta, dict(xh=xh, s=s, g=gamma), momentum * running_mean + (1 - momentum) * m.ravel(), momentum * running_var + (1 - momentum) * v.ravel())

# %% question="batchnorm_backward"
def batchnorm_backward(dout, cache):
    ax = tuple(range(dout.ndim))[:-1]
    xh, s, g = cache["xh"], cache["s"], cache["g"]
    dxh = dout * g
    return ((dxh - dxh.mean(ax, keepdims=True) - xh * (dxh * xh).mean(ax, keepdims=True)) / s, np.sum(dout * xh, ax), np.sum(dout, ax))

# %% question="fold_batchnorm"
def fold_batchnorm(w, b, gamma, beta, running_mean, running_var, epsilon=1e-3):
    f = (gamma / np.sqrt(running_var + epsilon)).astype(np.float32)
    return w * f, beta + (b - running_mean) * f
