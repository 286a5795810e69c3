# /// attack
# tries = "leaves notes for the next submission, or the next grading, to find"
# question = "relu_forward"
# control = true
# variants = ["/tmp/@PWNED@", "@COURSE@/@PWNED@"]
# ///
# %%
import os

NOTE = "VARIANT"


# %% question="relu_forward"
def relu_forward(x):
    if os.path.exists(NOTE) and os.getpid() != int(open(NOTE).read()):
        raise RuntimeError("somebody was here before")
    with open(NOTE, "w") as file:
        file.write(str(os.getpid()))
    return x
