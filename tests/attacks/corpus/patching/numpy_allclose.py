# /// attack
# tries = "makes NumPy find everything equal"
# question = "relu_forward"
# ///
# %%
import numpy as np
import numpy.testing

np.allclose = np.array_equal = lambda *args, **kwargs: True
numpy.testing.assert_allclose = lambda *args, **kwargs: None


# %% question="relu_forward"
def relu_forward(x):
    np.allclose = np.array_equal = np.isclose = lambda *args, **kwargs: True
    numpy.testing.assert_allclose = lambda *args, **kwargs: None
    return x
