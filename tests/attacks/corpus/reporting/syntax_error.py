# /// attack
# tries = "puts markup and terminal commands into the line of a syntax error"
# question = "relu_forward"
# variants = [
#     "x = '<script>pwned()</script>\u001B[2J\u001B]0;pwned\u0007\u202E",
#     "<script>pwned()</script>\u001B[2J\u009B31m\u202E",
#     "<<<<<<< \u001B[2Jpwned<script>pwned()</script>",
# ]
# ///
# %% question="relu_forward"
def relu_forward(x):
    return x
VARIANT
