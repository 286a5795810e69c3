"""A student's model is rebuilt and measured where no student code ever ran.

One host imports TensorFlow for all tests here; each test forks workers from it.
"""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from grader.blueprints import checked
from grader.errors import GraderFault, NotAllowed, StudentError, StudentTimeout
from grader.proxies import Reference, References, Student
from grader.session import Session
from grader.submission import Submission
from shared.testing import assert_close
from tests.grader.course import opened, question, write_course

ALLOW = ["numpy", "keras", "tensorflow"]
HEAD = "import keras\nimport numpy as np\nfrom keras import layers\n"
ROWS = [
    ("Conv2D", {"filters": 3, "kernel_size": (3, 2), "strides": 2, "name": "first"}),
    ("BatchNormalization", {"name": "norm"}),
    ("second", "Conv2D", {"filters": 3, "kernel_size": 1}, ["norm"]),
    ("sum", "Add", {}, ["norm", "second"]),
]
SUBMISSION = """
def double(width=4):
    inputs = keras.Input((9, 6, 2))
    x = layers.Conv2D(width, 3, padding="same", activation="relu", name="stem")(inputs)
    branch = keras.Sequential([layers.Conv2D(width, 1), layers.ReLU()], name="branch")
    x = x + branch(x)
    left, right = keras.ops.split(x, 2, axis=-1)
    parts = [right, left, x[..., :1]]
    return keras.Model(inputs, keras.ops.concatenate(parts, axis=-1))
"""


@pytest.fixture
def keras_course(tmp_path):
    asked = {"id": "double", "title": "A model", "points": 1, "allow": ALLOW}
    tests = {"double": "def test_a(student): student.double(1)"}
    return write_course(
        tmp_path, questions=[asked], tests=tests, timeout_s=60, memory_mb=2048
    )


@pytest.fixture
def student(keras_course, hosts):
    """A function from source to the proxy of its names."""

    def make(source):
        session = keras_course.session(HEAD + source, hosts)
        session.begin_test(3)
        return Student(session)

    return make


@pytest.fixture
def reference(keras_course, hosts):
    manifest = keras_course.manifest
    asked = manifest.question("double")
    session = Session(
        manifest, asked, Submission.from_cells([]), hosts, reference=True, keras=True
    )
    opened.append(session)
    return Reference(session)


COMPILED = """
import tensorflow as tf
def double():
    inner = keras.Sequential([layers.Dense(3, activation=tf.nn.relu)])
    inner.compile(keras.optimizers.SGD(0.1), "mse")
    model = keras.Sequential([keras.Input((4,)), inner, layers.Dense(2, tf.nn.softmax)])
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(),
        metrics=["accuracy", lambda y, p: 0.0],
    )
    return model
"""


def test_a_compiled_model_and_activations_of_tensorflow(student, reference):
    model = reference.rebuild(student(COMPILED).double())
    inner, outer = model.layers()[-2:]
    assert (inner.config["activation"], outer.config["activation"]) == (
        "relu",
        "softmax",
    )


def test_a_model_is_told_layer_by_layer(student, reference):
    model = reference.rebuild(student(SUBMISSION).double())
    told = {layer.name: layer for layer in model.layers()}
    kinds = [layer.kind for layer in told.values()]
    assert kinds[:4] == ["InputLayer", "Conv2D", "Conv2D", "ReLU"]  # opened up
    assert sorted(kinds[4:]) == ["Add", "Concatenate", "GetItem", "Split"]
    stem = told["stem"]
    assert stem.config["kernel_size"] == (3, 3)
    assert stem.config["activation"] == "relu"
    assert stem.config["kernel_initializer"]["kind"] == "GlorotUniform"
    assert stem.output_shape == (None, 9, 6, 4)
    assert stem.weight_shapes == ((3, 3, 2, 4), (4,))
    assert stem.params == stem.trainable_params == 3 * 3 * 2 * 4 + 4
    added = next(layer for layer in told.values() if layer.kind == "Add")
    relu = next(layer for layer in told.values() if layer.kind == "ReLU")
    assert added.inputs == ("stem", relu.name)
    joined = next(layer for layer in told.values() if layer.kind == "Concatenate")
    assert [name.partition(":")[2] for name in joined.inputs] == ["1", "", ""]
    assert model.count_params() == (3 * 3 * 2 * 4 + 4 + 4 * 4 + 4, 0)
    assert model.shapes() == ((None, 9, 6, 2), (None, 9, 6, 5))


FIXED = """
def double():
    inner = keras.Sequential([layers.Dropout(0.5), layers.Dense(2)])
    x = inputs = keras.Input((4,))
    x = layers.Dropout(0.1)(x)
    x = layers.Dropout(0.2)(x, training=True)
    return keras.Model(inputs, inner(x, training=True))
"""


def test_a_layer_that_trains_for_ever_is_told(student, reference):
    layers = reference.rebuild(student(FIXED).double()).layers()
    told = {n.config["rate"]: n.config for n in layers if n.kind == "Dropout"}
    assert "training" not in told[0.1], "Keras's own default is no order"
    assert told[0.2]["training"] is True
    assert told[0.5]["training"] is True, "called by the model around it"


def test_the_rebuilt_model_computes_the_same(student, reference):
    handle = student(SUBMISSION).double(width=2)
    model = reference.rebuild(handle)
    x = np.random.default_rng(0).normal(size=(2, 9, 6, 2)).astype(np.float32)
    assert not np.allclose(model(x), handle(x)), "the weights are new"
    model.set_weights(handle.weights())
    assert_close(model(x), handle(x))
    stem, out = model.activations(x, ["stem", model.layers()[-1].name])
    assert stem.min() == 0, "after its ReLU"
    assert_close(out, handle(x))


def test_a_model_is_looked_at_without_weights(student, reference):
    source = """
def double():
    inner = keras.Sequential([layers.Dense(7), layers.BatchNormalization()])
    return keras.Sequential([keras.Input((5,)), inner, layers.Dropout(0.5)])
"""
    handle = student(source).double()
    text = handle.blueprint()
    assert '"units": 7' in text
    huge = re.sub(r"\b7\b", "1000000000", text)
    message = {"op": "copy", "name": "the model", "kwargs": {}}
    model = reference._session.perform(message | {"args": [huge]})
    assert model.count_params() == (8 * 10**9, 2 * 10**9), "no memory holds these"
    assert [layer.params for layer in model.layers()] == [0, 6 * 10**9, 4 * 10**9, 0]
    # And as soon as a weight is asked for, it is there.
    one, other = reference.rebuild(handle), reference.rebuild(handle)
    assert [w.shape for w in one.weights()[:2]] == [(5, 7), (7,)]
    assert other(np.ones((2, 5), np.float32)).shape == (2, 7)


def test_a_shared_layer_is_told_at_each_call(student, reference):
    source = """
def double():
    inputs = keras.Input((4,))
    same = layers.Dense(4, name="same")
    return keras.Model(inputs, same(same(inputs)))
"""
    model = reference.rebuild(student(source).double())
    assert [layer.name for layer in model.layers()[1:]] == ["same", "same@2"]
    assert model.layers()[2].inputs == ("same",)
    assert model.count_params() == (20, 0)


def test_a_function_of_tensors_becomes_a_model(student, reference):
    source = """
def double(x, filters, *, strides=1):
    return layers.Conv2D(filters, 3, strides=strides, use_bias=False)(x)
"""
    proxy = student(source)
    model = reference.rebuild(proxy.as_model("double", (7, 5, 2), filters=3, strides=2))
    assert model.count_params() == (54, 0)
    assert model.shapes() == ((None, 7, 5, 2), (None, 3, 2, 3))


def test_a_given_model_is_random_everywhere_and_copied_exactly(student, reference):
    given = reference.model((9, 6, 2), ROWS, seed=5)
    assert [layer.name for layer in given.layers()] == [
        "input",
        "first",
        "norm",
        "second",
        "sum",
    ]
    assert all(np.unique(w).size == w.size for w in given.weights()), "constant weights"
    assert min(w.min() for w in given.weights()[5:6]) > 0, "a variance"
    x = np.random.default_rng(1).normal(size=(2, 9, 6, 2)).astype(np.float32)
    source = "def double(model, x):\n    return model.predict(x, verbose=0) * 2"
    proxy = student(source)
    assert_close(proxy.double(proxy.copy_of(given), x), 2 * given(x))
    here = proxy.given_model((9, 6, 2), ROWS, seed=5)
    assert_close(proxy.double(here, x), 2 * given(x))
    other = proxy.given_model((9, 6, 2), ROWS, seed=6)
    assert not np.allclose(proxy.double(other, x), 2 * given(x))


def trained_by_adam(kernel, bias, x, y, steps, rate):
    """Losses of softmax regression: arXiv 1412.6980, algorithm 1, word for word."""
    parameters = [kernel.astype(np.float64), bias.astype(np.float64)]
    moments = [(np.zeros_like(p), np.zeros_like(p)) for p in parameters]
    losses = []
    for t in range(1, steps + 1):
        scores = x @ parameters[0] + parameters[1]
        shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        losses.append(-np.log(shares[np.arange(len(y)), y]).mean())
        error = (shares - np.eye(shares.shape[1])[y]) / len(y)
        for i, g in enumerate((x.T @ error, error.sum(axis=0))):
            m, v = (0.9 * moments[i][0] + 0.1 * g, 0.999 * moments[i][1] + 0.001 * g**2)
            moments[i] = m, v
            m, v = m / (1 - 0.9**t), v / (1 - 0.999**t)
            parameters[i] = parameters[i] - rate * m / (np.sqrt(v) + 1e-7)
    return losses


def test_a_rebuilt_classifier_is_trained_as_it_is(student, reference):
    source = """
def double(trainable=True):
    dense = layers.Dense(3, trainable=trainable)
    return keras.Sequential([keras.Input((4,)), dense])
"""
    proxy, x = student(source), np.eye(4, dtype=np.float32)
    y = np.array([0, 1, 2, 0])
    model = reference.rebuild(proxy.double())
    expected = trained_by_adam(*model.weights(), x, y, 60, 0.1)
    losses = model.train(x, y, steps=60, learning_rate=0.1, logits=True)
    np.testing.assert_allclose(losses, expected, rtol=1e-4)
    assert losses[-1] < 0.05 < losses[0]
    assert np.argmax(model(x), axis=1).tolist() == y.tolist()
    model = reference.rebuild(proxy.double())
    how = {"learning_rate": 0.1, "logits": True, "enough": 0.3}
    losses = model.train(x, y, steps=60, **how)
    means = [np.mean(losses[end - 3 : end]) for end in range(3, len(losses) + 1)]
    assert means.pop() < 0.3 <= min(means), "no step follows once it is enough"
    frozen = reference.rebuild(proxy.double(trainable=False))
    losses = frozen.train(x, y, steps=3, logits=True)
    assert losses[0] == losses[-1], "nothing may move"


LIES = {
    "count_params patched": """
def double():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    keras.Model.count_params = lambda self: 61706
    keras.Model.summary = lambda self: None
    model.count_params = lambda: 61706
    np.prod = lambda *a, **k: 61706
    return model
""",
    "the layers' own class": """
def double():
    layers.Dense.count_params = lambda self: 61706
    layers.Dense.weights = property(lambda self: [])
    return keras.Sequential([keras.Input((4,)), layers.Dense(3)])
""",
}


@pytest.mark.parametrize("source", LIES.values(), ids=LIES)
def test_a_patched_count_earns_nothing(student, reference, source):
    model = reference.rebuild(student(source).double())
    assert model.count_params() == (15, 0)
    assert model.layers()[-1].params == 15


REFUSED = {
    "a layer of one's own": (
        """
class Fake(layers.Dense):
    pass
def double():
    return keras.Sequential([keras.Input((4,)), Fake(3)])
""",
        "Fake is not one of Keras's own layers",
    ),
    "registered under Keras's name": (
        """
@keras.saving.register_keras_serializable("keras.layers", "Dense")
class Dense(layers.Layer):
    pass
def double():
    return keras.Sequential([keras.Input((4,)), Dense()])
""",
        "is not one of|stands for",
    ),
    "a model of one's own": (
        """
class Mine(keras.Model):
    def call(self, x):
        return x
def double():
    return Mine()
""",
        "Mine is not one of Keras's own layers",
    ),
    "a lambda": (
        """
def double():
    return keras.Sequential([keras.Input((4,)), layers.Lambda(lambda x: x + 1)])
""",
        "Lambda is not accepted",
    ),
    "a lambda for an activation": (
        """
def double():
    act = lambda x: keras.ops.tanh(x)
    return keras.Sequential([keras.Input((4,)), layers.Dense(3, activation=act)])
""",
        "a lambda is a function of your own",
    ),
    "a function for an activation": (
        """
def bent(x):
    return keras.ops.tanh(x)
def double():
    return keras.Sequential([keras.Input((4,)), layers.Activation(bent)])
""",
        "bent is a function of your own",
    ),
    "no model": (
        "def double():\n    return 3.0 + 1j, object()",
        "a Keras model is wanted",
    ),
    "a configuration that names another module": (
        """
import json
def double():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    text = json.loads(model.to_json())
    text["config"]["layers"][1] |= {"module": "os", "class_name": "system"}
    model.to_json = lambda: json.dumps(text)
    return model
""",
        "system is not one of Keras's own layers",
    ),
    "no configuration": (
        """
def double():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    model.to_json = lambda: 61706
    return model
""",
        "not a configuration",
    ),
    "not yet built": (
        "def double():\n    return keras.Sequential([layers.Dense(3)])",
        "begin with keras.Input",
    ),
}


@pytest.mark.parametrize(("source", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_kerass_own_is_refused(student, reference, source, message):
    handle = student(source).double()
    if isinstance(handle, tuple):
        handle = handle[1]
    with pytest.raises(StudentError, match=message):
        reference.rebuild(handle)


def test_what_is_no_object_of_the_worker_is_no_model(reference):
    with pytest.raises(AssertionError, match=r"not None \(is there a return"):
        reference.rebuild(None)
    with pytest.raises(AssertionError, match="not a tuple"):
        reference.rebuild((1, 2))


@pytest.mark.parametrize(
    "text",
    [
        *("", "[" * 100_000, '{"class_name": 3}', '{"module": "keras.layers"}'),
        *("{}", "[]", "3", '{"class_name": "__tensor__", "config": {"value": 1}}'),
    ],
)
def test_a_hostile_configuration_is_refused_in_words(text):
    with pytest.raises(StudentError):
        checked({"config": text, "summary": []})


def _named(**part):
    model = {"class_name": "Sequential", "module": "keras", "config": {"a": [part]}}
    return {"config": json.dumps(model)}


def test_parts_may_not_hide_behind_kerass_names():
    part = {"module": "keras.layersx", "class_name": "Dense", "registered_name": None}
    with pytest.raises(StudentError, match="own layers"):
        checked(_named(**part))


@pytest.mark.parametrize(
    "part",
    [
        {"class_name": "__lambda__", "module": "keras.layers", "config": {}},
        {"class_name": "function", "module": "keras.layers", "config": "Lambda"},
        {"class_name": "function", "module": "keras.layers", "config": "TFSMLayer"},
        {"class_name": "function", "module": "keras.layers", "config": "deserialize"},
        {"class_name": "function", "module": "builtins", "config": "get"},
        {"class_name": "function", "module": "os", "config": "system"},
    ],
    ids=lambda part: str(part["config"]),
)
def test_what_makes_a_part_may_not_pass_for_a_function(part):
    with pytest.raises(StudentError, match=r"no layer|own functions"):
        checked(_named(**part))


def test_a_function_of_kerass_is_accepted():
    checked(_named(class_name="function", module="builtins", config="relu"))


def test_a_forbidden_layer_is_seen_in_the_configuration_too():
    reply = _named(class_name="SeparableConv2D", module="keras.layers")
    checked(reply, forbid=["keras.layers.Conv2D"])
    with pytest.raises(NotAllowed, match="SeparableConv2D is not allowed"):
        checked(reply, forbid=["keras.layers.SeparableConv2D"])


MODEL_TESTS = {
    "double": """
        def test_has_twenty_parameters(student, reference):
            model = reference.rebuild(student.double())
            found = sum(model.count_params())
            assert found == 20, f"{found} parameters, not 20"
        """
}
MODEL_SOLUTION = """\
# %%
import keras

# %% question="double"
def double():
    \"\"\"Returns a model.\"\"\"
    # BEGIN SOLUTION
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)])
    # END SOLUTION
"""
MODEL_MISTAKE = '''
    """Wrong answers that students give."""
    import keras
    from grader.authoring import misconception

    @misconception("double", hint="You left out the bias.")
    def leaves_out_the_bias():
        dense = keras.layers.Dense(4, use_bias=False, activation="relu")
        return keras.Sequential([keras.Input((4,)), dense])
    '''


def test_a_wrong_model_is_recognised_however_it_is_written(tmp_path, hosts):
    asked = {"id": "double", "title": "A model", "points": 1, "allow": ALLOW}
    course = write_course(
        tmp_path,
        questions=[asked],
        solution=MODEL_SOLUTION,
        tests=MODEL_TESTS,
        public="",
        misconceptions=MODEL_MISTAKE,
        alternatives="",
        timeout_s=60,
        memory_mb=2048,
    )
    wrong = """
import keras
def double():
    x = keras.Input((4,))
    y = keras.layers.Dense(4, use_bias=False, name="mine")(x)
    return keras.Model(x, keras.layers.Activation("relu")(y))
"""
    lost = question(course.grade({"double": wrong}, hosts), "double").tests[0]
    assert lost.message == "16 parameters, not 20"
    assert lost.hint == "You left out the bias."
    assert lost.called == "double()"
    right = wrong.replace("use_bias=False, ", "")
    assert question(course.grade({"double": right}, hosts), "double").score == 1


def test_a_question_may_have_several_devices(keras_course, hosts):
    source = """
import tensorflow as tf
def double(model):
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    def number():
        return tf.distribute.get_replica_context().replica_id_in_sync_group
    found = strategy.run(number)
    return [int(part) for part in strategy.experimental_local_results(found)]
"""
    session = keras_course.session(HEAD + source, hosts, devices=2)
    session.begin_test(3)
    proxy = Student(session)
    given = proxy.given_model((4,), [("Dense", {"units": 2})])
    assert proxy.double(given) == [0, 1], "a model before does not use up the chance"


LIVING = """
import gc
import weakref

living = weakref.WeakSet()

def double(make):
    if make:
        model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
        living.add(model)
        return model
    gc.collect()
    return len(living)
"""


def test_a_worker_lets_go_of_a_tests_models_when_the_next_begins(keras_course, hosts):
    session = keras_course.session(HEAD + LIVING, hosts)
    session.begin_test(3)
    proxy = Student(session)
    kept = [proxy.double(True) for _ in range(2)]
    assert proxy.double(False) == 2
    session.begin_test(3)
    assert proxy.double(False) == 0
    new = proxy.double(True)
    assert new.count_params() == (15, 0)
    with pytest.raises(StudentError, match="KeyError"):
        kept[0].count_params()


def test_one_reference_serves_all_questions(tmp_path, hosts):
    asked = [
        {"id": id, "title": "A", "points": 1, "allow": ALLOW, "timeout_s": seconds}
        for id, seconds in (("double", 30), ("halve", 40))
    ]
    course = write_course(tmp_path, questions=asked, tests={"double": "", "halve": ""})
    references = References(course.manifest, hosts)
    try:
        double, halve = map(course.manifest.question, ("double", "halve"))
        rows = [("Dense", {"units": 3})]
        model = Reference(references.session(double)).model((4,), rows)
        worker = references.session(double)._worker
        session = references.session(halve)
        assert session.question is halve
        assert session._time_left == 40
        assert Reference(session).model((4,), rows).shapes() == model.shapes()
        assert session._worker is worker is not None
        session.broken = StudentTimeout("too long")
        assert references.session(double)._worker is None, "a new one is to start"
    finally:
        references.close()


def test_a_reference_that_cannot_be_built_is_the_tests_fault(reference):
    with pytest.raises(GraderFault, match=r"'Conv3x'.* cannot be built: .*Conv3x"):
        reference.layer("Conv3x", filters=1)
    with pytest.raises(GraderFault, match="model cannot be built: TypeError"):
        reference.model((5, 5, 1), [("Conv2D", {"filters": 1})])
