# /// attack
# tries = "ends its process while a helper's constant is made"
# question = "relu_forward"
# variants = [
#     "os._exit(0)",
#     "sys.exit(0)",
#     "raise KeyboardInterrupt",
#     "raise GeneratorExit",
#     "raise type('Odd', (BaseException,), {})('pwned')",
#     "os.abort()",
#     "ctypes.string_at(0)",
#     "os.execv(sys.executable, [sys.executable, '-c', ''])",
# ]
# ///
# %%
import ctypes
import os
import sys

import numpy as np


def end():
    VARIANT


TABLE = end()


# %% question="relu_forward"
def relu_forward(x):
    assert TABLE is None
    return np.maximum(x, 0)
