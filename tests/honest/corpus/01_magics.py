# /// honest
# why = "line magics, shell escapes and help in and around the answers"
# assignment = "01"
# ///

# %%
%load_ext autoreload
%autoreload 2
%config InlineBackend.figure_format = 'retina'
!pip install -q numpy \
    matplotlib
files = !ls *.ipynb
%env OMP_NUM_THREADS=1
%cd ..
np.pad?
??np.flip
%%timeit is not at the top
%time SIDES = 2
%time def margin(radius): return SIDES * radius + 1

# %% question="blur_kernel"
%pdb off
def blur_kernel(radius):
    n = margin(radius)
    %timeit -n1 -r1 np.ones((n, n))
    !echo $n
    k = np.ones((n, n))
    return k / (n * n)
%timeit blur_kernel(3)
blur_kernel?

# %% question="dense_params"
# %whos
def dense_params(input_shape, units, use_bias=True):
    # 100% of the weights
    n = 7 % 8 and int(np.prod(input_shape))
    text = """
%matplotlib inline
!not a shell escape
"""
    return n * units + (units if use_bias else 0) + len(text) * 0
out = %timeit -o dense_params(3, 4)
