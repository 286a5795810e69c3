# /// attack
# tries = "puts a script into the feedback page"
# question = "relu_forward"
# ///
# %% question="relu_forward"
def relu_forward(x):
    raise ValueError('<script>pwned()</script><img src=x onerror="pwned()">\x1b[2J\x1b]0;pwned\x07\u202e=cmd')
