"""Keras questions: single functions of an allowed package that must not be called.

One host imports TensorFlow for all tests here; each test forks a worker from it.
"""

from __future__ import annotations

import textwrap

import numpy as np
import pytest

from grader.errors import NotAllowed, StudentCrash, StudentError
from grader.proxies import Reference
from grader.session import Session, packages
from grader.submission import Submission
from shared.testing import assert_close
from tests.grader.course import cells, write_course

ALLOW = ["numpy", "keras", "tensorflow"]
FORBID = [
    "keras.layers.Conv2D",
    "keras.layers.DepthwiseConv2D",
    "keras.ops.conv",
    "tensorflow.nn.conv2d",
]
HEAD = """
import numpy as np
import tensorflow as tf
import keras
from keras import layers, ops
"""


@pytest.fixture
def keras_course(tmp_path):
    """One question, whose answer may use Keras but no convolution of it."""
    question = {"id": "double", "title": "A layer", "points": 1, "allow": ALLOW}
    question |= {"forbid": FORBID, "instead": "write the sum"}
    tests = {"double": "def test_a(student): student.double(1)"}
    return write_course(
        tmp_path, questions=[question], tests=tests, timeout_s=60, memory_mb=2048
    )


@pytest.fixture
def run(keras_course, hosts):
    def call(source, *args):
        session = keras_course.session(HEAD + textwrap.dedent(source), hosts)
        return session.call("double", args, {}, False)

    return call


RAW = "tf.raw_ops.Conv2D(input=x, filter=k, strides=[1, 1, 1, 1], padding='VALID')"
X = np.ones((1, 5, 4, 2), np.float32)
K = np.ones((3, 3, 2, 2), np.float32)
ROUTES = {
    "another thread": "from concurrent.futures import ThreadPoolExecutor\n"
    "def double(x, k):\n"
    "    with ThreadPoolExecutor(1) as pool:\n"
    f"        return pool.submit(lambda: {RAW}).result()",
    "a bare thread": "import _thread, time\n"
    "def double(x, k):\n"
    "    made = []\n"
    "    def run():\n"
    f"        try: made.append({RAW})\n"
    "        except Exception as error: made.append(error)\n"
    "    _thread.start_new_thread(run, ())\n"
    "    while not made: time.sleep(0.01)\n"
    "    if isinstance(made[0], Exception): raise made[0]\n"
    "    return made[0]",
    "layer": "def double(x, k): return layers.Conv2D(2, 3)(x)",
    "layer inside": "def double(x, k): return keras.src.layers.Conv2D(2, 3)(x)",
    "layer by name": "def double(x, k):\n"
    "    return getattr(keras.layers, 'Conv' + '2D')(2, 3)(x)",
    "layer from config": "def double(x, k): return keras.layers.Conv2D.from_config("
    "{'filters': 2, 'kernel_size': 3})(x)",
    "layer by deserialising": "def double(x, k): return keras.layers.deserialize("
    "{'class_name': 'Conv2D', 'module': 'keras.layers', "
    "'config': {'filters': 2, 'kernel_size': 3}})(x)",
    "tf.keras": "def double(x, k): return tf.keras.layers.Conv2D(2, 3)(x)",
    "subclass": "class Mine(layers.Conv2D): pass\n"
    "def double(x, k): return Mine(2, 3)(x)",
    "subclass that is the answer": "class double(layers.Conv2D):\n"
    "    def __init__(self, x, k): super().__init__(2, 3)",
    "subclass that avoids its __init__": "class Mine(layers.Conv2D):\n"
    "    def __init__(self): layers.Layer.__init__(self)\n"
    "    def call(self, x, k): return ops.conv(x, k)\n"
    "def double(x, k): return Mine()(x, k)",
    "another layer": "def double(x, k): return layers.SeparableConv2D(2, 3)(x)",
    "made in advance": "layer = layers.Conv2D(2, 3)\ndef double(x, k): return layer(x)",
    "ops.conv": "def double(x, k): return ops.conv(x, k)",
    "ops.conv, alias": "c = ops.conv\ndef double(x, k): return c(x, k)",
    "ops.nn.conv": "def double(x, k): return keras.ops.nn.conv(x, k)",
    "backend": "def double(x, k): return keras.src.backend.nn.conv(x, k)",
    "tf.nn.conv2d": "def double(x, k): return tf.nn.conv2d(x, k, 1, 'VALID')",
    "tf.nn.conv2d, alias": "from tensorflow.nn import conv2d as c\n"
    "def double(x, k): return c(x, k, 1, 'VALID')",
    "tf.compat": "def double(x, k): return tf.compat.v1.nn.conv2d("
    "x, k, strides=1, padding='VALID')",
    "tf.nn.convolution": "def double(x, k): return tf.nn.convolution(x, k)",
    "tf.nn.depthwise_conv2d": "def double(x, k): return tf.nn.depthwise_conv2d("
    "x, k, [1, 1, 1, 1], 'VALID')",
    "raw": "def double(x, k): return tf.raw_ops.Conv2D("
    "input=x, filter=k, strides=[1, 1, 1, 1], padding='VALID')",
    "raw gradient": "def double(x, k): return tf.raw_ops.Conv2DBackpropInput("
    "input_sizes=[1, 7, 6, 2], filter=k, out_backprop=x, strides=[1] * 4, "
    "padding='VALID')",
    "generated": "from tensorflow.python.ops import gen_nn_ops as g\n"
    "def double(x, k): return g.conv2d(x, k, [1, 1, 1, 1], 'VALID')",
    "graph": "@tf.function\ndef graph(x, k): return tf.nn.convolution(x, k)\n"
    "def double(x, k): return graph(x, k)",
    "graph made in advance": "spec = tf.TensorSpec(None, tf.float32)\n"
    "graph = tf.function(lambda x, k: tf.nn.convolution(x, k))"
    ".get_concrete_function(tf.TensorSpec([1, 5, 4, 2]), tf.TensorSpec([3, 3, 2, 2]))\n"
    "def double(x, k): return graph(x, k)",
    "keras function": "def double(x, k):\n"
    "    i = keras.Input((5, 4, 2)); m = keras.Model(i, ops.conv(i, k)); return m(x)",
    "importlib": "import importlib\ndef double(x, k):\n"
    "    return importlib.import_module('tensorflow.nn').conv2d(x, k, 1, 'VALID')",
    "sys.modules": "import sys\ndef double(x, k):\n    ops\n"
    "    return sys.modules['keras'].ops.conv(x, k)",
}
#: What is made before the answer runs fails there; the answer has nothing to call.
MADE_BEFORE = {"made in advance"}


@pytest.mark.parametrize("kind", sorted(set(ROUTES) - MADE_BEFORE))
def test_what_is_forbidden_is_refused_by_every_route(run, kind):
    message = r"^(keras|tf)\.[\w.]*[cC]onv\w* is not allowed in double: write the sum$"
    with pytest.raises(NotAllowed, match=message):
        run(ROUTES[kind], X, K)


@pytest.mark.parametrize("kind", sorted(MADE_BEFORE))
def test_what_is_forbidden_cannot_be_made_in_advance(keras_course, hosts, kind):
    session = keras_course.session(HEAD + ROUTES[kind], hosts)
    with pytest.raises((NotAllowed, StudentError)):
        session.call("double", [X, K], {}, False)
    (problem,) = session.problems
    assert "is not allowed in double" in problem["message"]


@pytest.mark.parametrize(
    "source",
    [
        "def double(x, k): return layers.Dense(2)(x)",
        "def double(x, k): return tf.einsum('nhwc,hwcd->nd', x[:, :3, :3], k)",
        "def double(x, k): return ops.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])",
        "def double(x, k): return layers.MaxPooling2D(2)(x)",
        "class Mine(layers.Layer):\n    def call(self, x): return ops.sum(x)\n"
        "def double(x, k): return Mine()(x)",
        "def double(x, k): return 0 if isinstance(x, layers.Conv2D) else 1",
    ],
)
def test_what_is_not_forbidden_is_allowed(run, source):
    run(source, X, K)


def test_tensorflow_is_loaded_only_if_the_answer_imports_it(keras_course):
    question = keras_course.manifest.question("double")

    def loaded(source):
        definitions = Submission.from_cells(cells({"double": source})).definitions
        return packages(question, definitions)

    assert loaded("def double(x): return x") == ("numpy",)
    assert "tensorflow" in loaded("import keras\ndef double(x): return keras.ops")
    assert loaded("import keras\ndef double(x): return x") == ("numpy",)
    assert "tensorflow" in loaded("def double(x):\n    import tensorflow\n    return x")


# -- what a test may do with a layer ------------------------------------------------

LAYER = """
@keras.saving.register_keras_serializable("test")
class double(layers.Layer):
    def __init__(self, factor=3, **rest):
        super().__init__(**rest)
        self.factor = factor
    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1],), initializer="ones", name="w")
    def call(self, x):
        return self.factor * x * self.w
    def compute_output_shape(self, shape):
        return shape
    def get_config(self):
        return {**super().get_config(), "factor": self.factor}
"""


@pytest.fixture
def layer(run):
    return run(LAYER, 5)


def test_a_layer_stays_in_the_worker_and_is_called_there(layer):
    x = np.arange(24, dtype=np.float32).reshape(1, 3, 4, 2)
    assert repr(layer) == "<double>"
    assert_close(layer(x), 5 * x)
    (w,) = layer.weights()
    assert_close(w, np.ones(2, np.float32))
    layer.set_weights([np.array([1, 10], np.float32)])
    scale = np.array([5, 50], np.float32)
    assert_close(layer(x), x * scale)
    assert_close(layer.call_graph(x), x * scale)
    assert tuple(layer.output_shape((None, 3, 4, 2))) == (None, 3, 4, 2)


def test_a_layers_gradients(layer):
    rng = np.random.default_rng(3)
    x = rng.normal(size=(2, 3, 4, 2)).astype(np.float32)
    upstream = rng.normal(size=x.shape).astype(np.float32)
    dx, (dw,) = layer.gradients(x, upstream)
    assert_close(dx, 5 * upstream)
    assert_close(dw, (5 * x * upstream).sum(axis=(0, 1, 2)))


def test_a_layer_made_again_from_its_configuration(layer):
    assert layer.config()["factor"] == 5
    again = layer.clone()
    assert again.opaque != layer.opaque
    x = np.ones((1, 1, 1, 2), np.float32)
    assert_close(again(x), 5 * x)
    before, after = layer.save_and_load(x)
    assert_close(before, 5 * x)
    assert_close(after, before)


def test_what_a_layer_keeps_beside_its_configuration_is_not_loaded(run):
    kept = """
    def get_config(self):
        KEPT[self.name] = self.factor
        return {"name": self.name}
    @classmethod
    def from_config(cls, config):
        return cls(KEPT.get(config["name"], 1), **config)
"""
    layer = run("KEPT = {}\n" + LAYER + kept, 5)
    x = np.ones((1, 1, 1, 2), np.float32)
    assert_close(layer.clone()(x), 5 * x)  # here it remembers
    before, after = layer.save_and_load(x)
    assert_close(before, 5 * x)
    assert_close(after, x)


def test_variants_in_one_worker_load_their_own_layers(keras_course, hosts):
    session = keras_course.session(HEAD + LAYER, hosts)
    x = np.ones((1, 1, 1, 2), np.float32)
    made = {}
    for factor in (2, 3, 2, 3):  # the class has one name; what it does differs
        source = LAYER.partition("\n@keras")[2].partition("\n")[2]  # not registered
        source = source.replace("self.factor *", f"{factor} * self.factor *")
        variant = Submission.from_cells(cells({"double": HEAD + source}))
        session.take(variant, f"times_{factor}__")
        if factor not in made:
            made[factor] = session.call("double", (5,), {}, False)
        before, after = made[factor].save_and_load(x)
        assert_close(before, 5 * factor * x)
        assert_close(after, before)


def test_a_layer_of_keras_can_be_saved_too(keras_course, hosts):
    session = keras_course.session("", hosts)
    session.reference = session.keras = True
    layer = Reference(session).layer("Dense", units=3)
    before, after = layer.save_and_load(np.ones((2, 4), np.float32))
    assert before.shape == (2, 3)
    assert_close(after, before)


def test_a_layer_in_training(layer):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 64)
    x = rng.normal(size=(64, 3, 3, 2)) + np.where(y, 1, -1)[:, None, None, None]
    losses = layer.fit(x.astype(np.float32), y, classes=2, steps=40, learning_rate=0.02)
    assert len(losses) == 40
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])


def test_a_layer_may_not_be_used_otherwise(run):
    layer = run(LAYER, 5)
    with pytest.raises(StudentError, match="no operation 'eval'"):
        layer._operate("eval", ("1",))


def test_a_reference_layer_is_kerass_own(keras_course, hosts):
    manifest = keras_course.manifest
    question = manifest.question("double")
    # A submission that would spoil Keras is not even looked at.
    spoiler = cells({"double": "import keras\nkeras.layers.Dense = None"})
    submission = Submission.from_cells(spoiler)
    session = Session(manifest, question, submission, hosts, reference=True)
    try:
        dense = Reference(session).layer("Dense", units=2)
        x = np.ones((1, 3), np.float32)
        out = dense(x)
        kernel, bias = dense.weights()
        assert_close(out, x @ kernel + bias)
        conv = Reference(session).layer("Conv2D", filters=2, kernel_size=3)
        assert np.shape(conv(X)) == (1, 3, 2, 2)  # forbidden to students only
    finally:
        session.close()


def test_random_weights_follow_the_tests_seed(keras_course, hosts):
    source = HEAD + "def double(x): return layers.Dense(3)(x)"
    session = keras_course.session(source, hosts)
    seen = []
    for seed in (1, 1, 2):
        session.begin_test(seed)
        seen.append(session.call("double", [np.ones((1, 2))], {}, False).tolist())
    assert seen[0] == seen[1] != seen[2]


def test_too_much_memory_with_tensorflow_ends_the_worker(keras_course, hosts):
    source = "def double(x):\n    return float(tf.reduce_sum(tf.ones([3 * 2**28])))"
    session = keras_course.session(HEAD + source, hosts)
    session.manifest.__dict__["memory_mb"] = 1024
    with pytest.raises(StudentCrash, match="more than 1024 MB"):
        session.call("double", [1], {}, False)


GRAPH = """
import base64
def graph():
    made = tf.Graph()
    with made.as_default():
        x = tf.compat.v1.placeholder(tf.float32, (1, 5, 4, 2), "x")
        k = tf.compat.v1.placeholder(tf.float32, (3, 3, 2, 2), "k")
        tf.raw_ops.Conv2D(
            input=x, filter=k, strides=[1] * 4, padding="VALID", name="out"
        )
    return made.as_graph_def().SerializeToString()
"""
UNDOING = {
    "callbacks removed": "from tensorflow.python.framework import op_callbacks\n"
    "def double(x, k):\n"
    "    op_callbacks.clear_op_callbacks()\n"
    f"    return {RAW}",
    "told that nothing runs": "import gc\n"
    "def double(x, k):\n"
    "    for found in gc.get_objects():\n"
    "        if type(found).__name__ == 'Guard': found._running = False\n"
    f"    return {RAW}",
    "the guard with another rule": "import gc\n"
    "def double(x, k):\n"
    "    for found in gc.get_objects():\n"
    "        if type(found).__name__ == 'Guard':\n"
    "            found.forbid, found.refuse = (), lambda path: None\n"
    "            found._raise = lambda path: None\n"
    f"    return {RAW}",
    "the code before": "import gc, types\n"
    "def double(x, k):\n"
    "    function = keras.ops.conv\n"
    "    kept = [c.cell_contents for g in function.__globals__.values()\n"
    "        for c in getattr(g, '__closure__', None) or ()]\n"
    "    kept = [f for f in kept if isinstance(f, types.FunctionType)]\n"
    "    function.__code__ = kept[0].__code__ if kept else function.__code__\n"
    "    return function(x, k)",
    "the class as it was": "def double(x, k):\n"
    "    del keras.layers.Conv2D.__new__\n"
    "    return keras.layers.Conv2D(2, 3)(x)",
    "below the generated functions": "from tensorflow.python import pywrap_tfe\n"
    "from tensorflow.python.eager import context\n"
    "def double(x, k):\n"
    "    attrs = ('T', 1, 'strides', [1] * 4, 'padding', b'VALID')\n"
    "    x, k = tf.constant(x), tf.constant(k)\n"
    "    return pywrap_tfe.TFE_Py_Execute("
    "context.context()._handle, '', 'Conv2D', [x, k], attrs, 1)[0]",
    "a thread of TensorFlow's": "def double(x, k):\n"
    "    one = tf.data.Dataset.from_tensors(0).map(\n"
    f"        lambda i: tf.py_function(lambda i: {RAW}, [i], tf.float32))\n"
    "    return next(iter(one))",
    "a graph as bytes": GRAPH + "def double(x, k):\n"
    "    with tf.Graph().as_default() as g:\n"
    "        made = tf.compat.v1.GraphDef.FromString(graph())\n"
    "        tf.import_graph_def(made, name='')\n"
    "        with tf.compat.v1.Session(graph=g) as session:\n"
    "            return session.run('out:0', {'x:0': x, 'k:0': k})",
    "XLA": "@tf.function(jit_compile=True)\n"
    f"def compiled(x, k): return {RAW}\n"
    "def double(x, k): return compiled(x, k)",
}


@pytest.mark.parametrize("kind", sorted(UNDOING))
def test_what_is_forbidden_stays_so(run, kind):
    with pytest.raises(NotAllowed, match=r"[cC]onv\w* is not allowed in double: write"):
        run(UNDOING[kind], X, K)


def test_another_engine_is_no_way_around(run):
    source = "def double(x, k): return tf.lite.Interpreter(model_content=b'')"
    with pytest.raises(NotAllowed, match=r"tf\.lite\.Interpreter is not allowed"):
        run(source, X, K)


def test_no_other_python_does_what_is_forbidden(run):
    source = """
        import subprocess, sys
        def double(x, k):
            return subprocess.run([sys.executable, "-c", "print(1)"]).returncode
        """
    with pytest.raises(StudentError, match="PermissionError"):
        run(source, X, K)


def test_what_numpy_forbids_is_out_of_reach(tmp_path, hosts):
    question = {"id": "double", "title": "A sum", "points": 1, "allow": ["numpy"]}
    question |= {"forbid": ["numpy.convolve"], "instead": "write the sum"}
    course = write_course(
        tmp_path,
        questions=[question],
        tests={"double": "def test_a(student): student.double(1)"},
    )
    for route in (
        "np.convolve(x, x)",
        "np._core.multiarray.correlate(x, x, 2)",
        "np._core._multiarray_umath.correlate2(x, x, 2)",
        "np.polymul(x, x)",
    ):
        source = f"import numpy as np\ndef double(x): return {route}"
        session = course.session(source, hosts)
        with pytest.raises(NotAllowed, match=r"np\.convolve is not allowed"):
            session.call("double", [np.ones(3)], {}, False)
