# /// attack
# tries = "computes in place, in what it was given"
# question = "relu_forward"
# variants = ["np.maximum(x, 0, out=x)", "x.__setitem__(x < 0, 0) or x"]
# ///
# %% question="relu_forward"
def relu_forward(x):
    import numpy as np

    return VARIANT
