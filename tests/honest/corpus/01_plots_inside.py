# /// honest
# why = "draws inside the graded function, and at top level"
# assignment = "01"
# ///

# %%
%matplotlib inline
import matplotlib
import matplotlib.pyplot as plt
import seaborn as sns
matplotlib.rcParams["figure.figsize"] = (10, 4)
plt.style.use("ggplot")
sns.set_theme()
plt.imshow(np.zeros((3, 3))); plt.show()

DEBUG = True

def show(img, title=""):
    fig, ax = plt.subplots(figsize=(4, 4))
    im = ax.imshow(img, cmap=plt.cm.gray, vmin=0, vmax=1)
    ax.set_title(title); ax.axis("off")
    for spine in ax.spines.values():
        spine.set_visible(False)
    fig.colorbar(im, ax=ax)
    plt.tight_layout()
    plt.show()
    plt.close(fig)

# %% question="correlate2d"
def correlate2d(x, k, stride=1, pad=0):
    x = np.pad(np.asarray(x, float), pad)
    rows = (x.shape[0] - k.shape[0]) // stride + 1
    cols = (x.shape[1] - k.shape[1]) // stride + 1
    out = np.zeros((rows, cols))
    for i in range(rows):
        for j in range(cols):
            out[i, j] = (x[i*stride:i*stride+k.shape[0], j*stride:j*stride+k.shape[1]] * k).sum()
    if DEBUG:
        show(out, title="feature map")
        plt.figure(); plt.subplot(1, 2, 1); plt.plot(out.ravel(), label="out"); plt.legend()
        with plt.rc_context({"font.size": 8}):
            plt.hist(out.ravel(), bins=10)
        plt.savefig("out.png")
    return out

# %% question="flip180"
def flip180(k):
    import matplotlib.pyplot as plt
    fig, axes = plt.subplots(1, 2)
    axes[0].imshow(k[:, :]); axes[1].set(title="turned")
    for ax in axes.flat:
        ax.set_xticks([])
    sns.heatmap(k)
    return k[::-1, ::-1]
