# /// honest
# why = "own decorators, lru_cache, wraps, a context manager, a dispatcher"
# assignment = "01"
# ///

# %%
import functools, time
from contextlib import contextmanager, ExitStack

def timed(label=None):
    def decorate(fn):
        @functools.wraps(fn)
        def inner(*args, **kwargs):
            start = time.perf_counter()
            try:
                return fn(*args, **kwargs)
            finally:
                inner.seconds += time.perf_counter() - start
                inner.calls += 1
        inner.seconds, inner.calls = 0.0, 0
        return inner
    return decorate

@contextmanager
def quiet():
    with np.errstate(all="ignore"):
        yield

def register(fn, _known={}):
    _known[fn.__name__] = fn
    return fn

# %% question="blur_kernel"
@functools.lru_cache(maxsize=None)
def _weight(radius: int):
    return 1.0 / (2 * radius + 1) ** 2

@register
@timed("blur")
def blur_kernel(radius):
    with quiet():
        return np.full((2 * radius + 1, 2 * radius + 1), _weight(radius))

print(blur_kernel.calls, "calls")

# %% question="flip180"
@functools.singledispatch
def flip180(k):
    raise TypeError(type(k))

@flip180.register
def _(k: np.ndarray):
    return k[::-1, ::-1].copy()

@flip180.register(list)
def _(k):
    return [row[::-1] for row in k[::-1]]

# %% question="dense_params"
@timed()
def dense_params(input_shape, units, use_bias=True):
    @functools.cache
    def size(shape):
        return 1 if not shape else shape[0] * size(shape[1:])
    shape = (input_shape,) if np.isscalar(input_shape) else tuple(input_shape)
    return size(shape) * units + (units if use_bias else 0)
