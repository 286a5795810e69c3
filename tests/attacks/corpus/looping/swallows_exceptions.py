# /// attack
# tries = "loops for ever and swallows every exception"
# question = "relu_forward"
# verdict = ["TIMEOUT"]
# ///
# %% question="relu_forward"
def relu_forward(x):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
