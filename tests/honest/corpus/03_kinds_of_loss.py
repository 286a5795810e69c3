# /// honest
# why = "the loss as a 0-d array and the pair as a list; labels turned one-hot"
# assignment = "03"
# ///

# %% question="softmax_cross_entropy"
def softmax_cross_entropy(logits, labels):
    one_hot = np.eye(logits.shape[1], dtype=np.float64)[np.asarray(labels).astype(np.intp)]
    z = logits.astype(np.float64)
    z = z - np.amax(z, axis=-1, keepdims=True)
    lse = np.log(np.exp(z).sum(-1, keepdims=True))
    loss = np.array(-np.sum(one_hot * (z - lse)) / len(labels))
    return [loss, (np.exp(z - lse) - one_hot) / labels.shape[0]]
