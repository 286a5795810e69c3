# /// attack
# tries = "lets another package do its work"
# question = "maxpool_forward"
# variants = [
#     "module = __import__('tensorflow')",
#     "import importlib; importlib.invalidate_caches(); import scipy.ndimage as module",
#     "import sys; sys.meta_path.pop(0); import tensorflow as module",
#     "names = {}; exec('import jax as module', names); module = names['module']",
#     "import solutions.oracles as module",
# ]
# modes = ["batch"]
# ///
# %% question="maxpool_forward"
def maxpool_forward(x, pool_size, stride, padding):
    VARIANT
    pool = getattr(module, "nn", module).max_pool2d
    return pool(x, pool_size, stride, padding.upper()).numpy()
