# /// attack
# tries = "returns more than the grader can hold or look at"
# question = "relu_forward"
# verdict = ["FAILED", "ERROR", "CRASHED", "TIMEOUT"]
# variants = [
#     "return np.zeros(2**26 - 9)",
#     "return np.lib.stride_tricks.as_strided(np.zeros(1), (2**20, 2**20), (0, 0))",
#     "return [[]] * (5 * 10**6 - 10)",
#     "return 'x' * (2**29 - 100)",
#     "same = []; same += [same, same]; return same",
#     "return np.zeros((2**39, 0))",
#     "return [np.zeros((2**30, 0, 2**9))] * 10**5",
#     "return functools.reduce(lambda inner, n: (inner, inner), range(31), ())",
# ]
# ///
# %% question="relu_forward"
import functools

import numpy as np


def relu_forward(x):
    VARIANT
