# /// honest
# why = "counts as NumPy integers, a subclass of ValueError, arrays for shapes"
# assignment = "02"
# ///

# %%
class DoesNotFit(ValueError):
    def __init__(self, *args): super().__init__("größer als das Bild: %r" % (args,))

# %% question="conv_out"
def conv_out(n, f, s=1, p=0, mode="floor"):
    modes = {"floor": lambda q, r: q + 1, "exact": exact}
    if mode not in modes:
        raise DoesNotFit(mode)
    left, right = np.broadcast_to(p, (2,)) if not isinstance(p, tuple) else p
    if n + left + right < f:
        raise DoesNotFit(n, f)
    return modes[mode](*np.divmod(n + left + right - f, s))

def exact(q, r):
    if r: raise DoesNotFit(r)
    return q + 1

# %% question="conv_params"
def conv_params(kernel_size, c_in, filters, groups=1, use_bias=True):
    weights = np.zeros((*kernel_size, c_in // groups, filters), dtype=bool).size
    return np.int64(weights) + (np.uint8(filters).astype(np.int64) if use_bias and filters < 256 else filters * use_bias)

# %% question="receptive_field"
def receptive_field(layers):
    t = np.array(layers, dtype=np.int64).reshape(-1, 3)
    jumps = np.concatenate([[1], np.cumprod(t[:, 1])])
    return 1 + np.sum((t[:, 0] - 1) * t[:, 2] * jumps[:-1]), jumps[-1]
