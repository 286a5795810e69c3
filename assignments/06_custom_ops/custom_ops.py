"""Calls what you write in the C++ and CUDA files beside this one. Given: leave it.

``compiled.py`` compiles and runs them. The grader uses these very modules, and takes
them, like everything in ``given``, from its own copy of the course.
"""

from __future__ import annotations

import functools
import sys
import tempfile
from pathlib import Path

import compiled
import numpy as np
from compiled import has_gpu as has_gpu

from grader import native

HERE = Path(__file__).resolve().parent
GIVEN = HERE / "given"
#: What a test may call.
GRADED = (
    *compiled.FILES,
    "naive_traffic",
    "tiled_traffic",
    "compile_naive",
    "compile_tiled",
    "shape_in_a_graph",
    "run_in_tensorflow",
    "gradients_in_tensorflow",
)
#: Edge of a block of the tiled kernel.
TILE = 8


# -- question 1 -----------------------------------------------------------------------


def conv_out_shape(x, kernel, strides=(1, 1), padding="VALID", dilations=(1, 1)):
    """Your shape function: a list of four sizes, -1 for those that are not known.

    Raises:
        ValueError: if your function throws std::invalid_argument.
    """
    lists = [" ".join(map(str, (len(s), *s))) for s in (x, kernel, strides, dilations)]
    answer = compiled.find_shape(" ".join([padding, *lists]).encode())
    kind, _, rest = answer.partition(b" ")
    if kind == b"invalid":
        raise ValueError(rest.decode(errors="replace"))
    return [int(size) for size in rest.split()]


# -- questions 2, 3 and 4 -------------------------------------------------------------


def conv2d_forward_cpu(x, kernel, strides=(1, 1), padding="VALID", dilations=(1, 1)):
    """Your forward kernel: y (N, OH, OW, F), of the dtype of x.

    Args:
        x: images (N, H, W, C), float32 or float64.
        kernel: (KH, KW, C, F), of the same dtype.
        strides, dilations: (rows, columns).
        padding: "VALID", "SAME", or ((top, bottom), (left, right)).
    """
    conv, y_shape = geometry(x.shape, kernel.shape, strides, padding, dilations)
    return compiled.run_cpu(
        "conv2d_forward_cpu", conv, {"x": x, "kernel": kernel}, "y", y_shape
    )


def conv2d_grad_input_cpu(
    x_shape, kernel, d_y, strides=(1, 1), padding="VALID", dilations=(1, 1)
):
    """Your gradient with respect to x: an array of `x_shape`."""
    conv, _ = geometry(x_shape, kernel.shape, strides, padding, dilations)
    inputs = {"d_y": d_y, "kernel": kernel}
    return compiled.run_cpu("conv2d_grad_input_cpu", conv, inputs, "d_x", x_shape)


def conv2d_grad_kernel_cpu(
    x, kernel_shape, d_y, strides=(1, 1), padding="VALID", dilations=(1, 1)
):
    """Your gradient with respect to the kernel: an array of `kernel_shape`."""
    conv, _ = geometry(x.shape, kernel_shape, strides, padding, dilations)
    inputs = {"x": x, "d_y": d_y}
    return compiled.run_cpu(
        "conv2d_grad_kernel_cpu", conv, inputs, "d_kernel", kernel_shape
    )


def cpu_function(name):
    """Your CPU kernel, optimised and inside this process: for measurements.

    Returns:
        A function of (conv, first array, second array, result array), where conv comes
        from `geometry`. It checks nothing: a wrong kernel ends the notebook.
    """
    import ctypes

    library = ctypes.CDLL(str(compiled.library(name, "export_cpu.cc")))

    def call(conv, a, b, result):
        pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in (a, b, result)]
        fields = (ctypes.c_int64 * len(conv))(*conv)
        library.custom_kernel(int(a.dtype == np.float64), fields, *pointers)
        return result

    return call


# -- questions 6 and 7 ----------------------------------------------------------------


def conv2d_naive(
    x,
    kernel,
    strides=(1, 1),
    padding="VALID",
    dilations=(1, 1),
    block=(16, 16),
    device="cpu",
):
    """Your naive CUDA kernel: y (N, OH, OW, F), float32.

    It runs emulated on the CPU, and on a GPU, where there is one, which must give the
    same.

    Args:
        x, kernel, strides, padding, dilations: as for the CPU kernel.
        block: threads of a block, (along x, along y).
        device: "gpu" runs it there alone.
    """
    how = (strides, padding, dilations)
    return _cuda("conv2d_naive", x, kernel, how, block, device)[0]


def conv2d_tiled(x, kernel, padding="VALID", device="cpu"):
    """Your tiled CUDA kernel, at strides and dilations of 1; see `conv2d_naive`."""
    how = ((1, 1), padding, (1, 1))
    return _cuda("conv2d_tiled", x, kernel, how, (TILE, TILE), device)[0]


def naive_traffic(x, kernel, padding="VALID", block=(16, 16)):
    """How often your naive kernel reads x and kernel and writes y: a dict."""
    how = ((1, 1), padding, (1, 1))
    numbers = _cuda("conv2d_naive", x, kernel, how, block, "cpu")[1]
    return dict(zip(("x", "kernel", "y"), numbers, strict=True))


def tiled_traffic(x, kernel, padding="VALID"):
    """How often your tiled kernel reads x and kernel and writes y: a dict."""
    how = ((1, 1), padding, (1, 1))
    numbers = _cuda("conv2d_tiled", x, kernel, how, (TILE, TILE), "cpu")[1]
    return dict(zip(("x", "kernel", "y"), numbers, strict=True))


def compile_naive():
    """Has nvcc compile your naive kernel for a GPU, and runs nothing.

    Returns:
        False if there is no nvcc here.
    """
    return compiled.compile_for_gpu("conv2d_naive")


def compile_tiled():
    """Has nvcc compile your tiled kernel for a GPU; see `compile_naive`."""
    return compiled.compile_for_gpu("conv2d_tiled")


def gpu_seconds(name, x, kernel, padding="VALID"):
    """Seconds that one launch of a CUDA kernel takes on the GPU."""
    block = (TILE, TILE) if name == "conv2d_tiled" else (16, 16)
    how = ((1, 1), padding, (1, 1))
    return _cuda(name, x, kernel, how, block, "gpu")[1][0] * 1e-9


def run_lecture_kernel(text, image, kernel, pixel=np.uint8):
    """Compiles the text of a CUDA kernel called `lecture`; runs it emulated.

    Args:
        text: its source.
        image: (H, W); kernel: (K, K), for an odd K.
        pixel: the type of the numbers in its three arrays, np.uint8 or np.float32.

    Returns:
        (H, W) of that type.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "lecture.cu")
        file.write_text(text)
        kind = {np.uint8: "uint8_t", np.float32: "float"}[pixel]
        flags = (f"-DPIXEL={kind}", *compiled.flags("lecture"))
        program = native.Program(file, GIVEN / "call_lecture.cu", flags)
        head = np.array([len(kernel), *image.shape], np.int64)
        # As in C: -1 in an unsigned char is 255.
        arrays = [np.asarray(array).astype(pixel) for array in (image, kernel)]
        answer = program.run(b"".join(part.tobytes() for part in (head, *arrays)))
    return np.frombuffer(answer, pixel).reshape(image.shape)


# -- question 5: inside TensorFlow ----------------------------------------------------


@functools.cache
def operations():
    """TensorFlow's module of custom_conv2d and its two gradients.

    They take strides, padding ("VALID" or "SAME") and dilations as attributes, and run
    the course's kernels until `use` puts yours in.
    """
    import tensorflow as tf

    module = tf.load_op_library(str(_prebuilt("operations")))
    if _has_prebuilt("kernels"):
        for role in ("shape", "forward", "grad_input", "grad_kernel"):
            _put_in(role, _prebuilt("kernels"), f"course_{role}")
    return module


def use(name):
    """Puts your own answer `name`, of questions 1 to 4, into the operations."""
    operations()
    if name == "conv_out_shape":
        library = compiled.library(name, "export_shape.cc", "-O0")  # runs once a graph
        _put_in("shape", library, "custom_shape")
        return
    role = name.removeprefix("conv2d_").removesuffix("_cpu")
    _put_in(role, compiled.library(name, "export_cpu.cc"), "custom_kernel")


def register_gradient(operation):
    """``tf.RegisterGradient(operation)``, except that a cell may be run twice."""
    import tensorflow as tf
    from tensorflow.python.framework import ops

    ops.gradient_registry._registry.pop(operation, None)
    return tf.RegisterGradient(operation)


def shape_in_a_graph(
    x, kernel, strides=(1, 1), padding="VALID", dilations=(1, 1), dtype="float32"
):
    """The shape that TensorFlow gives y while it traces, None where it is not known.

    Args:
        x, kernel: shapes, with None for what is not known; None for an unknown rank.
    """
    import tensorflow as tf

    use("conv_out_shape")
    how = {"strides": strides, "padding": padding, "dilations": dilations}
    signature = [tf.TensorSpec(shape, dtype) for shape in (x, kernel)]
    traced = tf.function(
        lambda x, kernel: operations().custom_conv2d(x, kernel, **how),
        input_signature=signature,
        autograph=False,
    )
    return traced.get_concrete_function().output_shapes.as_list()


def run_in_tensorflow(x, kernel, strides=(1, 1), padding="VALID", dilations=(1, 1)):
    """y of the operation, eagerly, with your shape function in it."""
    use("conv_out_shape")
    how = {"strides": strides, "padding": padding, "dilations": dilations}
    return operations().custom_conv2d(x, kernel, **how).numpy()


def gradients_in_tensorflow(
    x,
    kernel,
    d_y,
    strides=(1, 1),
    padding="VALID",
    dilations=(1, 1),
    unknown=None,
):
    """Gradients of sum(y * d_y) by tf.GradientTape and your registered gradient.

    Args:
        unknown: None runs eagerly; "batch" or "sizes" trace a tf.function that does
            not know the batch, or no size of x but its channels.

    Returns:
        (d_x, d_kernel)
    """
    import tensorflow as tf

    how = {"strides": strides, "padding": padding, "dilations": dilations}
    conv = operations().custom_conv2d

    def gradients(x, kernel, d_y):
        with tf.GradientTape() as tape:
            tape.watch([x, kernel])
            y = conv(x, kernel, **how)
        try:
            return tape.gradient(y, [x, kernel], output_gradients=d_y)
        except LookupError:  # the registry's: it names no function of yours
            raise LookupError(
                "no gradient is registered for custom_conv2d: keep the line "
                '@register_gradient("CustomConv2D") right above conv2d_gradient'
            ) from None

    if unknown:
        known = {"batch": x.shape[1:], "sizes": (None, None, x.shape[3])}[unknown]
        spec = functools.partial(tf.TensorSpec, dtype=x.dtype)
        signature = [spec((None, *known)), spec(kernel.shape), spec((None,) * 4)]
        gradients = tf.function(gradients, input_signature=signature, autograph=False)
    arguments = [tf.constant(array) for array in (x, kernel, d_y)]
    return tuple(None if g is None else g.numpy() for g in gradients(*arguments))


def _cuda(name, x, kernel, how, block, device):
    conv, shape = geometry(x.shape, kernel.shape, *how)
    return compiled.run_cuda(name, conv, block, x, kernel, shape, device)


# -- sizes ----------------------------------------------------------------------------


def geometry(x_shape, kernel_shape, strides, padding, dilations):
    """The fields of Conv in their order, and the shape of y."""
    axes = [
        _axis(x_shape[i + 1], kernel_shape[i], strides[i], _rule(padding, i), dilation)
        for i, dilation in enumerate(dilations)
    ]
    (out_h, top), (out_w, left) = axes
    sizes = [*x_shape, *kernel_shape[:2], kernel_shape[3], out_h, out_w]
    conv = [*sizes, *strides, *dilations, top, left]
    return conv, (x_shape[0], out_h, out_w, kernel_shape[3])


def _rule(padding, axis):
    return padding if isinstance(padding, str) else padding[axis]


def _axis(size, kernel, stride, rule, dilation):
    """Number of outputs along an axis, and the zeros before its first pixel."""
    span = (kernel - 1) * dilation + 1
    if rule == "SAME":
        outputs = -(-size // stride)
        return outputs, max((outputs - 1) * stride + span - size, 0) // 2
    before, after = (0, 0) if rule == "VALID" else rule
    return (size + before + after - span) // stride + 1, before


def _put_in(role, library, symbol):
    import ctypes

    function = ctypes.cast(getattr(ctypes.CDLL(str(library)), symbol), ctypes.c_void_p)
    put = ctypes.CDLL(str(_prebuilt("operations"))).custom_ops_use
    put.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    put(role.encode(), function)


def _has_prebuilt(name):
    return not (HERE / "prebuilt").is_dir() or (HERE / "prebuilt" / name).exists()


@functools.cache
def _prebuilt(name):
    """A library of the course: beside this file in a worker, else built here."""
    made = HERE / "prebuilt" / name
    return made if made.exists() else prebuild(name)


def prebuild(name):
    """Builds a library of the course in its cache, or finds it there.

    The operations take half a minute, once: they see TensorFlow's headers.
    """
    from shared.ops.build import compile_kernel

    if name == "operations":
        return compile_kernel(GIVEN / "tensorflow_ops.cc", flags=_tensorflow_flags())
    return compile_kernel(GIVEN / "course_kernels.cc")


def _tensorflow_flags():
    """What TensorFlow says, noted in the cache: to import it takes seconds."""
    from importlib.metadata import version
    from importlib.util import find_spec

    from shared.ops.build import cache_folder

    place = find_spec("tensorflow").submodule_search_locations[0]
    note = cache_folder() / f"flags-{version('tensorflow')}.txt"
    lines = note.read_text().splitlines() if note.exists() else []
    if lines[:1] != [place]:
        from tensorflow import sysconfig

        found = [*sysconfig.get_compile_flags(), *sysconfig.get_link_flags()]
        lines = [place, *found]
        note.write_text("\n".join(lines))
    # Its headers print hundreds of warnings, none of them ours. Linkers differ in how
    # they are told that TensorFlow is loaded by then.
    mac = sys.platform == "darwin"
    linker = "-Wl,-undefined,dynamic_lookup" if mac else "-Wl,--no-as-needed"
    return ("-O1", "-w", linker, *lines[1:])


if __name__ == "__main__":
    print(prebuild(sys.argv[2]))
