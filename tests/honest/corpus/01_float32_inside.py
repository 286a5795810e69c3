# /// honest
# why = "stores in float32 arrays, multiplies with float64: a float64 result of single precision"
# assignment = "01"
# ///

# %% question="conv1d"
def conv1d(f, g):
    padded = np.zeros(len(f) + 2 * len(g) - 2, dtype=np.float32)
    padded[len(g) - 1:len(g) - 1 + len(f)] = f
    turned = np.array(g, dtype=float)[::-1]
    return np.array([padded[i:i + len(g)] @ turned for i in range(len(f) + len(g) - 1)])

# %% question="correlate2d"
def correlate2d(x, k, stride=1, pad=0):
    big = np.zeros((x.shape[0] + 2 * pad, x.shape[1] + 2 * pad), dtype=np.float32)
    big[pad:pad + x.shape[0], pad:pad + x.shape[1]] = x
    oh = (big.shape[0] - k.shape[0]) // stride + 1
    ow = (big.shape[1] - k.shape[1]) // stride + 1
    return np.array([[float((big[i * stride:i * stride + k.shape[0], j * stride:j * stride + k.shape[1]] * k).sum())
                      for j in range(ow)] for i in range(oh)])

# %% question="match_feature"
def match_feature(x, f):
    return [[float(v) / f.size for v in row] for row in correlate2d(x, f)]
