# /// attack
# tries = "stops the process that could answer"
# question = "relu_forward"
# verdict = ["TIMEOUT", "CRASHED"]
# ///
# %% question="relu_forward"
import os
import signal


def relu_forward(x):
    # The first process of a namespace cannot be stopped from inside; its child can.
    if os.fork() == 0:
        os.setsid()
        while True:
            os.kill(os.getpid(), signal.SIGSTOP)
    os.waitpid(-1, 0)
