# /// honest
# why = "measures the receptive field with bright and with random images"
# assignment = "02"
# ///

# %% question="empirical_receptive_field"
def empirical_receptive_field(fn, shape):
    rng = np.random.RandomState(0)
    base = rng.normal(size=shape)
    seen = []
    ref = np.array(fn(base), copy=True)
    c = tuple(n // 2 for n in ref.shape)
    for i in range(shape[0]):
        for j in range(shape[1]):
            probe = base.copy()
            probe[i, j] += 1e3
            if abs(np.asarray(fn(probe))[c] - ref[c]) > 1e-9:
                seen.append((i, j))
    a = np.array(seen)
    return tuple(np.ptp(a, axis=0) + 1)
