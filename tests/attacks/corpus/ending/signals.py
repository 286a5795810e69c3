# /// attack
# tries = "dies of a signal while it answers"
# question = "relu_forward"
# variants = [
#     "bus()",
#     "ctypes.CFUNCTYPE(None)(1)()",
#     "ctypes.CDLL(None).longjmp(ctypes.create_string_buffer(500), 1)",
#     "ctypes.CDLL(None).free(ctypes.c_void_p(1))",
#     "resource.setrlimit(resource.RLIMIT_CPU, (1, 1)); spin()",
#     "resource.setrlimit(resource.RLIMIT_AS, (1, 1)); return [0] * 10**7",
#     "resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0)); open('x')",
# ]
# ///
# %% question="relu_forward"
import ctypes
import mmap
import os
import resource


def bus():
    descriptor = os.open("short", os.O_RDWR | os.O_CREAT)
    os.ftruncate(descriptor, 8192)
    area = mmap.mmap(descriptor, 8192)
    os.ftruncate(descriptor, 0)
    return area[5000]


def spin():
    while True:
        pass


def relu_forward(x):
    VARIANT
