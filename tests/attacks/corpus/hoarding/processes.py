# /// attack
# tries = "starts processes and threads without end"
# question = "relu_forward"
# verdict = ["ERROR", "CRASHED", "TIMEOUT"]
# variants = [
#     "bomb()",
#     "made = [threading.Thread(target=time.sleep, args=(99,)).start() for _ in range(10**5)]",
# ]
# ///
# %% question="relu_forward"
import os
import threading
import time


def bomb():
    while True:
        try:
            os.fork()
        except OSError:
            pass


def relu_forward(x):
    VARIANT
