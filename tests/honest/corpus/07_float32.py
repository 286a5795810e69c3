# /// honest
# why = "optimisers in float32 throughout"
# assignment = "07"
# ///

# %% question="sgd_momentum"
def sgd_momentum(w, g, state, learning_rate=0.01, momentum=0.9, nesterov=False, weight_decay=0.0):
    w, g = np.asarray(w, np.float32), np.asarray(g, np.float32)
    v = np.zeros_like(w) if state is None else state
    g = g + np.float32(weight_decay) * w
    v = np.float32(momentum) * v - np.float32(learning_rate) * g
    return (w + np.float32(momentum) * v - np.float32(learning_rate) * g if nesterov else w + v), v

# %% question="adam"
def adam(w, g, state, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    w, g = np.float32(w), np.float32(g)
    m, v, t = state if state else (np.float32(0), np.float32(0), 0)
    m = np.float32(beta_1) * m + np.float32(1 - beta_1) * g
    v = np.float32(beta_2) * v + np.float32(1 - beta_2) * g * g
    t += 1
    alpha = np.float32(learning_rate * np.sqrt(1 - beta_2 ** t) / (1 - beta_1 ** t))
    return w - alpha * m / (np.sqrt(v) + np.float32(epsilon)), (m, v, t)
