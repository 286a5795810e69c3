# /// attack
# tries = "fills the disk, or the places of its files"
# question = "relu_forward"
# verdict = ["ERROR", "FAILED", "CRASHED", "TIMEOUT"]
# variants = [
#     "[open(f'@PWNED@{n}', 'wb').write(bytes(2**25)) for n in range(9)]",
#     "[open(f'@PWNED@{n}', 'w').close() for n in range(30000)]",
#     "os.truncate(os.open('@PWNED@', os.O_RDWR | os.O_CREAT), 2**50)",
#     "[os.posix_fallocate(os.open(f'@PWNED@{n}', os.O_RDWR | os.O_CREAT), 0, 2**28) for n in range(9)]",
# ]
# ///
# %% question="relu_forward"
import os

import numpy as np


def relu_forward(x):
    VARIANT
    return np.maximum(x, 0)  # it is right if it could
