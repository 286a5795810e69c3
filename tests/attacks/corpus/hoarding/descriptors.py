# /// attack
# tries = "opens without end what the machine has a limited number of"
# question = "relu_forward"
# verdict = ["ERROR", "FAILED", "CRASHED"]
# variants = [
#     "kept = [os.pipe() for _ in range(10**6)]",
#     "kept = [socket.socketpair() for _ in range(10**6)]",
#     "kept = [os.openpty() for _ in range(10**6)]",
#     "kept = [select.epoll() for _ in range(10**6)]",
#     "resource.setrlimit(resource.RLIMIT_NOFILE, (10**6, 10**6))",
#     "kept = [fill(*socket.socketpair()) for _ in range(10**6)]",
# ]
# ///
# %% question="relu_forward"
import os
import resource
import select
import socket

import numpy as np


def fill(one, other):
    one.setblocking(False)
    try:
        while True:
            one.send(bytes(10**6))
    except BlockingIOError:
        return one, other


def relu_forward(x):
    VARIANT
    return np.maximum(x, 0)  # it is right if it could
