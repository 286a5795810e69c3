# /// attack
# tries = "loops for ever while a helper is made"
# question = "relu_forward"
# verdict = ["TIMEOUT"]
# ///
# %%
import numpy as np


class Endless:
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue


# %% question="relu_forward"
def relu_forward(x):
    return np.maximum(x, 0), Endless
