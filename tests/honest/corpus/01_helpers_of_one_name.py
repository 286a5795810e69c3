# /// honest
# why = "each answer has helpers of its own, and some have the same name"
# assignment = "01"
# ///

# %%
def size(k):
    return k.shape

# %% question="correlate2d"
def correlate2d(x, k, stride=1, pad=0):
    x = np.pad(np.asarray(x, float), pad)
    (kh, kw) = size(k)
    return np.array([[np.vdot(x[i:i + kh, j:j + kw], k) for j in range(0, x.shape[1] - kw + 1, stride)]
                     for i in range(0, x.shape[0] - kh + 1, stride)])

# %% question="flip180"
def turn(k, times):
    return np.rot90(k, times)

def flip180(k):
    return turn(k, 2)

# %% question="convolve2d"
def turn(k):
    return k[::-1, ::-1]

def convolve2d(x, k, mode="valid"):
    before = {"valid": (0, 0), "same": tuple(n // 2 for n in k.shape), "full": tuple(n - 1 for n in k.shape)}[mode]
    after = {"valid": (0, 0), "same": tuple((n - 1) // 2 for n in k.shape), "full": tuple(n - 1 for n in k.shape)}[mode]
    return correlate2d(np.pad(x, tuple(zip(before, after))), turn(k))

# %% question="blur_kernel"
def size(radius, dims):
    return (2 * radius + 1,) * dims

def blur_kernel(radius):
    k = np.ones(size(radius, 2))
    return k / k.size
