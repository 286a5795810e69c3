# /// attack
# tries = "answers from inputs and results of calls before"
# question = "relu_backward"
# variants = ["LAST", "MEMO"]
# modes = ["batch"]
# ///
# %%
import numpy as np

MEMO, LAST, FIRST = {}, [], []


# %% question="relu_backward"
def relu_backward(dout, x):
    right = dout * (x > 0)
    LAST[:] = [*LAST, right][-2:]
    FIRST[:] = [*FIRST, right][:1]
    MEMO.setdefault(x.shape, right)
    found = MEMO[x.shape] if "VARIANT" == "MEMO" else VARIANT[0]
    return found
