# /// honest
# why = "writes a log and a cache into the current folder"
# assignment = "01"
# ///

# %% question="blur_kernel"
import json, os, pathlib, pickle, tempfile
def blur_kernel(radius):
    n = 2 * radius + 1
    k = np.ones((n, n)) / n ** 2
    with open("debug.log", "a", encoding="utf-8") as log:
        log.write(f"radius {radius}\n")
    np.save("kernel.npy", k)
    os.makedirs("cache/kernels", exist_ok=True)
    pathlib.Path("cache", "kernels", f"{n}.json").write_text(json.dumps(k.tolist()))
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "k.pkl"), "wb") as f:
            pickle.dump(k, f)
    return np.load("kernel.npy")
