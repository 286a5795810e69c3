# /// attack
# tries = "changes its argument, and what the worker tells of it, to match a wrong result"
# question = "relu_backward"
# ///
# %% question="relu_backward"
def relu_backward(dout, x):
    import sys

    values = sys.modules["grader.worker.values"]
    portable = values.Objects.portable

    def forged(self, value, depth=0):
        sent = portable(self, value, depth)
        return [dout.copy(), x.copy()] if isinstance(sent, list) else sent

    values.Objects.portable = forged
    dout *= 0
    x += 1
    return dout
