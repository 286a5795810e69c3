# /// attack
# tries = "sends extension types of the message format that nobody asked for"
# question = "relu_forward"
# variants = [
#     "msgpack.ExtType(99, b'x')",
#     "msgpack.ExtType(1, b'\\x94\\xa2|O\\x91\\x01\\xa1C\\xc4\\x08xxxxxxxx')",
#     "msgpack.ExtType(3, b'\\x92\\xff\\xc0')",
# ]
# modes = ["batch"]
# ///
# %% question="relu_forward"
def relu_forward(x):
    import sys

    msgpack, worker = (sys.modules[n] for n in ("msgpack", "grader.worker.serve"))
    sent = VARIANT
    worker.encode = lambda reply: msgpack.packb({"id": reply["id"], "ok": sent})
    return x
