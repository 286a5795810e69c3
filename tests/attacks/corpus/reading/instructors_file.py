# /// attack
# tries = "reads a file in the instructor's home, one way or another"
# question = "relu_forward"
# control = true
# variants = [
#     "open('@SECRET@').read()",
#     "np.memmap('@SECRET@', mode='r').tobytes()",
#     "ctypes.CDLL(None).open(b'@SECRET@', 0) and read(b'@SECRET@')",
#     "os.link('@SECRET@', '@PWNED@') or open('@PWNED@').read()",
# ]
# modes = ["batch"]
# ///
# %% question="relu_forward"
def relu_forward(x):
    import ctypes, os
    import numpy as np

    os.chdir("/tmp")

    def read(path):
        libc, text = ctypes.CDLL(None), ctypes.create_string_buffer(100)
        libc.read(libc.open(path, 0), text, 100)
        return text.value

    raise ValueError(VARIANT)
