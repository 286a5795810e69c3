# /// honest
# why = "fills float32 arrays, then works on in float64 or casts back to the input's dtype"
# assignment = "03"
# ///

# %%
def spans(n, size, stride, padding):
    count = int(np.ceil(n / stride)) if padding == "same" else (n - size) // stride + 1
    first = max((count - 1) * stride + size - n, 0) // 2 if padding == "same" else 0
    return [(max(i * stride - first, 0), min(i * stride - first + size, n)) for i in range(count)]

# %% question="avgpool_forward"
def avgpool_forward(x, pool_size, stride, padding):
    r, c = (spans(x.shape[a + 1], pool_size[a], stride, padding) for a in (0, 1))
    out = np.zeros((x.shape[0], len(r), len(c), x.shape[3]), dtype=np.float32)
    for i, (a, b) in enumerate(r):
        for j, (d, e) in enumerate(c):
            out[:, i, j] = x[:, a:b, d:e].mean(axis=(1, 2))
    return out.astype(x.dtype)

# %% question="maxpool_forward"
def maxpool_forward(x, pool_size, stride, padding):
    r, c = (spans(x.shape[a + 1], pool_size[a], stride, padding) for a in (0, 1))
    out = np.zeros((x.shape[0], len(r), len(c), x.shape[3]), dtype="float32")
    for i, (a, b) in enumerate(r):
        for j, (d, e) in enumerate(c):
            out[:, i, j] = x[:, a:b, d:e].max(axis=(1, 2))
    return out.tolist()

# %% question="dense_forward"
def dense_forward(x, w, b):
    rows = np.zeros((x.shape[0], w.shape[0]), np.float32)
    rows[:] = x.reshape(x.shape[0], -1)
    return rows @ w + b

# %% question="dense_backward"
def dense_backward(dout, x, w):
    rows = x.reshape(x.shape[0], -1).astype(np.float32)
    dx = np.zeros(x.shape)
    dx[:] = (dout.astype(np.float32) @ w.astype(np.float32).T).reshape(x.shape)
    return dx, np.dot(rows.T, dout), sum(dout.astype(np.float32)).astype(float)
