# /// attack
# tries = "keeps count, and is right in some calls only"
# question = "relu_forward"
# variants = ["calls != 7", "calls % 2"]
# modes = ["batch"]
# ///
# %%
import time

import numpy as np

SEEN = []
START = time.time()


# %% question="relu_forward"
def relu_forward(x):
    SEEN.append(x)
    calls = len(SEEN)
    return np.maximum(x, 0) if VARIANT else x
