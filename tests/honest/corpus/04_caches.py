# /// honest
# why = "caches of every kind: an object, a closure, a namespace, a dictionary of views"
# assignment = "04"
# ///

# %% question="conv_forward_naive"
from dataclasses import dataclass
from types import SimpleNamespace

@dataclass
class Cache:
    x: np.ndarray
    w: np.ndarray
    stride: int
    pad: int
    windows: object = None

def conv_forward_naive(x, w, b, stride, pad):
    xp = np.pad(x, [(0, 0), (pad,) * 2, (pad,) * 2, (0, 0)])
    def window(i, j): return xp[:, i * stride:i * stride + w.shape[0], j * stride:j * stride + w.shape[1]]
    oh = 1 + (xp.shape[1] - w.shape[0]) // stride
    ow = 1 + (xp.shape[2] - w.shape[1]) // stride
    out = np.stack([np.stack([np.tensordot(window(i, j), w, 3) + b for j in range(ow)], 1) for i in range(oh)], 1)
    return [out, Cache(x, w, stride, pad, window)]

# %% question="conv_backward_naive"
def conv_backward_naive(dout, cache):
    dxp = np.zeros((cache.x.shape[0], cache.x.shape[1] + 2 * cache.pad, cache.x.shape[2] + 2 * cache.pad, cache.x.shape[3]))
    dw = np.zeros(cache.w.shape)
    kh, kw = cache.w.shape[:2]
    for i in range(dout.shape[1]):
        for j in range(dout.shape[2]):
            r, c = i * cache.stride, j * cache.stride
            dw += np.einsum("nabc,nf->abcf", cache.windows(i, j), dout[:, i, j])
            dxp[:, r:r + kh, c:c + kw] += np.einsum("nf,abcf->nabc", dout[:, i, j], cache.w)
    p = cache.pad
    return [dxp[:, p:dxp.shape[1] - p, p:dxp.shape[2] - p], dw, np.sum(dout, (0, 1, 2))]

# %% question="conv_forward_fast"
def conv_forward_fast(x, w, b, stride, pad):
    cols = im2col(x, w.shape[:2], stride, pad)
    n = x.shape[0]
    oh = (x.shape[1] + 2 * pad - w.shape[0]) // stride + 1
    ow = (x.shape[2] + 2 * pad - w.shape[1]) // stride + 1
    def backward(dout):
        d = dout.reshape(-1, w.shape[-1])
        return (col2im(d @ w.reshape(-1, w.shape[-1]).T, x.shape, w.shape[:2], stride, pad),
                (cols.T @ d).reshape(w.shape), d.sum(axis=0))
    return (cols @ w.reshape(-1, w.shape[-1]) + b).reshape(n, oh, ow, -1), SimpleNamespace(backward=backward)

# %% question="conv_backward_fast"
def conv_backward_fast(dout, cache):
    return cache.backward(dout)
