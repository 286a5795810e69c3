# /// honest
# why = "table rows as ordered dictionaries with further keys, lists for shapes"
# assignment = "02"
# ///

# %% question="layer_table"
from collections import OrderedDict, defaultdict, namedtuple
Size = namedtuple("Size", "h w c")

def layer_table(spec):
    s, table = Size(*spec["input_shape"]), []
    rf, jump = np.ones(2, int), 1
    for index, (name, cfg) in enumerate(spec["layers"]):
        row = OrderedDict(index=index, name=name, params=np.int64(0), macs=0, receptive_field=None)
        if isinstance(s, Size) and name != "Flatten":
            k = np.array(cfg.get("kernel_size") or cfg.get("pool_size"))
            st = cfg["strides"]
            hw = np.array(s[:2])
            out = -(-hw // st) if cfg["padding"] == "same" else (hw - k) // st + 1
            rf, jump = rf + (k - 1) * jump, jump * st
            if name == "Conv2D":
                F = cfg["filters"]
                row["params"] = np.prod(k) * s.c * F + (F if cfg["use_bias"] else 0)
                row["macs"] = np.prod(k) * s.c * F * np.prod(out)
            else:
                F = s.c
            s = Size(*out, F)
            row["receptive_field"] = list(rf)
            row["output_shape"] = s
        elif name == "Flatten":
            s = [s[0] * s[1] * s[2]] if len(s) == 3 else s
            row["output_shape"] = s
        else:
            row["macs"] = s[0] * cfg["units"]
            row["params"] = row["macs"] + (cfg["units"] if cfg["use_bias"] else 0)
            s = [cfg["units"]]
            row["output_shape"] = s
        table.append(row)
    return tuple(table)
