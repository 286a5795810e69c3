# /// honest
# why = "im2col fills float32, the product with float64 kernels gives float64 of single precision"
# assignment = "04"
# ///

# %% question="im2col"
def im2col(x, kernel_size, stride, pad):
    N, H, W, C = x.shape
    kh, kw = kernel_size
    xp = np.zeros((N, H + 2 * pad, W + 2 * pad, C), dtype=np.float32)
    xp[:, pad:pad + H, pad:pad + W] = x
    oh, ow = (H + 2 * pad - kh) // stride + 1, (W + 2 * pad - kw) // stride + 1
    cols = np.zeros((N * oh * ow, kh * kw * C), dtype=np.float32)
    r = 0
    for n in range(N):
        for i in range(oh):
            for j in range(ow):
                cols[r] = xp[n, i * stride:i * stride + kh, j * stride:j * stride + kw].ravel()
                r += 1
    return cols

# %% question="conv_forward_fast"
def conv_forward_fast(x, w, b, stride, pad):
    cols = im2col(x, w.shape[:2], stride, pad)
    oh = (x.shape[1] + 2 * pad - w.shape[0]) // stride + 1
    out = cols.dot(w.reshape(-1, w.shape[-1])) + b
    return out.reshape(x.shape[0], oh, -1, w.shape[-1]), (x, w, b, stride, pad, cols)

# %% question="conv_backward_fast"
def conv_backward_fast(dout, cache):
    x, w, b, stride, pad, cols = cache
    d = dout.reshape(-1, dout.shape[-1])
    dw = cols.T.dot(d).reshape(w.shape)
    dx = col2im(d.dot(w.reshape(-1, w.shape[-1]).T), x.shape, w.shape[:2], stride, pad)
    return dx, dw, d.sum(0)

# %% question="conv_grouped"
def conv_grouped(x, w, groups, dilation):
    N, H, W, C = x.shape
    kh, kw, cg, F = w.shape
    oh, ow, fg = H - (kh - 1) * dilation, W - (kw - 1) * dilation, F // groups
    out = np.zeros((N, oh, ow, F), dtype=np.float32)
    for f in range(F):
        g = f // fg
        for a in range(kh):
            for c in range(kw):
                patch = x[:, a * dilation:a * dilation + oh, c * dilation:c * dilation + ow, g * cg:(g + 1) * cg]
                out[..., f] += patch @ w[a, c, :, f]
    return out.astype(np.float64)
