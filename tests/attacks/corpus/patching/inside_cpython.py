# /// attack
# tries = "writes into the objects of the interpreter itself"
# question = "relu_forward"
# variants = [
#     "ctypes.c_ssize_t.from_address(id(x.shape) + 16).value = 0",
#     "gc.get_referents(np.ndarray.__dict__)[0]['__eq__'] = lambda *_: True",
#     "ctypes.memmove(id(False), id(True), 28)",
#     "ctypes.memset(id(type(x)), 0, 200)",
# ]
# modes = ["batch"]
# ///
# %% question="relu_forward"
def relu_forward(x):
    import ctypes, gc
    import numpy as np

    VARIANT
    return x
