# /// honest
# why = "prints, warns and logs a great deal, on both streams"
# assignment = "01"
# ///

# %%
import logging, sys, warnings, os
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
log = logging.getLogger(__name__)
log.setLevel(logging.DEBUG)
warnings.simplefilter("always")

# %% question="conv1d"
def conv1d(f, g):
    print("conv1d called with", f, g, file=sys.stderr, flush=True)
    out = np.zeros(len(f) + len(g) - 1)
    for i in range(len(f)):
        for j in range(len(g)):
            print(f"\r{i}/{len(f)}", end="")
            log.debug("i=%d j=%d", i, j)
            warnings.warn(f"slow: {i} {j}", RuntimeWarning, stacklevel=2)
            out[i + j] += float(f[i]) * float(g[j])
    sys.stdout.write("x" * 200_000 + "\n")
    os.write(2, b"done\n")
    np.log(np.zeros(1))          # divide by zero
    print("<result>", {"score": 100}, "\x1b[31mred\x1b[0m", "ok ✓ 完成")
    return out

# %% question="blur_kernel"
def blur_kernel(radius):
    for _ in range(20_000):
        print("noise " * 10)
    print(np.arange(10_000).tolist())
    n = 2 * radius + 1
    return np.ones((n, n)) / n**2
