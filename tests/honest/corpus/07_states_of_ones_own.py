# /// honest
# why = "states that are a namedtuple, a dict with attributes, a generator; a recursion"
# assignment = "07"
# ///

# %% question="sgd_momentum"
class Bag(dict):
    """A dict with attributes."""
    __getattr__ = dict.__getitem__
    __setattr__ = dict.__setitem__

def sgd_momentum(w, g, state, learning_rate=0.01, momentum=0.9, nesterov=False, weight_decay=0.0):
    state = Bag(v=np.zeros(w.shape), t=0) if state is None else state
    d = g + weight_decay * w
    state.v = momentum * state.v - learning_rate * d
    state.t += 1
    return w + (momentum * state.v - learning_rate * d if nesterov else state.v), state


# %% question="adam"
def _stepper():
    m = v = 0.0; t = 0
    out = None
    while True:
        w, g, lr, b1, b2, eps = yield out
        t += 1
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g ** 2
        out = w - lr * np.sqrt(1 - b2 ** t) / (1 - b1 ** t) * m / (np.sqrt(v) + eps)
def adam(w, g, state, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    if state is None:
        state = _stepper(); next(state)
    return state.send((w, g, learning_rate, beta_1, beta_2, epsilon)), state


# %% question="adadelta"
from collections import namedtuple
Memory = namedtuple("Memory", "grad2 step2")
def adadelta(w, g, state, learning_rate=1.0, rho=0.95, epsilon=1e-7):
    s = state if state is not None else Memory(np.zeros_like(g), np.zeros_like(g))
    grad2 = rho * s.grad2 + (1 - rho) * g ** 2
    step = np.sqrt(s.step2 + epsilon) / np.sqrt(grad2 + epsilon) * g
    return w - learning_rate * step, Memory(grad2, rho * s.step2 + (1 - rho) * step ** 2)


# %% question="plateau_lr"
def plateau_lr(values, learning_rate, factor=0.1, patience=10, mode="min", min_delta=1e-4, min_lr=0.0):
    def go(rest, best, count, lr):
        if len(rest) == 0:
            return []
        v = rest[0]
        improved = best is None or (v < best - min_delta if mode == "min" else v > best + min_delta)
        if improved:
            best, count = v, 0
        else:
            count += 1
        if count == patience:
            lr = lr * factor if lr * factor > min_lr else min_lr
            count = 0
        return [lr] + go(rest[1:], best, count, lr)
    return go(list(values), None, 0, learning_rate)
