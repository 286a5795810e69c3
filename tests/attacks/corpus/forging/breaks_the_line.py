# /// attack
# tries = "closes, replaces or half-closes the line to the grader"
# question = "relu_forward"
# variants = [
#     "os.close(line)",
#     "os.dup2(os.open('/dev/zero', os.O_RDWR), line)",
#     "socket.socket(fileno=line).shutdown(socket.SHUT_WR)",
# ]
# modes = ["batch"]
# ///
# %% question="relu_forward"
def relu_forward(x):
    import os, socket, stat

    for line in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(line).st_mode):
                VARIANT
        except OSError:
            continue
    return x
