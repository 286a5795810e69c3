# /// attack
# tries = "takes all the memory it can get"
# question = "relu_forward"
# verdict = ["ERROR", "CRASHED", "TIMEOUT"]
# variants = [
#     "return np.ones(10**11)",
#     "kept = [bytearray(2**28) for _ in range(1000)]",
#     "area = np.zeros(2**38, np.uint8); area[::4096] = 1",
#     "[os.fork() for _ in range(3)]; kept = [b'x' * 2**26 for _ in range(60)]; time.sleep(9)",
#     "area = mmap.mmap(-1, 2**40); area[::4096] = b'x' * 2**28",
# ]
# ///
# %% question="relu_forward"
import mmap
import os
import time

import numpy as np


def relu_forward(x):
    VARIANT
