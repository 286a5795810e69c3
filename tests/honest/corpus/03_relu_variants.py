# /// honest
# why = "ReLU by where, clip, vectorize, boolean masks"
# assignment = "03"
# ///

# %% question="relu_forward"
relu_forward = np.vectorize(lambda v: v if v > 0 else 0.0, otypes=[float])

# %% question="relu_backward"
def relu_backward(dout, x):
    mask = np.sign(np.clip(x, 0, None))
    return np.where(mask, dout, 0)
