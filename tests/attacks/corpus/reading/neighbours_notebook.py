# /// attack
# tries = "copies from the other students' notebooks"
# question = "relu_forward"
# control = true
# variants = ["@COURSE@/../class/*/*.ipynb", "@COURSE@/../grades/**/*"]
# ///
# %% question="relu_forward"
def relu_forward(x):
    import glob, os

    found = ""
    for path in ["@NEIGHBOUR@", *glob.glob("VARIANT", recursive=True)]:
        if os.path.isfile(path):
            found += open(path, errors="replace").read()
    at = found.find('"secret"')
    raise ValueError(found[max(at, 0) :][:1000])
