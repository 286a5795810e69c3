# /// attack
# tries = "opens a socket that leads out of its process"
# question = "relu_forward"
# ///
# %% question="relu_forward"
import socket

import numpy as np


ATTEMPTS = [
    lambda: socket.socket(socket.AF_INET6).connect(('::1', @PORT@)),
    lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1),
    lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    lambda: socket.socket(socket.AF_VSOCK).connect((2, 1024)),
    lambda: socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET),
    lambda: socket.socket(31, socket.SOCK_RAW, 1),
    lambda: socket.create_server(('127.0.0.1', 0)),
    lambda: socket.gethostbyname('example.org'),
    lambda: socket.socket(socket.AF_UNIX).connect('/run/dbus/system_bus_socket'),
    lambda: socket.socket(socket.AF_UNIX).connect('/var/run/docker.sock'),
    lambda: socket.socket(socket.AF_UNIX).connect('\0/tmp/.X11-unix/X0'),
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
