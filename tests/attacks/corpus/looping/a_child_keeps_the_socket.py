# /// attack
# tries = "goes on talking to the grader from a child when its process has ended"
# question = "relu_forward"
# verdict = ["CRASHED"]
# ///
# %% question="relu_forward"
import os
import time


def relu_forward(x):
    if os.fork() == 0:
        os.setsid()
        time.sleep(100)
    os._exit(0)
