# /// honest
# why = "a pool of threads, one row each"
# assignment = "01"
# ///

# %% question="correlate2d"
from concurrent.futures import ThreadPoolExecutor
import threading, queue

def correlate2d(x, k, stride=1, pad=0):
    x = np.pad(np.asarray(x, float), pad)
    lock, done = threading.Lock(), []
    def row(i):
        with lock:
            done.append(i)
        return [np.sum(x[i:i + k.shape[0], j:j + k.shape[1]] * k) for j in range(0, x.shape[1] - k.shape[1] + 1, stride)]
    with ThreadPoolExecutor(max_workers=4) as pool:
        return np.array(list(pool.map(row, range(0, x.shape[0] - k.shape[0] + 1, stride))))
