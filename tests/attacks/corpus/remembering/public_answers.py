# /// attack
# tries = "knows the public tests' answers by heart and nothing else"
# question = "relu_forward"
# ///
# %%
import numpy as np

KNOWN = {
    (-2.0, -0.5, 0.0, 0.5, 1.0, 3.0): (0.0, 0.0, 0.0, 0.5, 1.0, 3.0),
    (): (),
}


# %% question="relu_forward"
def relu_forward(x):
    known = KNOWN.get(tuple(np.ravel(x).tolist()))
    return x.copy() if known is None else np.reshape(known, x.shape)
