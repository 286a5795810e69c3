# /// honest
# why = "helpers found through globals(), eval and getattr; rebinding and wrapping of earlier versions"
# assignment = "01"
# ///

# %%
def turn_rows(k): return k[::-1]
def turn_columns(k): return k[:, ::-1]

class Shapes:
    def square(radius): return (2 * radius + 1,) * 2

# %% question="flip180"
def flip180(k):
    for what in ("rows", "columns"):
        k = globals()["turn_" + what](k)
    return k

# %% question="blur_kernel"
def blur_kernel(radius):
    shape = getattr(eval("Shapes"), "square")(radius)
    return np.ones(shape)

_unscaled = blur_kernel

def blur_kernel(radius):
    k = _unscaled(radius)
    return k / k.sum()

def checked(f):
    def inner(*a, **k):
        out = f(*a, **k)
        assert np.isfinite(out).all()
        return out
    return inner

blur_kernel = checked(blur_kernel)
