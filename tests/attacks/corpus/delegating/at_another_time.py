# /// attack
# tries = "does what is forbidden before, after or beside its call"
# assignment = "01"
# question = "conv1d"
# variants = ["thread", "generator", "finalizer"]
# modes = ["batch"]
# ///
# %%
import atexit
import threading

import numpy as np

DONE = {}


def work(f, g):
    DONE["out"] = np.convolve(f, g)
    return DONE["out"]


class Late:
    def __init__(self, *args):
        self.args = args

    def __del__(self):
        work(*self.args)


# %% question="conv1d"
def conv1d(f, g):
    how = "VARIANT"
    if how == "thread":
        threading.Timer(0, work, [f, g]).start()
    if how == "generator":
        return (part for part in work(f, g))
    if how == "finalizer":
        Late(f, g)
    if how == "atexit":
        atexit.register(work, f, g)
        atexit._run_exitfuncs()
    for _ in range(100):
        threading.Event().wait(0.0005)
        if "out" in DONE:
            return DONE.pop("out")
    raise KeyError("nothing done")
