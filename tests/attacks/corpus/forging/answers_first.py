# /// attack
# tries = "has a thread or a child reply for the next calls, before the worker can"
# question = "relu_forward"
# verdict = ["FAILED", "ERROR", "CRASHED", "TIMEOUT"]
# variants = ["thread", "orphan"]
# modes = ["batch"]
# ///
# %%
STATE = {}


# %% question="relu_forward"
def relu_forward(x):
    import os, socket, struct, sys, threading, time

    protocol = sys.modules["grader.protocol.codec"]

    def serve():
        line = socket.socket(fileno=os.dup(3))
        line.setblocking(True)
        while True:
            try:
                (length,) = struct.unpack(">Q", line.recv(8, socket.MSG_WAITALL))
                request = protocol.decode(line.recv(length, socket.MSG_WAITALL))
                reply = {"id": request["id"], "ok": request["args"][0]}
                payload = protocol.encode(reply)
                line.sendall(struct.pack(">Q", len(payload)) + payload)
            except Exception:
                time.sleep(0.001)

    if STATE.setdefault("calls", 0) == 0:
        if "VARIANT" == "thread":
            threading.Thread(target=serve, daemon=True).start()
        elif os.fork() == 0:
            os.setsid()
            if os.fork():
                os._exit(0)
            serve()
    STATE["calls"] += 1
    return x
