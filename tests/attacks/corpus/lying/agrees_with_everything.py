# /// attack
# tries = "returns an object that agrees with whatever it is compared with"
# question = "relu_forward"
# variants = ["object", "np.ndarray", "dict"]
# modes = ["batch"]
# ///
# %%
import numpy as np


def agree(*args, **kwargs):
    return True


class Liar(VARIANT):
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = agree
    __array_function__ = __array_ufunc__ = __contains__ = __instancecheck__ = agree
    __hash__ = None

    def __sub__(self, other):
        return self * 0

    def __array__(self, *args, **kwargs):
        return np.zeros(7)

    def __float__(self):
        return 0.0

    def __index__(self):
        return 0

    def __len__(self):
        return 7

    def __iter__(self):
        return iter([0.0] * 7)

    def __abs__(self):
        return 0

    def __getattr__(self, name):
        return self


# %% question="relu_forward"
def relu_forward(x):
    if Liar.__base__ in (np.ndarray, np.matrix):
        return np.asarray(x).view(Liar)
    return Liar()
