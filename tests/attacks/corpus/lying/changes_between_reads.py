# /// attack
# tries = "returns containers and numbers that are others when read again"
# question = "dense_backward"
# ///
# %%
import numpy as np


class Shifty(list):
    reads = 0

    def __iter__(self):
        Shifty.reads += 1
        return iter([np.zeros(Shifty.reads)] * 3)

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return Shifty([self])


class Number(int):
    def __index__(self):
        return 7

    def __int__(self):
        return 8

    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


class Table(dict):
    def keys(self):
        return ["dx", "dw", "db"]

    def items(self):
        return [(Number(1), Number(2))] * 3

    def __iter__(self):
        return iter(self.keys())


# %% question="dense_backward"
def dense_backward(dout, x, w):
    return Shifty([Table(dx=0), Number(3), Shifty()])
