# /// attack
# tries = "returns shapes that fit everything or nothing"
# question = "relu_forward"
# variants = [
#     "np.broadcast_to(0.0, (2**40,))",
#     "np.empty((2**39, 0))",
#     "np.lib.stride_tricks.as_strided(x, x.shape, (0,) * x.ndim)",
#     "np.lib.stride_tricks.as_strided(x, (2**20,), (-8,))",
# ]
# modes = ["batch"]
# ///
# %% question="relu_forward"
def relu_forward(x):
    import numpy as np

    return VARIANT
