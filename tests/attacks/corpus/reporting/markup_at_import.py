# /// attack
# tries = "puts markup and terminal commands into the notes on a helper that fails"
# question = "relu_forward"
# variants = [
#     "TABLE = fail()",
#     "def relu_forward(x, table=fail()): return x",
# ]
# ///
# %% question="relu_forward"
MARK = "<script>pwned()</script>\x1b[2J\x1b]0;pwned\x07\x9b31m\r\u202e\ud800=cmd"


def fail():
    raise type(MARK, (Exception,), {})(MARK)


def relu_forward(x):
    return x + TABLE


VARIANT
