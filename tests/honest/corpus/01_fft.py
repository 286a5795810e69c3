# /// honest
# why = "convolves in the frequency domain"
# assignment = "01"
# ///

# %% question="conv1d"
def conv1d(f, g):
    n = len(f) + len(g) - 1
    return np.fft.irfft(np.fft.rfft(f, n) * np.fft.rfft(g, n), n)

# %% question="convolve2d"
def convolve2d(x, k, mode="valid"):
    (H, W), (kh, kw) = x.shape, k.shape
    s = (H + kh - 1, W + kw - 1)
    full = np.fft.ifft2(np.fft.fft2(x, s) * np.fft.fft2(k, s)).real
    if mode == 'full': return full
    if mode == 'same':
        t, l = (kh - 1) // 2, (kw - 1) // 2
        return full[t:t + H, l:l + W]
    return full[kh - 1:H, kw - 1:W]
