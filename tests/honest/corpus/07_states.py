# /// honest
# why = "optimiser state as a dictionary, an object, a list that grows; new weights as a list"
# assignment = "07"
# ///

# %%
from dataclasses import dataclass, replace
from types import SimpleNamespace

# %% question="sgd_momentum"
def sgd_momentum(w, g, state, learning_rate=0.01, momentum=0.9, nesterov=False, weight_decay=0.0):
    state = dict(state or {"v": np.zeros_like(w), "t": 0})
    grad = g + weight_decay * w
    state["v"] = momentum * state["v"] - learning_rate * grad
    state["t"] += 1
    step = momentum * state["v"] - learning_rate * grad if nesterov else state["v"]
    return [w + step, state]

# %% question="adam"
@dataclass(frozen=True)
class AdamState:
    m: np.ndarray
    v: np.ndarray
    t: int = 0

def adam(w, g, state, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    if state is None:
        state = AdamState(np.zeros(w.shape), np.zeros(w.shape))
    t = state.t + 1
    s = replace(state, m=beta_1 * state.m + (1 - beta_1) * g, v=beta_2 * state.v + (1 - beta_2) * np.square(g), t=t)
    lr_t = learning_rate * (1 - beta_2 ** t) ** 0.5 / (1 - beta_1 ** t)
    return (w - lr_t * s.m / (np.sqrt(s.v) + epsilon)).tolist(), s

# %% question="adadelta"
def adadelta(w, g, state, learning_rate=1.0, rho=0.95, epsilon=1e-7):
    s = SimpleNamespace(Eg=0., Ex=0.) if state is None else SimpleNamespace(**vars(state))
    s.Eg = rho * s.Eg + (1 - rho) * g * g
    RMS = lambda v: np.sqrt(v + epsilon)
    dx = -RMS(s.Ex) / RMS(s.Eg) * g
    s.Ex = rho * s.Ex + (1 - rho) * dx ** 2
    return w + learning_rate * dx, s
