# /// attack
# tries = "rewrites its own tests"
# question = "relu_forward"
# control = true
# variants = [
#     "@COURSE@/**/test_*.py",
#     "@NEIGHBOUR@",
# ]
# ///
# %% question="relu_forward"
import glob


def relu_forward(x):
    found = glob.glob("VARIANT", recursive=True)
    for path in found:
        with open(path, "a") as file:
            file.write("\n# pwned\n")
    raise ValueError(f"{len(found)} files")
