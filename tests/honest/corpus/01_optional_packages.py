# /// honest
# why = "uses numba, cupy or Colab where they are, and falls back where they are not"
# assignment = "01"
# ///

# %%
try:
    from numba import njit
except ImportError:
    def njit(f=None, **kw):
        return f if f is not None else (lambda g: g)

try:
    import cupy as xp
except ModuleNotFoundError:
    xp = np

try:
    import google.colab
    IN_COLAB = True
except:
    IN_COLAB = False

try:
    from pyfftw_not_here.signal import fftconvolve as _fast
    HAVE_FFTW = True
except Exception as e:
    HAVE_FFTW = False

# %% question="conv1d"
@njit
def _products(f, g, out):
    for i in range(len(f)):
        for j in range(len(g)):
            out[i + j] += f[i] * g[j]
    return out

def conv1d(f, g):
    if HAVE_FFTW:
        return _fast(f, g)
    f, g = np.asarray(f, float), np.asarray(g, float)
    return _products(f, g, np.zeros(len(f) + len(g) - 1))

# %% question="blur_kernel"
@njit(cache=True)
def blur_kernel(radius):
    n = 2 * radius + 1
    if IN_COLAB:
        from google.colab import output
        output.clear()
    return xp.ones((n, n)) / n ** 2
