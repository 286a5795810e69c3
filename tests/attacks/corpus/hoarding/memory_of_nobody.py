# /// attack
# tries = "keeps memory in the kernel that is counted for no process"
# question = "relu_forward"
# ///
# %% question="relu_forward"
import ctypes
import os

import numpy as np


def call(name, *arguments):
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)


ATTEMPTS = [
    lambda: os.memfd_create('pwned'),
    lambda: call('shmget', 0x1234, 1 << 30, 0o1666),
    lambda: call('msgget', 0x1234, 0o1666),
    lambda: call('semget', 0x1234, 1000, 0o1666),
    lambda: call('syscall', 240, b'pwned', 0o102, 0o600, None),
    lambda: call('inotify_init1', 0),
    lambda: open('/dev/shm/@PWNED@', 'w'),
]


def relu_forward(x):
    refused = []
    for attempt in ATTEMPTS:
        try:
            attempt()
        except Exception as error:
            refused.append(f"{type(error).__name__} {getattr(error, 'errno', '')}")
        else:
            return np.maximum(x, 0)  # one works: points would show it
    raise OSError(", ".join(refused))
