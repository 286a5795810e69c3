# /// honest
# why = "a generator and a class behind the function, rates as an array; infinities as first best"
# assignment = "07"
# ///

# %%
class Plateau:
    def __init__(self, lr, factor, patience, better, min_lr):
        self.__dict__.update(locals())
        self.best, self.bad = None, 0
    def __call__(self, value):
        if self.best is None or self.better(value, self.best):
            self.best, self.bad = value, 0
        else:
            self.bad += 1
            if self.bad == self.patience:
                self.lr, self.bad = max(self.min_lr, self.lr * self.factor), 0
        return self.lr

# %% question="plateau_lr"
import operator
def plateau_lr(values, learning_rate, factor=0.1, patience=10, mode="min", min_delta=1e-4, min_lr=0.0):
    tests = {"min": lambda v, b: v < b - min_delta, "max": lambda v, b: operator.gt(v, b + min_delta)}
    schedule = Plateau(learning_rate, factor, patience, tests[mode], min_lr)
    def rates():
        for v in values:
            yield schedule(v)
    return np.fromiter(rates(), dtype=np.float64, count=len(values))
