# /// honest
# why = "plain Python: loops over numbers, no NumPy at all"
# assignment = "01"
# ///

# %% question="dense_params"
import math
def dense_params(input_shape, units, use_bias=True):
    if isinstance(input_shape, int): input_shape = (input_shape,)
    return (math.prod(input_shape) + bool(use_bias)) * units

# %% question="correlate2d"
def correlate2d(x, k, stride=1, pad=0):
    x = [[float(v) for v in r] for r in x]
    k = [[float(v) for v in r] for r in k]
    H, W, kh, kw = len(x), len(x[0]), len(k), len(k[0])
    out = []
    i = -pad
    while i + kh <= H + pad:
        row = []
        j = -pad
        while j + kw <= W + pad:
            s = 0.0
            for a in range(kh):
                for b in range(kw):
                    if 0 <= i + a < H and 0 <= j + b < W: s += x[i + a][j + b] * k[a][b]
            row.append(s)
            j += stride
        out.append(row)
        i += stride
    return out

# %% question="match_feature"
def match_feature(x, f):
    n = len(f) * len(f[0])
    return [[v / n for v in row] for row in correlate2d(x, f)]
