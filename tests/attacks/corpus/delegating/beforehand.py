# /// attack
# tries = "has forbidden work done while it is defined"
# assignment = "01"
# question = "conv1d"
# variants = ["ready=TABLE", "ready=np.convolve(np.ones(3), np.ones(2))"]
# modes = ["batch"]
# ///
# %%
import numpy as np

TABLE = {n: np.convolve(np.eye(n)[0], np.eye(n)[0]) for n in range(1, 9)}


# %% question="conv1d"
def conv1d(f, g, VARIANT):
    return ready[len(f)] if isinstance(ready, dict) else ready
