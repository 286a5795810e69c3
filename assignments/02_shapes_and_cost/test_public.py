"""Small cases with their numbers: what `check("...")` runs in the notebook.

They catch most mistakes, not all. The grader has other tests, with random numbers, and
asks layers that Keras builds.
"""

import numpy as np
import pytest

question = pytest.mark.question


def equal(found, wanted, called):
    assert found is not None, f"{called} returned nothing"
    same = np.array_equal(np.asarray(found), np.asarray(wanted))
    assert same, f"{called} is {found}; expected {wanted}"


@question("conv_out")
def test_one_window_after_the_other(student):
    equal(student.conv_out(7, 3), 5, "conv_out(7, 3)")
    equal(student.conv_out(7, 3, 2), 3, "conv_out(7, 3, 2)")
    equal(student.conv_out(7, 3, 3), 2, "conv_out(7, 3, 3)")


@question("conv_out")
def test_padding_at_both_ends(student):
    equal(student.conv_out(7, 3, 1, 1), 7, "conv_out(7, 3, 1, 1)")
    equal(student.conv_out(32, 5, 1, 2), 32, "conv_out(32, 5, 1, 2)")
    equal(student.conv_out(6, 3, 2, (0, 1)), 3, "conv_out(6, 3, 2, (0, 1))")


@question("conv_out")
def test_exact_refuses_what_floor_drops(student):
    equal(student.conv_out(7, 3, 2, mode="exact"), 3, 'conv_out(7, 3, 2, mode="exact")')
    with student.raises(ValueError):
        student.conv_out(7, 3, 3, mode="exact")


@question("conv_out")
def test_what_cannot_be(student):
    with student.raises(ValueError):
        student.conv_out(2, 3)
    with student.raises(ValueError):
        student.conv_out(7, 3, mode="roughly")


@question("tf_same_pad")
def test_zeros_of_a_window_of_3(student):
    equal(student.tf_same_pad(7, 3, 1), (1, 1), "tf_same_pad(7, 3, 1)")
    equal(student.tf_same_pad(6, 3, 2), (0, 1), "tf_same_pad(6, 3, 2)")
    equal(student.tf_same_pad(7, 3, 2), (1, 1), "tf_same_pad(7, 3, 2)")


@question("tf_same_pad")
def test_no_zeros_needed(student):
    equal(student.tf_same_pad(6, 2, 2), (0, 0), "tf_same_pad(6, 2, 2)")
    equal(student.tf_same_pad(6, 1, 3), (0, 0), "tf_same_pad(6, 1, 3)")


@question("conv_params")
def test_lecture_layers(student):
    equal(student.conv_params((5, 5), 3, 10), 760, "conv_params((5, 5), 3, 10)")
    equal(student.conv_params((3, 3), 5, 10), 460, "conv_params((3, 3), 5, 10)")


@question("conv_params")
def test_groups_and_no_bias(student):
    found = student.conv_params((1, 2), 4, 6, groups=2, use_bias=False)
    equal(found, 24, "conv_params((1, 2), 4, 6, groups=2, use_bias=False)")


@question("conv_macs")
def test_one_output_and_four(student):
    found = student.conv_macs((3, 3, 2), (3, 3), 1)
    equal(found, 18, "conv_macs((3, 3, 2), (3, 3), 1)")
    found = student.conv_macs((4, 4, 2), (3, 3), 5)
    equal(found, 360, "conv_macs((4, 4, 2), (3, 3), 5)")


@question("conv_macs")
def test_a_stride_and_same_padding(student):
    found = student.conv_macs((5, 4, 1), (3, 3), 1, strides=2, padding="same")
    wanted = 3 * 2 * 9
    equal(found, wanted, 'conv_macs((5, 4, 1), (3, 3), 1, strides=2, padding="same")')


@question("conv_macs")
def test_groups_save_products(student):
    full = student.conv_macs((5, 5, 4), (3, 3), 8)
    grouped = student.conv_macs((5, 5, 4), (3, 3), 8, groups=4)
    equal(4 * grouped, full, "4 times conv_macs with groups=4")


@question("receptive_field")
def test_small_windows_stacked(student):
    equal(student.receptive_field([(3, 1, 1)] * 2), (5, 1), "two layers of 3")
    equal(student.receptive_field([(3, 1, 1)] * 3), (7, 1), "three layers of 3")


@question("receptive_field")
def test_strides_and_dilation(student):
    layers = [(3, 2, 1), (3, 2, 1)]
    equal(student.receptive_field(layers), (7, 4), f"receptive_field({layers})")
    layers = [(3, 1, 2), (2, 1, 4)]
    equal(student.receptive_field(layers), (9, 1), f"receptive_field({layers})")


@question("empirical_receptive_field")
def test_a_column_and_a_row(student):
    """3 x 4 pixels; the only output sums two pixels of the middle row."""
    matrix = np.array([[0.0, 0, 0, 0, 0, 1, -1, 0, 0, 0, 0, 0]])
    fn = student.affine_map(matrix, np.array([5.0]), (1, 1))
    found = student.empirical_receptive_field(fn, (3, 4))
    equal(found, (1, 2), "empirical_receptive_field of (0, 0, …, x[1, 1] - x[1, 2])")


@question("empirical_receptive_field")
def test_the_middle_output_with_a_hole(student):
    """Three outputs of 1 x 5 pixels; the middle one sees pixels 1 and 4."""
    matrix = np.array([[1.0, 1, 1, 1, 1], [0, 2, 0, 0, -1], [1, 0, 0, 0, 0]])
    fn = student.affine_map(matrix, np.zeros(3), (1, 3))
    found = student.empirical_receptive_field(fn, (1, 5))
    equal(found, (1, 4), "empirical_receptive_field of a window from 1 to 4")


NETWORK = {
    "input_shape": (8, 6, 3),
    "layers": [
        (
            "Conv2D",
            {
                "filters": 4,
                "kernel_size": (3, 3),
                "strides": 1,
                "padding": "same",
                "use_bias": True,
            },
        ),
        ("MaxPooling2D", {"pool_size": (2, 2), "strides": 2, "padding": "valid"}),
        ("Flatten", {}),
        ("Dense", {"units": 5, "use_bias": True}),
    ],
}


@question("layer_table")
@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        ("output_shape", [(8, 6, 4), (4, 3, 4), (48,), (5,)]),
        ("params", [112, 0, 0, 245]),
        ("macs", [5184, 0, 0, 240]),
        ("receptive_field", [(3, 3), (4, 4), None, None]),
    ],
)
def test_a_small_network(student, key, wanted):
    table = student.layer_table(NETWORK)
    assert isinstance(table, list | tuple), "layer_table returns a list"
    assert len(table) == 4, "one dictionary for each of the four layers"
    for number, (row, value) in enumerate(zip(table, wanted, strict=True), 1):
        assert key in row, f"row {number} has no {key!r}"
        if value is None:
            assert row[key] is None, f"{key} of layer {number} is {row[key]}, not None"
        else:
            equal(row[key], value, f"{key} of layer {number}")
