# /// attack
# tries = "calls a server of this machine"
# question = "relu_forward"
# control = true
# ///
# %% question="relu_forward"
def relu_forward(x):
    import socket

    socket.create_connection(("127.0.0.1", @PORT@), timeout=2).sendall(b"hello")
