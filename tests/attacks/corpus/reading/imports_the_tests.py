# /// attack
# tries = "imports hidden tests, or has one of Python's tools fetch them"
# question = "relu_forward"
# control = true
# variants = [
#     "spec.loader.load_module()._KEY",
#     "runpy.run_path(TEST)['_KEY']",
# ]
# modes = ["batch"]
# ///
# %%
TEST = "@COURSE@/solutions/03_pooling_and_losses/tests/test_relu_forward.py"


# %% question="relu_forward"
def relu_forward(x):
    import importlib.util, runpy, sys, types

    sys.path.insert(0, "@ROOT@")
    sys.modules["pytest"] = types.ModuleType("pytest")
    sys.modules["pytest"].mark = sys.modules["pytest"]
    sys.modules["pytest"].parametrize = lambda *a, **k: lambda function: function
    spec = importlib.util.spec_from_file_location("test_relu_forward", TEST)
    raise ValueError(VARIANT)
