// /// honest
// why = "Windows line ends, a byte-order mark, tabs, a ternary chain, its own exception class, a macro"
// assignment = "06"
// file = "conv_shape.cc"
// newlines = "\r\n"
// bom = true
// ///
#pragma once
#include "shape.h"
#include <initializer_list>
#include <sstream>

#define min(a, b) ((a) < (b) ? (a) : (b))
#define FAIL(text) \
	throw Bad(text)

class Bad : public std::invalid_argument {
public:
	using std::invalid_argument::invalid_argument;
};

Sizes conv_out_shape(const Sizes &x, const Sizes &kernel, const Sizes &strides,
	const std::string &padding, const Sizes &dilations)
{
	if (min(x.size(), kernel.size()) != 4 || x.size() != kernel.size()) FAIL("rank: größer?");
	if (strides.size() != 2 || dilations.size() != 2) FAIL("pairs");
	bool same = padding.compare("SAME") == 0;
	if (!same && padding != std::string{"VALID"}) FAIL(padding);
	if (x[3] != -1 && kernel[2] != -1 && x[3] != kernel[2]) {
		std::ostringstream s; s << x[3] << " channels\nand " << kernel[2];
		throw Bad(s.str());
	}
	Sizes y{x[0]};
	for (int i : {0, 1}) {
		if (strides[i] <= 0 || dilations[i] <= 0 || kernel[i] == 0) FAIL("zero");
		auto in = x[i + 1], k = kernel[i];
		auto span = k == -1 ? 1 : (k - 1) * dilations[i] + 1;
		if (!same && in != -1 && k != -1 && span > in) FAIL("too large");
		y.push_back(in == -1 ? -1 : same ? (in + strides[i] - 1) / strides[i] : k == -1 ? -1 : (in - span) / strides[i] + 1);
	}
	y.push_back(kernel[3]);
	return y;
}
