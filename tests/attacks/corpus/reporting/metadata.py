# /// attack
# tries = "puts markup and terminal commands into the names of cells"
# question = "relu_forward"
# made = true
# ///
import json

MARK = "<script>pwned()</script>\x1b[2J\x1b]0;pwned\x07\u202e\ud800=cmd"


def build(folder, honest):
    book = json.loads(honest)
    for cell in book["cells"]:
        if cell["metadata"].get("course", {}).get("question") == "relu_forward":
            cell["source"] = "def relu_forward(x):\n    return x"
    for source in ("def f(:", "TABLE = 1 / 0", "def relu_forward(x):\n    return TABLE"):
        metadata = {"course": {"question": MARK, MARK: MARK}, MARK: MARK}
        cell = {"cell_type": "code", "metadata": metadata, "source": source}
        book["cells"].append(cell | {"outputs": [], "execution_count": None, "id": MARK})
    book["metadata"] = {"kernelspec": {"display_name": MARK}, "authors": [MARK]}
    (folder / "03_pooling_and_losses.ipynb").write_text(json.dumps(book))
