# /// attack
# tries = "floods the report and the terminal"
# question = "relu_forward"
# verdict = ["ERROR", "CRASHED", "TIMEOUT"]
# variants = [
#     "raise ValueError('pwned ' * 10**6)",
#     "print('pwned' * 10**6); os.write(1, b'pwned' * 10**6); os.write(2, b'pwned' * 10**6)",
#     "raise type('pwned' * 10**6, (Exception,), {})('\\n' * 10**6)",
#     "eval('f' + '(' * 90 + ')' * 90, {'f': deep(900)})",
# ]
# ///
# %% question="relu_forward"
import os
import sys


def deep(left):
    return deep(left - 1) if left else 1 / 0


def relu_forward(x):
    VARIANT
    raise ValueError("pwned")
