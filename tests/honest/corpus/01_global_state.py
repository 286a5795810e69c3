# /// honest
# why = "counts its calls and caches in globals"
# assignment = "01"
# ///

# %%
calls = 0
_cache = {}
history: list = []

class Stats:
    count = 0

# %% question="blur_kernel"
def blur_kernel(radius):
    global calls, last
    calls += 1
    last = radius
    Stats.count += 1
    blur_kernel.n = getattr(blur_kernel, "n", 0) + 1
    history.append(radius)
    if radius not in _cache:
        _cache[radius] = np.ones((2 * radius + 1,) * 2) / (2 * radius + 1) ** 2
    return _cache[radius]
