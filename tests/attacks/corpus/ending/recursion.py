# /// attack
# tries = "overflows the stack"
# question = "relu_forward"
# variants = [
#     "return relu_forward(x)",
#     "sys.setrecursionlimit(10**9); return sorted([Odd(), Odd()])",
#     "deep = functools.reduce(lambda inner, n: [inner], range(10**5), []); return deep",
#     "error = functools.reduce(lambda cause, n: with_cause(cause), range(10**5), None); raise error",
# ]
# ///
# %% question="relu_forward"
import functools
import sys


class Odd:
    def __lt__(self, other):
        return sorted([self, other])


def with_cause(cause):
    error = ValueError("pwned")
    error.__cause__ = error.__context__ = cause
    return error


def relu_forward(x):
    VARIANT
