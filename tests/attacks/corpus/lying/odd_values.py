# /// attack
# tries = "returns values that comparisons stumble over"
# question = "relu_forward"
# variants = [
#     "x * np.nan",
#     "np.maximum(x, 0) + 1j * np.abs(x)",
#     "np.maximum(x, 0).astype(str)",
#     "np.ma.masked_all(x.shape)",
#     "np.array(x, object)",
#     "np.float16(np.where(x > 0, x, x / 2000))",
# ]
# modes = ["batch"]
# ///
# %% question="relu_forward"
def relu_forward(x):
    import numpy as np

    return VARIANT
