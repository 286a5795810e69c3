# /// honest
# why = "results as matrix, masked array, long double, object array, deque"
# assignment = "01"
# ///

# %% question="blur_kernel"
def blur_kernel(radius):
    n = 2 * radius + 1
    return np.asmatrix(np.ones((n, n))) / n ** 2

# %% question="flip180"
def flip180(k):
    return np.ma.masked_array(k[::-1, ::-1])

# %% question="conv1d"
def conv1d(f, g):
    f, g = np.asarray(f, np.longdouble), np.asarray(g, np.longdouble)
    out = np.zeros(len(f) + len(g) - 1, np.longdouble)
    for i, v in enumerate(f):
        out[i:i + len(g)] += v * g
    return out

# %% question="match_feature"
def match_feature(x, f):
    mean = np.frompyfunc(lambda v: v / np.size(f), 1, 1)
    return mean(correlate2d(x, f))
