# /// honest
# why = "table rows with NumPy numbers and lists, by building a plan of the model; whole floats as batch"
# assignment = "09"
# ///

# %% question="memory_table"
from collections import OrderedDict
def memory_table(model):
    table = []
    for l in model.layers:
        out = l.output_shape if hasattr(l, "output_shape") else l.output.shape
        s = [int(d) for d in out[1:]]
        kind = l.__class__.__name__
        n = 0 if kind in ("ReLU", "Activation", "Softmax", "Dropout", "Flatten", "Reshape") else np.prod(s)
        params = np.sum([np.prod(w.shape) for w in l.get_weights()], dtype=np.int64)
        macs = np.int64(0)
        if kind == "Conv2D":
            macs = np.prod(l.weights[0].shape) * s[0] * s[1]
        if kind == "Dense":
            macs = np.prod(l.weights[0].shape) * np.prod(s[:-1], dtype=int)
        table.append(OrderedDict(kind=kind, name=l.name, output_shape=s, activations=n, params=params, multiply_adds=macs))
    return table

# %% question="fit_memory"
def fit_memory(model, budget, optimizer="momentum"):
    t = memory_table(model)
    P = sum(r["params"] for r in t)
    T = sum(int(tf.size(w)) for w in model.trainable_variables)
    left = budget - 4 * P - 4 * T * (1 + ["sgd", "momentum", "adam"].index(optimizer))
    return float(max(left // (8 * sum(r["activations"] for r in t)), 0))
