# /// attack
# tries = "ends its process in what runs while a function is defined"
# question = "relu_forward"
# variants = [
#     "def relu_forward(x, unused=os._exit(0)): return x",
#     "@os._exit\ndef relu_forward(x): return x",
#     "class relu_forward:\n    os._exit(0)",
#     "class relu_forward(metaclass=lambda *a: os._exit(0)): pass",
#     "class relu_forward:\n    __slots__ = Name()",
#     "def relu_forward(x: os._exit(0)): return x",
#     "relu_forward = [os._exit(n) for n in range(3)]",
# ]
# ///
# %% question="relu_forward"
import os


class Name(list):
    def __iter__(self):
        os._exit(0)


VARIANT
