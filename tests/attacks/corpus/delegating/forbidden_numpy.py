# /// attack
# tries = "has NumPy convolve, though it is forbidden"
# assignment = "01"
# question = "conv1d"
# variants = [
#     "vars(np)['con' + 'volve'](f, g)",
#     "operator.attrgetter('core.numeric.correlate')(np)(f, g[::-1], 'full')",
#     "np._core._multiarray_umath.correlate(f, g[::-1], 2)",
#     "np.polymul(f, g)",
#     "types.FunctionType(np.convolve.__wrapped__.__code__, vars(np))(f, g)",
#     "(lambda at=TAKEN: at(f, g))()",
#     "(importlib.reload(np._core.numeric), np._core.numeric.convolve(f, g))[1]",
#     "extension().correlate(f, g[::-1], 2)",
# ]
# modes = ["batch"]
# ///
# %%
import importlib.util
import operator
import types

import numpy as np

TAKEN = np.convolve


def extension():
    made = np._core._multiarray_umath
    spec = importlib.util.spec_from_file_location(made.__name__, made.__file__)
    again = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(again)
    return again


# %% question="conv1d"
def conv1d(f, g):
    return VARIANT
