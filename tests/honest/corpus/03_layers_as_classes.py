# /// honest
# why = "layers as classes with an abstract base; the functions only wrap them"
# assignment = "03"
# ///

# %%
from abc import ABC, abstractmethod

class Layer(ABC):
    @abstractmethod
    def forward(self, x): ...
    def backward(self, dout): raise NotImplementedError

class ReLU(Layer):
    def forward(self, x):
        self.positive = x > 0
        return np.where(self.positive, x, 0)
    def backward(self, dout):
        return np.where(self.positive, dout, 0)

class Dense(Layer):
    def __init__(self, w, b=None):
        self.w, self.b = w, b
    def forward(self, x):
        self.x = x
        return np.einsum("nd,dm->nm", x.reshape(x.shape[0], -1), self.w) + (0 if self.b is None else self.b)
    def backward(self, dout):
        flat = self.x.reshape(self.x.shape[0], -1)
        return np.dot(dout, self.w.T).reshape(self.x.shape), np.dot(flat.T, dout), np.sum(dout, 0)

# %% question="relu_forward"
def relu_forward(x):
    return ReLU().forward(x)

# %% question="relu_backward"
def relu_backward(dout, x):
    layer = ReLU(); layer.forward(x)
    return layer.backward(dout)

# %% question="dense_forward"
def dense_forward(x, w, b): return Dense(w, b).forward(x)

# %% question="dense_backward"
def dense_backward(dout, x, w):
    layer = Dense(w)
    layer.forward(x)
    return layer.backward(dout)
