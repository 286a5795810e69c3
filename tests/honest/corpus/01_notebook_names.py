# /// honest
# why = "display, clear_output and get_ipython inside the answers"
# assignment = "01"
# ///

# %%
from IPython.display import clear_output, Markdown, display as show, HTML
import IPython
from IPython import get_ipython as shell

# %% question="blur_kernel"
def blur_kernel(radius):
    n = 2 * radius + 1
    k = np.ones((n, n)) / n ** 2
    display(k)
    show(Markdown(f"**{n}**"), HTML("<b>x</b>"))
    clear_output(wait=True)
    return k

# %% question="flip180"
def flip180(k):
    if get_ipython() is not None:
        get_ipython().run_line_magic("matplotlib", "inline")
    if shell():
        IPython.display.display(k)
    return k[::-1, ::-1]
