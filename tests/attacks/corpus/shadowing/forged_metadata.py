# /// attack
# tries = "claims points, other questions and a solved cell in the notebook's metadata"
# question = "relu_forward"
# made = true
# ///
import json

CLAIMS = {"score": 100, "points": 1000, "outcome": "PASSED", "solution": True}


def build(folder, honest):
    book = json.loads(honest)
    book["metadata"] |= {"course": CLAIMS, "question": "relu_forward", "grader": CLAIMS}
    cells = book["cells"]
    mine = [c for c in cells if "def relu_forward" in "".join(c["source"])]
    assert len(mine) == 1
    for cell in mine:
        cell["source"] = "def relu_forward(x):\n    return x\n"
        cell["metadata"] |= {"nbgrader": CLAIMS, "tags": ["solution", "PASSED"]}
        cell["metadata"]["course"] |= CLAIMS
    # Answers of others, given out as this one's; one cell for all; one that is none.
    odd = ["relu_forward", ["relu_forward"], {"id": "relu_forward"}, 5, None, "../x"]
    for number, name in enumerate(odd):
        source = f"def helper_{number}(x):\n    return x\n\n\nrelu_forward = 7\n"
        metadata = {"course": {"question": name}}
        cells.append({**mine[0], "id": f"odd{number}", "metadata": metadata})
        cells[-1]["source"] = source if number else "relu_forward = None"
    (folder / "03_pooling_and_losses.ipynb").write_text(json.dumps(book))
