# /// honest
# why = "batch norm in float32 with a cache that is an object of its own; long backward pass"
# assignment = "05"
# ///

# %% question="batchnorm_forward"
class BNCache:
    __slots__ = ("x", "xmu", "ivar", "sqrtvar", "var", "eps", "gamma", "xhat")
    def __init__(self, **kw):
        for k, v in kw.items(): setattr(self, k, v)

def batchnorm_forward(x, gamma, beta, running_mean, running_var, momentum=0.99, epsilon=1e-3):
    shape = x.shape
    x = x.reshape(-1, shape[-1]).astype(np.float32)
    N, D = x.shape
    mu = 1. / N * np.sum(x, axis=0)
    xmu = x - mu
    var = 1. / N * np.sum(xmu ** 2, axis=0)
    sqrtvar = np.sqrt(var + epsilon)
    ivar = 1. / sqrtvar
    xhat = xmu * ivar
    out = (gamma * xhat + beta).reshape(shape)
    new = [momentum * a + (1 - momentum) * b for a, b in ((running_mean, mu), (running_var, var))]
    return [out, BNCache(x=x, xmu=xmu, ivar=ivar, sqrtvar=sqrtvar, var=var, eps=epsilon, gamma=gamma, xhat=xhat), *new]

# %% question="batchnorm_backward"
def batchnorm_backward(dout, cache):
    shape, dout = dout.shape, dout.reshape(-1, dout.shape[-1])
    N, D = dout.shape
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * cache.xhat, axis=0)
    dxhat = dout * cache.gamma
    divar = np.sum(dxhat * cache.xmu, axis=0)
    dxmu1 = dxhat * cache.ivar
    dsqrtvar = -1. / (cache.sqrtvar ** 2) * divar
    dvar = 0.5 * 1. / np.sqrt(cache.var + cache.eps) * dsqrtvar
    dsq = 1. / N * np.ones((N, D)) * dvar
    dxmu2 = 2 * cache.xmu * dsq
    dx1 = dxmu1 + dxmu2
    dmu = -1 * np.sum(dxmu1 + dxmu2, axis=0)
    dx2 = 1. / N * np.ones((N, D)) * dmu
    return (dx1 + dx2).reshape(shape), dgamma, dbeta
