# /// attack
# tries = "finds out that it is graded, and acts only then"
# question = "relu_forward"
# ///
# %%
import os
import sys

import numpy as np


def graded():
    signs = ["grader.worker" in sys.modules, os.getpid() < 10, os.getcwd() == "/tmp"]
    signs += ["ipykernel" not in sys.modules, not os.path.exists("/dev/pts")]
    return any(signs)


# %% question="relu_forward"
def relu_forward(x):
    if graded():
        with open("/tmp/@PWNED@", "w") as file:
            file.write("graded")
        return np.full_like(x, 100.0)
    return np.maximum(x, 0)
