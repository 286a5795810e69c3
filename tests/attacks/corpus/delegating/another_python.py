# /// attack
# tries = "asks another process that has no guard, or another interpreter in this one"
# question = "maxpool_forward"
# variants = [
#     "1 / len(subprocess.check_output([sys.executable, '-c', CODE]))",
#     "interpreters.run_string(interpreters.create(), CODE)",
#     "os.execv(sys.executable, [sys.executable, '-c', CODE])",
# ]
# modes = ["batch"]
# ///
# %%
CALLS = []
CODE = "import sys; sys.path += ['/usr/lib/python3/dist-packages']; import tensorflow"


# %% question="maxpool_forward"
def maxpool_forward(x, pool_size, stride, padding):
    import multiprocessing, os, subprocess, sys

    CALLS.append(x)
    if len(CALLS) > 1:
        return None
    try:
        import _xxsubinterpreters as interpreters
    except ImportError:
        import _interpreters as interpreters
    return VARIANT
