"""conv_macs counts the products that a convolution of ones adds up."""

import pytest

from solutions.expect import whole
from solutions.oracles.shapes import products

CASES = {  # input_shape, kernel_size, filters, strides, padding, groups
    "one output": ((3, 3, 1), (3, 3), 1, 1, "valid", 1),
    "channels and filters": ((5, 5, 3), (3, 3), 4, 1, "valid", 1),
    "H != W, kh != kw": ((7, 4, 2), (2, 3), 3, 1, "valid", 1),
    "valid, remainder": ((8, 7, 2), (3, 2), 3, 3, "valid", 1),
    "same": ((5, 6, 2), (3, 3), 2, 1, "same", 1),
    "same, stride 2, even and odd": ((6, 7, 2), (3, 5), 2, 2, "same", 1),
    "same, stride larger than the window": ((7, 5, 1), (1, 2), 2, 3, "same", 1),
    "same, window larger than the image": ((2, 3, 1), (5, 4), 1, 1, "same", 1),
    "two groups": ((5, 4, 4), (2, 2), 6, 1, "valid", 2),
    "depthwise, same": ((5, 4, 3), (3, 2), 3, 2, "same", 3),
}


def macs(student, shape, kernel_size, filters, strides, padding, groups):
    return student.conv_macs(
        shape, kernel_size, filters, strides=strides, padding=padding, groups=groups
    )


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_counts_products(student, case):
    whole(macs(student, *case), products(*case), f"conv_macs{case}")


def test_counts_products_of_random_layers(student, rng):
    for _ in range(6):
        kh, kw, strides, a, b, groups = (int(v) for v in rng.integers(1, 4, size=6))
        shape = (kh + int(rng.integers(4)), kw + int(rng.integers(4)), groups * a)
        padding = str(rng.choice(["valid", "same"]))
        case = (shape, (kh, kw), groups * b, strides, padding, groups)
        whole(macs(student, *case), products(*case), f"conv_macs{case}")


def test_valid_stride_1_one_group_unless_given(student):
    case = ((6, 5, 2), (3, 2), 3)
    expected = products(*case, 1, "valid")
    whole(student.conv_macs(*case), expected, f"conv_macs{case}")


def test_half_the_size_and_twice_the_channels_cost_the_same(student):
    for channels, height, width in [(8, 56, 28), (64, 112, 112)]:
        large = ((height, width, channels), (3, 3), channels, 1, "same")
        half = (
            (height // 2, width // 2, 2 * channels),
            (3, 3),
            2 * channels,
            1,
            "same",
        )
        whole(
            student.conv_macs(*half),
            student.conv_macs(*large),
            f"conv_macs{half}, like conv_macs{large},",
        )


def test_lecture_layers(student):
    for case, expected in [
        (((33, 33, 5), (3, 3), 10, 2, "valid"), 16 * 16 * 10 * 45),
        (((32, 32, 3), (5, 5), 10, 1, "same"), 32 * 32 * 10 * 75),
        (((32, 32, 3), (5, 5), 6, 1, "valid"), 28 * 28 * 6 * 75),
    ]:
        whole(student.conv_macs(*case), expected, f"conv_macs{case}")
