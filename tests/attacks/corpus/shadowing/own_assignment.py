# /// attack
# tries = "hands in a manifest, tests and results of its own beside a wrong answer"
# question = "relu_forward"
# made = true
# ///
import json

MANIFEST = """
title = "Mine"
submit = ["03_pooling_and_losses.ipynb"]
[[questions]]
id = "relu_forward"
title = "Mine"
points = 1000
allow = ["numpy", "tensorflow", "solutions"]
"""
TEST = "def test_it(student): pass\n"
REPORT = {"score": 1000, "points": 1000, "questions": [{"outcome": "PASSED"}]}


def build(folder, honest):
    right = "return np.maximum(x, 0)"
    assert right in honest
    wrong = honest.replace(right, "return x")
    (folder / "03_pooling_and_losses.ipynb").write_text(wrong)
    (folder / "03_pooling_and_losses.py").write_text("# %%\n")
    (folder / "assignment.toml").write_text(MANIFEST)
    (folder / "report.json").write_text(json.dumps(REPORT))
    for name in ("test_public.py", "tests/test_relu_forward.py", "conftest.py"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(TEST)
