# /// attack
# tries = "does not return, in C, with signals blocked, or at rest"
# question = "relu_forward"
# verdict = ["TIMEOUT"]
# variants = [
#     "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65)); sum(range(10**13))",
#     "lock = threading.Lock(); lock.acquire(); lock.acquire()",
#     "re.match('(a*)*b', 'a' * 60)",
# ]
# ///
# %% question="relu_forward"
import re
import signal
import threading


def relu_forward(x):
    VARIANT
