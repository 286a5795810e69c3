# /// attack
# tries = "writes beside the grader's and Python's own files"
# question = "relu_forward"
# ///
# %% question="relu_forward"
import fcntl
import os
import sys

import numpy as np


ATTEMPTS = [
    lambda: open('@ROOT@/grader/@PWNED@', 'w'),
    lambda: os.makedirs('@ROOT@/grader/__pycache__/@PWNED@'),
    lambda: open(os.path.join(os.path.dirname(np.__file__), '@PWNED@'), 'w'),
    lambda: open(os.path.join(os.path.dirname(os.__file__), '@PWNED@'), 'w'),
    lambda: open(os.path.join(sys.prefix, 'lib', '@PWNED@.pth'), 'w'),
    lambda: open('/usr/lib/@PWNED@', 'w'),
    lambda: open('/etc/@PWNED@', 'w'),
    lambda: os.chmod(np.__file__, 0o644),
    lambda: os.utime(np.__file__),
    lambda: os.link(np.__file__, '@PWNED@'),
    lambda: fcntl.fcntl(os.open(np.__file__, 0), fcntl.F_SETLEASE, fcntl.F_RDLCK),
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
