# /// attack
# tries = "answers rightly and dies afterwards, while others are asked"
# question = "relu_forward"
# verdict = ["PASSED", "CRASHED", "ERROR"]
# variants = [
#     "atexit.register(os.kill, os.getppid() or 1, 9)",
#     "threading.Thread(target=crash, daemon=True).start()",
#     "threading.Timer(0.05, os._exit, (0,)).start()",
#     "signal.signal(signal.SIGALRM, crash); signal.setitimer(signal.ITIMER_REAL, 0.01)",
#     "weakref.finalize(Odd(), crash); gc.collect()",
#     "sys.settrace(lambda *a: crash())",
#     "sys.setprofile(lambda *a: crash())",
#     "sys.excepthook = threading.excepthook = sys.unraisablehook = crash; KEPT.append(Odd())",
#     "os.close(3); os.close(4)",
# ]
# ///
# %% question="relu_forward"
import atexit
import gc
import os
import signal
import sys
import threading
import weakref

import numpy as np

KEPT = []


class Odd:
    def __del__(self):
        raise SystemExit("pwned")


def crash(*args):
    raise KeyboardInterrupt("pwned")


def relu_forward(x):
    VARIANT
    return np.maximum(x, 0)
