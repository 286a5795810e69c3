# /// attack
# tries = "reaches a socket of this machine"
# question = "relu_forward"
# control = true
# modes = ["single", "batch"]
# variants = [
#     "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'hello', ('127.0.0.1', @PORT@))",
#     "socket.socket(socket.AF_UNIX).connect('\\0@SOCKET@')",
#     "subprocess.run(['bash', '-c', 'echo hello > /dev/tcp/127.0.0.1/@PORT@'], check=True)",
# ]
# ///
# %% question="relu_forward"
import socket
import subprocess

import numpy as np


def relu_forward(x):
    VARIANT
    return np.maximum(x, 0)  # it is right if it could
