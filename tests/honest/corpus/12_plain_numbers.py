# /// honest
# why = "shards as lists of tuples from array_split, means as lists, memory as NumPy numbers"
# assignment = "12"
# ///

# %% question="shard"
def shard(batch, replicas):
    if isinstance(batch, tuple):
        if len({a.shape[0] for a in batch}) != 1:
            raise ValueError
        return list(zip(*(np.array_split(a, replicas) for a in batch)))
    return np.array_split(batch, replicas)

# %% question="allreduce_mean"
def allreduce_mean(gradients, counts):
    counts = np.asarray(counts)
    alive = counts > 0
    return tuple(np.average(np.stack([g for g, a in zip(per_weight, alive) if a]), axis=0, weights=counts[alive]) for per_weight in zip(*gradients))

# %% question="scale_learning_rate"
def scale_learning_rate(base_rate, base_batch, batch, step, warmup_steps):
    k = np.float64(batch) / base_batch
    if warmup_steps and step < warmup_steps:
        return np.interp(step, [0, warmup_steps], [base_rate, base_rate * k])
    return k * base_rate

# %% question="training_memory"
def training_memory(rows, batch, slots, replicas=1, bytes_each=4):
    acts, params = (np.array([r[i] for r in rows], dtype=np.int64) for i in (1, 2))
    P = params.sum() * bytes_each
    return np.array([acts.sum() * int(np.ceil(batch / replicas)) * bytes_each, P, P, slots * P])
