# /// honest
# why = "an enumeration for the mode, a Toeplitz matrix, a read-only mapping of settings"
# assignment = "01"
# ///

# %%
import numpy as np
from types import MappingProxyType
import enum
class Mode(str, enum.Enum):
    VALID = "valid"; SAME = "same"; FULL = "full"
CONFIG = MappingProxyType({"dtype": np.float64})
_rng = np.random.default_rng()
global_names = sorted(globals())
SIZE_OF = lambda r: 2 * r + 1

# %% question="blur_kernel"
def blur_kernel(radius: int) -> np.ndarray:
    n = SIZE_OF(radius)
    return np.full((n, n), 1.0, dtype=CONFIG["dtype"]) / np.square(n)

# %% question="convolve2d"
def convolve2d(x, k, mode="valid"):
    mode = Mode(mode)
    full = np.zeros(np.add(x.shape, k.shape) - 1)
    for (a, b), w in np.ndenumerate(k):
        full[a:a + x.shape[0], b:b + x.shape[1]] += float(w) * x
    if mode is Mode.FULL: return full
    cut = [((n - 1) // 2, (n - 1) // 2 + m) if mode == Mode.SAME else (n - 1, m) for n, m in zip(k.shape, x.shape)]
    return full[tuple(slice(*c) for c in cut)]

# %% question="permute_pixels"
permute_pixels = lambda images, permutation: np.stack([np.stack([i[..., c].flat[permutation].reshape(i.shape[:2]) for c in range(i.shape[-1])], -1) for i in images])

# %% question="conv1d"
def conv1d(f, g):
    """Toeplitz."""
    n, k = len(f), len(g)
    T = np.zeros((n + k - 1, n))
    for i in range(n):
        T[i:i + k, i] = g
    return T @ f
