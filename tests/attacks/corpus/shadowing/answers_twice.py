# /// attack
# tries = "answers several questions in one cell, and one question in several"
# question = "relu_forward"
# variants = ["relu_forward", "dense_forward"]
# modes = ["batch"]
# ///
# %% question="relu_forward"
def relu_forward(x):
    return x


def relu_backward(dout, x):
    return dout


# %% question="VARIANT"
class Better:
    def __call__(self, x):
        return abs(x)


relu_forward = Better()


# %% question="relu_forward"
def relu_forward(x, again=relu_forward):
    return again(x) if callable(again) else x
