# /// attack
# tries = "hands in a link to a file of somebody else's"
# question = "relu_forward"
# made = true
# states = ["unreadable"]
# variants = ["@SECRET@", "@NEIGHBOUR@", "/dev/zero", "/proc/self/environ", "../../.."]
# ///


def build(folder, honest):
    (folder / "03_pooling_and_losses.ipynb").symlink_to("VARIANT")
