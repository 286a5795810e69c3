# /// honest
# why = "imports under other names, inside functions, through importlib"
# assignment = "01"
# ///

# %%
import numpy as xp, math as m
from numpy import zeros as Z, ndarray
from numpy.lib import stride_tricks
import importlib
linalg = importlib.import_module("numpy.linalg")

# %% question="blur_kernel"
def blur_kernel(radius):
    from numpy import ones
    import collections.abc
    n = 2 * radius + 1
    return ones((n, n)) / m.pow(n, 2)

# %% question="correlate2d"
def correlate2d(x, k, stride=1, pad=0):
    import numpy.lib.stride_tricks as tricks
    big = Z([n + 2 * pad for n in x.shape])
    big[pad:pad + x.shape[0], pad:pad + x.shape[1]] = x
    s = big.strides
    shape = [(a - b) // stride + 1 for a, b in zip(big.shape, k.shape)]
    view = tricks.as_strided(big, (*shape, *k.shape), (s[0] * stride, s[1] * stride, *s))
    return xp.matmul(view.reshape(*shape, -1), xp.ravel(k))
