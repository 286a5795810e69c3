# /// honest
# why = "recursion, generators, a dataclass, match, walrus, comprehensions, closures"
# assignment = "01"
# ///

# %% question="conv1d"
from dataclasses import dataclass, field
from itertools import accumulate, chain, islice

@dataclass(frozen=True, slots=True)
class Tap:
    offset: int
    weight: float = field(default=0.0)

def taps(g):
    yield from (Tap(j, float(w)) for j, w in enumerate(g))

def conv1d(f, g):
    if not len(f):
        return np.zeros(len(g) - 1)
    head, *rest = map(float, f)
    out = np.zeros(len(f) + len(g) - 1)
    for tap in taps(g):
        out[tap.offset] += head * tap.weight
    if rest:
        out[1:] += conv1d(rest, g)
    return out

# %% question="convolve2d"
def convolve2d(x, k, mode="valid"):
    x, k = np.asarray(x, float), np.asarray(k, float)

    def make_full():
        out = np.zeros(np.add(x.shape, k.shape) - 1)
        def add(a, b):
            nonlocal out
            out[a:a + x.shape[0], b:b + x.shape[1]] += k[a, b] * x
        [add(a, b) for a in range(k.shape[0]) for b in range(k.shape[1])]
        return out

    full = make_full()
    match mode:
        case "full":
            return full
        case "same" if (before := [(n - 1) // 2 for n in k.shape]):
            return full[tuple(slice(b, b + n) for b, n in zip(before, x.shape))]
        case "valid":
            return full[tuple(slice(n - 1, m) for n, m in zip(k.shape, x.shape))]
        case _:
            raise ValueError(mode)

# %% question="dense_params"
def dense_params(input_shape, units, use_bias=True):
    *_, n = accumulate(chain([1], np.atleast_1d(input_shape).tolist()), lambda a, b: a * b)
    return (n + (1 if use_bias else 0)) * units
