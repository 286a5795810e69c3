# /// honest
# why = "counts as fractions, recursion with named tuples, arrays for shapes"
# assignment = "02"
# ///

# %% question="conv_out"
from fractions import Fraction
def conv_out(n, f, s=1, p=0, mode="floor"):
    if not (mode == "floor" or mode == "exact"):
        raise ValueError
    pads = p if hasattr(p, "__len__") else [p] * 2
    q = Fraction(n + sum(pads) - f, s) + 1
    if n + sum(pads) < f: raise ValueError("too big")
    if mode == "exact" and q.denominator != 1: raise ValueError("no")
    import math
    return Fraction(math.floor(q))

# %% question="receptive_field"
def receptive_field(layers):
    from collections import namedtuple
    RF = namedtuple("RF", "size jump")
    def go(ls):
        if not ls: return RF(1, 1)
        *front, (f, s, d) = ls
        r, j = go(front)
        return RF(r + (f - 1) * d * j, j * s)
    return go(list(layers))

# %% question="tf_same_pad"
def tf_same_pad(n, f, s=1):
    return divmod(max(f - s if n % s == 0 else f - n % s, 0), 2)[0], -(-max(f - s if n % s == 0 else f - n % s, 0) // 2)

# %% question="layer_table"
def layer_table(spec):
    rows = []
    shape = spec["input_shape"]; rf = [1, 1]; jump = [1, 1]
    for kind, a in spec["layers"]:
        r = dict.fromkeys(("output_shape", "params", "macs", "receptive_field"), 0)
        if kind in ("Conv2D", "MaxPooling2D"):
            k = a["kernel_size"] if kind == "Conv2D" else a["pool_size"]
            o = []
            for ax in range(2):
                n = shape[ax]
                o.append(-(-n // a["strides"]) if a["padding"] == "same" else (n - k[ax]) // a["strides"] + 1)
                rf[ax] += (k[ax] - 1) * jump[ax]; jump[ax] *= a["strides"]
            c = a["filters"] if kind == "Conv2D" else shape[2]
            if kind == "Conv2D":
                r["params"] = float(k[0] * k[1] * shape[2] * c + a["use_bias"] * c)
                r["macs"] = k[0] * k[1] * shape[2] * c * o[0] * o[1]
            shape = np.array([*o, c])
            r["receptive_field"] = np.array(rf)
        else:
            r["receptive_field"] = None
            if kind == "Flatten": shape = np.array([np.prod(shape)])
            else:
                r["macs"] = shape[0] * a["units"]; r["params"] = r["macs"] + a["units"] * a["use_bias"]; shape = (a["units"],)
        r["output_shape"] = shape
        rows.append(r)
    return rows
