"""The operation inside TensorFlow: graphs, derivatives, Keras, strategies, errors."""

from __future__ import annotations

import logging
import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest
import tensorflow as tf

from shared.ops import conv2d
from shared.ops.library import operations
from shared.testing import numeric_gradient

SETTINGS = {
    "plain": {},
    "same, stride 2": {"strides": 2, "padding": "same"},
    "unequal strides": {"strides": (1, 2), "padding": "valid"},
    "dilated": {"dilation_rate": (2, 1), "padding": "same"},
    "explicit": {"padding": ((0, 2), (1, 0))},
}


def inflate(kernel, dilation, axis):
    """The kernel with dilation - 1 zeros between its taps along one axis."""
    shape = kernel.shape.as_list()
    zeros = tf.zeros_like(kernel)
    spread = tf.stack([kernel] + [zeros] * (dilation - 1), axis + 1)
    shape[axis] *= dilation
    spread = tf.reshape(spread, shape)
    return tf.gather(spread, tf.range(shape[axis] - dilation + 1), axis=axis)


def peer(x, kernel, strides=1, padding="valid", dilation_rate=(1, 1)):
    """tf.nn.conv2d with the same arguments.

    Its own dilation has no gradients for float64 on a CPU, so the kernel is inflated.
    """
    for axis, dilation in enumerate(dilation_rate):
        kernel = inflate(kernel, dilation, axis)
    if isinstance(padding, str):
        return tf.nn.conv2d(x, kernel, strides, padding.upper())
    return tf.nn.conv2d(x, kernel, strides, [[0, 0], *map(list, padding), [0, 0]])


def draw(rng, *shapes, dtype="float64"):
    return [tf.constant(rng.standard_normal(shape).astype(dtype)) for shape in shapes]


@pytest.mark.parametrize("how", ["auto", "naive", "im2col", "direct"])
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_equals_tensorflow(settings, how, rng):
    x, kernel = draw(rng, (2, 9, 8, 3), (3, 3, 3, 5))
    ours = conv2d(x, kernel, **settings, implementation=how)
    np.testing.assert_allclose(ours, peer(x, kernel, **settings), rtol=0, atol=1e-12)


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_derivatives_of_first_and_second_order(settings, rng):
    """d of |d(sum of y^3)|^2, by nested tapes; central differences for the first."""
    x, kernel = draw(rng, (2, 5, 6, 2), (3, 2, 2, 3))

    def derivatives(conv):
        with tf.GradientTape() as outer:
            outer.watch([x, kernel])
            with tf.GradientTape() as inner:
                inner.watch([x, kernel])
                loss = tf.reduce_sum(conv(x, kernel, **settings) ** 3)
            first = inner.gradient(loss, [x, kernel])
            norm = sum(tf.reduce_sum(g**2) for g in first)
        return [*first, *outer.gradient(norm, [x, kernel])]

    for ours, theirs in zip(derivatives(conv2d), derivatives(peer), strict=True):
        scale = np.abs(theirs).max()
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12 * scale)

    def loss(k):
        return float(tf.reduce_sum(conv2d(x, tf.constant(k), **settings) ** 3))

    numeric = numeric_gradient(loss, kernel.numpy())
    first = derivatives(conv2d)[1]
    np.testing.assert_allclose(first, numeric, rtol=1e-6, atol=1e-5)


def test_unknown_sizes_in_a_function(rng):
    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None, None, 3], tf.float32),
            tf.TensorSpec([3, 3, 3, 4], tf.float32),
        ]
    )
    def apply(x, kernel):
        y = conv2d(x, kernel, strides=2, padding="same")
        assert y.shape.as_list() == [None, None, None, 4]
        return tf.gradients(tf.reduce_sum(y * y), [x, kernel])

    for shape in ((2, 7, 5, 3), (1, 4, 9, 3)):
        x, kernel = draw(rng, shape, (3, 3, 3, 4), dtype="float32")
        with tf.GradientTape() as tape:
            tape.watch([x, kernel])
            y = peer(x, kernel, strides=2, padding="same")
            loss = tf.reduce_sum(y * y)
        for ours, theirs in zip(
            apply(x, kernel), tape.gradient(loss, [x, kernel]), strict=True
        ):
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


def test_tracing_prints_nothing(rng):
    """AutoGraph, which cannot read all of Python, is not asked to."""
    words = []
    handler = logging.Handler()
    handler.emit = lambda record: words.append(record.getMessage())
    tf.get_logger().addHandler(handler)
    try:
        x, kernel = rng.standard_normal((1, 5, 6, 2)), rng.standard_normal((3, 3, 2, 4))
        traced = tf.function(lambda x: conv2d(x, kernel, padding=1))
        assert traced(x).shape == (1, 5, 6, 4)
    finally:
        tf.get_logger().removeHandler(handler)
    assert words == []


@pytest.mark.parametrize(
    ("x", "kernel", "settings", "expected"),
    [
        ([2, 9, 8, 3], [3, 3, 3, 5], {}, [2, 7, 6, 5]),
        ([None, 9, 8, 3], [3, 3, 3, 5], {"strides": 2}, [None, 4, 3, 5]),
        ([2, 9, None, 3], [3, 3, 3, 5], {"padding": "same"}, [2, 9, None, 5]),
        ([2, 9, 8, 3], [None, 3, 3, 5], {"padding": "same"}, [2, 9, 8, 5]),
        ([2, 9, 8, 3], [None, 3, 3, 5], {}, [2, None, 6, 5]),
        (None, None, {}, [None, None, None, None]),
        ([2, 9, 8, 6], [3, 3, 3, 4], {"groups": 2, "padding": 1}, [2, 9, 8, 4]),
    ],
)
def test_static_shapes(x, kernel, settings, expected):
    shapes = [tf.TensorSpec(shape, tf.float32) for shape in (x, kernel)]
    traced = tf.function(lambda x, k: conv2d(x, k, **settings))
    output = traced.get_concrete_function(*shapes).outputs[0]
    assert output.shape.as_list() == expected


MALFORMED = {
    "rank of x": ((9, 8, 3), (3, 3, 3, 5), {}, "input must be"),
    "rank of the kernel": ((1, 9, 8, 3), (3, 3, 3), {}, "kernel must be"),
    "channels": ((1, 9, 8, 3), (3, 3, 4, 5), {}, "3 channels.* takes 4"),
    "groups of channels": ((1, 9, 8, 3), (3, 3, 1, 4), {"groups": 2}, "groups"),
    "groups of filters": ((1, 9, 8, 4), (3, 3, 2, 5), {"groups": 2}, "5 filters"),
    "no groups": ((1, 9, 8, 3), (3, 3, 3, 5), {"groups": 0}, "groups .* received 0"),
    "stride": ((1, 9, 8, 3), (3, 3, 3, 5), {"strides": 0}, r"strides .*\[0, 0\]"),
    "negative stride": ((1, 9, 8, 3), (3, 3, 3, 5), {"strides": (1, -1)}, "strides"),
    "dilation": ((1, 9, 8, 3), (3, 3, 3, 5), {"dilation_rate": 0}, "dilations"),
    "huge dilation": (
        *((1, 9, 8, 3), (3, 3, 3, 5), {"dilation_rate": 2**31 - 1}),
        "too large",
    ),
    "kernel too tall": ((1, 2, 8, 3), (5, 3, 3, 5), {}, "height 5 .* height 2"),
    "kernel too wide": (
        *((1, 9, 4, 3), (3, 3, 3, 5), {"dilation_rate": (1, 3)}),
        "width 7 .* width 4",
    ),
    "padding": ((1, 9, 8, 3), (3, 3, 3, 5), {"padding": -1}, "explicit_paddings"),
    "empty kernel": ((1, 9, 8, 3), (0, 3, 3, 5), {}, "kernel height"),
    "no filters": ((1, 9, 8, 3), (3, 3, 3, 0), {}, "0 filters"),
    "no channels": ((1, 9, 8, 0), (3, 3, 0, 4), {}, "channels"),
}


@pytest.mark.parametrize("case", MALFORMED.values(), ids=MALFORMED)
def test_malformed_input_is_refused(case):
    x, kernel, settings, message = case
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        conv2d(tf.zeros(x), tf.zeros(kernel), **settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"strides": (1, 2, 3)}, "strides"),
        ({"strides": None}, "strides .*received None"),
        ({"strides": 2.0}, r"strides .*received 2\.0"),
        ({"strides": (2.5, 1)}, r"strides .*received \(2\.5, 1\)"),
        ({"strides": True}, "strides .*received True"),
        ({"strides": b"ab"}, "strides .*received b'ab'"),
        ({"strides": 2**63}, "strides .*received 9223372036854775808"),
        ({"padding": "full"}, "padding"),
        ({"padding": ((1, 1), (1,))}, "padding"),
        ({"padding": (1, 1)}, r"padding .*received \(1, 1\)"),
        ({"padding": ((1.5, 1), (1, 1))}, "padding"),
        ({"padding": None}, "padding .*received None"),
        ({"padding": b"same"}, "padding .*received b'same'"),
        ({"dilation_rate": (1,)}, "dilation_rate"),
        ({"groups": 1.0}, r"groups .*received 1\.0"),
        ({"groups": None}, "groups .*received None"),
        ({"implementation": "cudnn"}, "implementation .*winograd.*received 'cudnn'"),
    ],
)
def test_malformed_arguments_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        conv2d(tf.zeros((1, 9, 8, 3)), tf.zeros((3, 3, 3, 5)), **settings)


def test_integers_of_numpy_are_integers(rng):
    x, kernel = draw(rng, (2, 9, 8, 4), (3, 3, 2, 6))
    expected = conv2d(x, kernel, 2, ((1, 0), (2, 1)), (1, 2), 2)
    actual = conv2d(
        x,
        kernel,
        strides=np.int64(2),
        padding=np.array([[1, 0], [2, 1]]),
        dilation_rate=np.array([1, 2]),
        groups=np.int32(2),
    )
    np.testing.assert_array_equal(actual, expected)
    np.testing.assert_array_equal(
        conv2d(x, kernel, padding=np.int64(1), groups=2),
        conv2d(x, kernel, padding=1, groups=2),
    )


# Made by functions: TensorFlow must not start while tests are collected.
@pytest.mark.parametrize(
    ("change_x", "change_kernel", "message"),
    [
        (lambda x: tf.cast(x, tf.float16), None, "x .*float16"),
        (None, lambda k: tf.cast(k, tf.int32), "kernel .*int32"),
        (None, lambda k: tf.Variable(tf.cast(k, tf.float64)), "float32 and float64"),
        (lambda x: None, None, "x .*NoneType"),
        (tf.RaggedTensor.from_tensor, None, "x .*RaggedTensor"),
    ],
)
def test_other_tensors_are_refused(change_x, change_kernel, message):
    x, kernel = tf.zeros((1, 4, 4, 2)), tf.zeros((3, 3, 2, 1))
    x = change_x(x) if change_x else x
    kernel = change_kernel(kernel) if change_kernel else kernel
    with pytest.raises(TypeError, match=message):
        conv2d(x, kernel)


def test_a_refusal_names_the_groups():
    with pytest.raises(tf.errors.InvalidArgumentError, match="groups 2"):
        conv2d(
            *(tf.zeros((1, 4, 4, 2)), tf.zeros((3, 3, 1, 2))),
            groups=2,
            implementation="winograd",
        )


@pytest.mark.parametrize(
    ("sizes", "dy", "message"),
    [
        ([1, 9, 8, 3], (1, 7, 6, 4), "d_output"),
        ([1, 9, 8, 3], (1, 7, 5, 5), "d_output"),
        ([1, 9, 8, 3], (7, 6, 5), "d_output"),
        ([1, 9, 8], (1, 7, 6, 5), "input_sizes"),
        ([1, 9, 8, -3], (1, 7, 6, 5), "-3"),
        ([2**30, 2**30, 2**30, 3], (1, 7, 6, 5), "more than 2"),
    ],
)
def test_malformed_gradients_are_refused(sizes, dy, message):
    ops, kernel = operations(), tf.zeros((3, 3, 3, 5))
    settings = {"strides": [1, 1], "padding": "VALID"}
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        ops.course_conv2d_grad_input(sizes, kernel, tf.zeros(dy), **settings)


def test_too_large_an_output_fails_cleanly():
    """Padding that asks for 16 TB: the allocator refuses, after its ten seconds."""
    x, kernel = tf.zeros((1, 4, 4, 1)), tf.zeros((3, 3, 1, 1))
    with pytest.raises(tf.errors.ResourceExhaustedError):
        conv2d(x, kernel, padding=10**6)


def test_an_output_beyond_counting_fails_cleanly():
    x, kernel = tf.zeros((1, 4, 4, 1)), tf.zeros((3, 3, 1, 64))
    with pytest.raises(tf.errors.InvalidArgumentError):
        conv2d(x, kernel, padding=2**31 - 1)


def test_vectorized_map(rng):
    x, kernel = draw(rng, (4, 1, 6, 5, 3), (3, 3, 3, 2))
    ours = tf.vectorized_map(lambda one: conv2d(one, kernel), x)
    theirs = tf.vectorized_map(lambda one: peer(one, kernel), x)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


class Conv(keras.layers.Layer):
    """A minimal layer on the operation."""

    def __init__(self, filters, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.supports_jit = False  # XLA does not know the operation

    def build(self, shape):
        self.kernel = self.add_weight(shape=(3, 3, shape[-1], self.filters))

    def call(self, x):
        return conv2d(x, self.kernel, padding="same")


def test_keras_fit_learns_a_kernel(rng):
    keras.utils.set_random_seed(1)
    x = rng.standard_normal((64, 8, 7, 2)).astype("float32")
    true = rng.standard_normal((3, 3, 2, 3)).astype("float32")
    y = tf.nn.conv2d(x, true, 1, "SAME").numpy()
    model = keras.Sequential([keras.Input((8, 7, 2)), Conv(3)])
    model.compile(keras.optimizers.Adam(0.05), "mse")
    model.fit(x, y, epochs=40, batch_size=16, verbose=0)
    np.testing.assert_allclose(model.layers[0].kernel, true, atol=0.02)


def test_mirrored_strategy():
    """Two replicas sum the same gradient as one device. A process of its own: logical
    devices are made before TensorFlow starts."""
    script = """
        import numpy as np, tensorflow as tf
        from shared.ops import conv2d
        cpus = tf.config.list_physical_devices("CPU")
        two = [tf.config.LogicalDeviceConfiguration()] * 2
        tf.config.set_logical_device_configuration(cpus[0], two)
        rng = np.random.default_rng(0)
        x = rng.standard_normal((4, 6, 5, 3)).astype("float32")
        start = rng.standard_normal((3, 3, 3, 2)).astype("float32")
        strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
        with strategy.scope():
            kernel = tf.Variable(start)

        @tf.function
        def step(values):
            def replica(part):
                with tf.GradientTape() as tape:
                    loss = tf.reduce_sum(conv2d(part, kernel, padding="same") ** 2)
                return tape.gradient(loss, kernel)
            gradients = strategy.run(replica, args=(values,))
            return strategy.reduce("SUM", gradients, axis=None)

        parts = strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(
                x[2 * context.replica_id_in_sync_group :][:2]))
        with tf.GradientTape() as tape:
            tape.watch(one := tf.constant(start))
            loss = tf.reduce_sum(tf.nn.conv2d(x, one, 1, "SAME") ** 2)
        np.testing.assert_allclose(
            step(parts), tape.gradient(loss, one), rtol=1e-3, atol=1e-3)
        assert strategy.num_replicas_in_sync == 2
        print("agreed")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "agreed", done.stderr[-2000:]
