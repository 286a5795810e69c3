# /// attack
# tries = "ends its process while it answers"
# question = "relu_forward"
# verdict = ["CRASHED", "ERROR", "FAILED"]
# variants = [
#     "os._exit(0)",
#     "sys.exit(0)",
#     "raise KeyboardInterrupt",
#     "raise GeneratorExit",
#     "raise SystemExit",
#     "os.abort()",
#     "os.kill(os.getpid(), 9)",
#     "ctypes.string_at(0)",
# ]
# ///
# %% question="relu_forward"
def relu_forward(x):
    import ctypes, os, sys

    VARIANT
