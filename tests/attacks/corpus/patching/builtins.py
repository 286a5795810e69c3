# /// attack
# tries = "replaces what Python itself compares, counts and converts with"
# question = "relu_forward"
# variants = [
#     "isinstance = issubclass = lambda *_: True",
#     "abs = max = min = sum = lambda *_, **__: 0",
#     "__import__ = open = print = lambda *_, **__: None",
#     "str = repr = type = lambda *_: 'PASSED'",
# ]
# modes = ["batch"]
# ///
# %% question="relu_forward"
def relu_forward(x):
    import builtins

    names = {}
    exec("VARIANT", names)
    vars(builtins).update((k, v) for k, v in names.items() if k != "__builtins__")
    return x
