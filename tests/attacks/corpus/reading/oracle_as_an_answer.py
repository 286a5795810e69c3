# /// attack
# tries = "answers with the instructor's own code"
# question = "softmax_cross_entropy"
# control = true
# variants = ["runpy.run_path(ORACLE)", "source()"]
# ///
# %%
ORACLE = "@ROOT@/solutions/oracles/losses.py"


# %% question="softmax_cross_entropy"
def softmax_cross_entropy(logits, labels):
    import runpy

    def source():
        names = {}
        exec(compile(open(ORACLE).read(), "oracle", "exec"), names)
        return names

    return VARIANT["cross_entropy_loop"](logits, labels)
