# /// honest
# why = "names and comments in many scripts, emoji in texts"
# assignment = "01"
# ///

# %% question="correlate2d"
def correlate2d(x, k, stride=1, pad=0):
    """Скользящее окно — 卷积 — συνέλιξη — التفاف 🙂"""
    # Übergrößen: größer als das Bild? ça ne fait rien. 画像を埋める
    Δ, σ, κ = stride, 0.0, np.asarray(k, float)
    größe_h, größe_w = κ.shape
    изображение = np.pad(np.asarray(x, float), pad)
    高, 宽 = изображение.shape
    результат = np.zeros(((高 - größe_h) // Δ + 1, (宽 - größe_w) // Δ + 1))
    for ι in range(результат.shape[0]):
        for ξ in range(результат.shape[1]):
            σ = (изображение[ι * Δ:ι * Δ + größe_h, ξ * Δ:ξ * Δ + größe_w] * κ).sum()
            результат[ι, ξ] = σ; print("✓", "日本", "\N{SNOWMAN}")
    return результат

# %% question="match_feature"
ﬁlter_size = np.size; Ω = ﬁlter_size; ä = 'ä'; µ = lambda v, n: v / n
def match_feature(x, f): return µ(correlate2d(x, f), Ω(f))
