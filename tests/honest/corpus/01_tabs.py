# /// honest
# why = "tabs for indentation, a form feed, trailing blanks, semicolons"
# assignment = "01"
# ///

# %% question="blur_kernel"
def blur_kernel(radius):   
	n = 2 * radius + 1;
	if radius == 0:
		return np.ones((1, 1));   
	
	return np.ones((n, n)) \
		/ n ** 2


# %% question="dense_params"
def dense_params(input_shape, units, use_bias = True) :
			n = 1
			for s in ([input_shape] if type(input_shape) is int else input_shape): n *= s
			if use_bias: n += 1
			return n * units
