# /// attack
# tries = "returns a handle of its own making, with another's number and a false kind"
# question = "relu_forward"
# variants = [
#     "Opaque(-1, 'x' * 150)",
#     "Opaque(2**70, '<b onclick=pwned()>@PWNED@</b>')",
#     "[Opaque(number, 'array') for number in range(2_000)]",
# ]
# modes = ["batch"]
# ///
# %% question="relu_forward"
def relu_forward(x):
    import sys

    values = sys.modules["grader.worker.values"]
    Opaque = values.Opaque
    values.Objects.portable = lambda self, value, depth=0: value
    return VARIANT
