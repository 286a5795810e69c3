# /// attack
# tries = "leaves files behind, wherever it may"
# question = "relu_forward"
# verdict = ["PASSED"]
# control = true
# ///
# %% question="relu_forward"
import contextlib
import os
import tempfile

import numpy as np

PLACES = ["/tmp", "/dev/shm", "/var/tmp", "/", "@COURSE@", ".", tempfile.gettempdir()]


def relu_forward(x):
    for place in PLACES:
        for make in (os.mkdir, lambda path: open(path, "w").close()):
            with contextlib.suppress(OSError):
                make(f"{place}/@PWNED@")
    return np.maximum(x, 0)
