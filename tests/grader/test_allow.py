"""What an answer may call: packages, by whatever route they are reached."""

from __future__ import annotations

import textwrap

import pytest

from grader.errors import NotAllowed, StudentError
from grader.results import Outcome
from tests.grader.course import QUESTIONS, question, write_course

ROUTES = {
    "import": "import scipy.signal\ndef double(x): return scipy.signal.convolve(x, x)",
    "import as": "import scipy.signal as s\ndef double(x): return s.convolve(x, x)",
    "from import": "from scipy import signal\ndef double(x): return signal.convolve(x)",
    "from import name": "from scipy.signal import convolve as c\n"
    "def double(x): return c(x, x)",
    "inside": "def double(x):\n    import scipy.signal\n"
    "    return scipy.signal.convolve(x, x)",
    "getattr": "import scipy\ndef double(x):\n"
    "    return getattr(getattr(scipy, 'sig' + 'nal'), 'convolve')(x)",
    "importlib": "import importlib\ndef double(x):\n"
    "    return importlib.import_module('scipy.signal').convolve(x)",
    "importlib, renamed": "from importlib import import_module as load\n"
    "def double(x):\n    return load('scipy.signal').convolve(x)",
    "__import__": "def double(x):\n"
    "    return __import__('scipy.signal', fromlist=['signal']).convolve(x)",
    "alias": "import scipy.signal\nc = scipy.signal.convolve\n"
    "def double(x): return c(x)",
    "default": "import scipy.signal as s\ndef double(x, c=s.convolve): return c(x)",
    "lambda": "import scipy.signal as s\ndouble = lambda x: s.convolve(x)",
    "the function itself": "from scipy.signal import convolve as double",
    "partial": "import functools, scipy.signal as s\n"
    "double = functools.partial(s.convolve, 1)",
    "map": "import scipy.signal as s\ndef double(x): return list(map(s.convolve, [x]))",
    "subclass": "import scipy.signal as s\nclass lti(s.lti): pass\n"
    "def double(x): return lti(x)",
    "method": "import scipy.signal as s\ndef double(x): return s.lti().output(x)",
    "helper": "import scipy.signal as s\ndef helper(x): return s.convolve(x)\n"
    "def double(x): return helper(x)",
    "exec": "def double(x):\n    names = {}\n"
    "    exec('import scipy.signal as s; y = s.convolve(1)', globals(), names)",
    "swallowed and tried again": "import scipy.signal as s\ndef double(x):\n"
    "    try: return s.convolve(x)\n    except ImportError: return s.fftconvolve(x)",
}


@pytest.mark.parametrize("kind", ROUTES)
def test_a_package_that_is_not_allowed_is_refused_by_every_route(course, hosts, kind):
    session = course.session(ROUTES[kind], hosts, instead="write it yourself")
    message = r"^scipy\.signal[.\w]* is not allowed in double: write it yourself$"
    with pytest.raises(NotAllowed, match=message):
        session.call("double", [[1.0]], {}, False)


OF_PYTHON = {
    "a part of NumPy that asks for its build": "import numpy.testing\n"
    "def double(x):\n    numpy.testing.assert_allclose(x, x)\n    return x + x",
    "how Python was built": "import sysconfig\n"
    "def double(x):\n    assert sysconfig.get_config_var('EXT_SUFFIX')\n"
    "    return x + x",
    "the same, inside": "def double(x):\n    import sysconfig\n"
    "    assert sysconfig.get_config_vars()\n    return x + x",
    "a loop over what is not there": "import tensorflow as tf\n"
    "NAMES = [name for name in tf.dtypes.names]\n"
    "def double(x): return x + x + len(NAMES)",
}


@pytest.mark.parametrize("kind", OF_PYTHON)
def test_python_and_numpy_work_as_they_do_elsewhere(course, hosts, kind):
    session = course.session(OF_PYTHON[kind], hosts, timeout_s=10)
    assert session.call("double", [2.0], {}, False) == 4


PACKAGES = {
    "tf.nn.conv2d": "import tensorflow as tf\ndef double(x): return tf.nn.conv2d(x, x)",
    "keras.ops.conv": "import keras\ndef double(x): return keras.ops.conv(x, x)",
    "torch.conv2d": "import torch\ndef double(x): return torch.conv2d(x)",
    "shared.layers.Conv2D": "import shared.layers\n"
    "def double(x): return shared.layers.Conv2D()",
    "shared.testing.normal": "from shared import testing\n"
    "def double(x): return testing.normal(x)",
    "solutions.oracles.conv2d_loop": "from solutions.oracles import conv2d_loop\n"
    "def double(x): return conv2d_loop(x)",
    "grader.protocol.decode": "import grader.protocol\n"
    "def double(x): return grader.protocol.decode(x)",
    "sklearn.datasets.load_digits": "import sklearn.datasets as d\n"
    "def double(x): return d.load_digits()",
    "a_package_of_my_own.f": "import a_package_of_my_own as p\n"
    "def double(x): return p.f(x)",
}


@pytest.mark.parametrize("name", PACKAGES)
def test_the_message_names_the_call(course, hosts, name):
    session = course.session(PACKAGES[name], hosts)
    with pytest.raises(NotAllowed) as caught:
        session.call("double", [1], {}, False)
    assert str(caught.value) == f"{name} is not allowed in double"


NOTHING_TO_FIND = {
    "sys.modules": "sys.modules['scipy'].signal",
    "a spec": "importlib.util.find_spec('scipy.signal').loader.load_module()",
    "without the finder": "sys.meta_path.clear() or real('scipy.signal')",
    "from a file": "open(os.path.join(os.path.dirname(np.__path__[0]), 'scipy', "
    "'__init__.py'))",
    "another process": "subprocess.check_output([sys.executable, '-c', "
    "'import scipy.signal'])",
}


@pytest.mark.parametrize("kind", NOTHING_TO_FIND)
def test_behind_the_stand_in_there_is_nothing(course, confined, kind):
    source = f"""
        import importlib.util, os, subprocess, sys
        import numpy as np
        real = importlib._bootstrap._gcd_import
        def double(x):
            return str({NOTHING_TO_FIND[kind]})
        """
    session = course.session(source, confined)
    with pytest.raises((StudentError, NotAllowed)):
        session.call("double", [1], {}, False)


HARMLESS = {
    "imports for other questions": "import tensorflow as tf\nimport keras\n"
    "from shared.datasets import load\nfrom scipy import *\n"
    "def double(x): return 2 * x",
    "isinstance": "import tensorflow as tf\ndef double(x):\n"
    "    if isinstance(x, tf.Tensor): x = x.numpy()\n    return 2 * x",
    "isinstance of several": "import tensorflow as tf, numpy as np\ndef double(x):\n"
    "    assert isinstance(x, (tf.Tensor, np.ndarray, tf.Variable))\n    return 2 * x",
    "issubclass": "import tensorflow as tf\ndef double(x):\n"
    "    return 2 * x if not issubclass(type(x), tf.Tensor) else 0",
    "type hints": "import tensorflow as tf\nfrom typing import Optional\n"
    "def double(x: tf.Tensor | None, y: Optional[tf.Tensor] = None, "
    "z: list[tf.Tensor] = ()) -> 'tf.Tensor': return 2 * x",
    "constants": "import tensorflow as tf\nDTYPE = tf.float32\nNAMES = {tf.int8: 1}\n"
    "def double(x):\n    return 2 * x if DTYPE is not None and NAMES else 0",
    "called while defining": "import tensorflow as tf\n"
    "tf.random.set_seed(3); gpus = tf.config.list_physical_devices('GPU')\n"
    "def double(x):\n    gpus\n    return 2 * x",
    "decorator": "import tensorflow as tf\n@tf.function\ndef other(x): pass\n"
    "def double(x): return 2 * x",
    "a class of it elsewhere": "import keras\nclass Layer(keras.layers.Layer): pass\n"
    "def double(x): return 2 * x",
    "the standard library": "import math, collections, functools, dataclasses\n"
    "def double(x): return 2 * x",
    "parts of numpy": "from numpy.lib.stride_tricks import as_strided\n"
    "import numpy.linalg as la\ndef double(x): return 2 * as_strided(x)",
    "a plot": "import matplotlib.pyplot as plt, seaborn\ndef double(x):\n"
    "    fig, axes = plt.subplots(1, 2)\n    axes[0].plot(x); axes[1].set(title='x')\n"
    "    counts, bins, patches = plt.hist(x)\n    plt.rcParams['font.size'] = 3\n"
    "    with plt.rc_context({}): plt.show()\n    seaborn.heatmap(x)\n    return 2 * x",
    "a progress bar": "from tqdm.auto import tqdm, trange\nimport numpy as np\n"
    "def double(x):\n    with tqdm(total=2) as bar: bar.update(1)\n"
    "    return np.array([2 * x[i] for i, _ in zip(trange(len(x)), tqdm(x))])",
    "a notebook's own names": "from IPython.display import clear_output\n"
    "def double(x):\n    display(x); clear_output(wait=True)\n"
    "    get_ipython().run_line_magic('time', '')\n    return 2 * x",
    "a checked annotation": "from jaxtyping import Float, jaxtyped\n"
    "from beartype import beartype\nfrom typing_extensions import override\n"
    "import numpy as np\n@jaxtyped(typechecker=beartype)\n@override\n"
    "def double(x: Float[np.ndarray, 'n'] | None): return 2 * x",
    "what is not installed": "try:\n    from numba_not_here import njit\n"
    "except ImportError:\n    njit = lambda f: f\n@njit\ndef double(x): return 2 * x",
    "what Colab has": "try:\n    import google.colab\n    COLAB = 1\n"
    "except ImportError:\n    COLAB = 0\ndef double(x): return 2 * x + COLAB",
    "an optional import": "try:\n    import tensorflow as tf\nexcept ImportError:\n"
    "    tf = None\ndef double(x): return 2 * x",
}


@pytest.mark.parametrize("kind", HARMLESS)
def test_what_costs_nothing(course, hosts, kind):
    import numpy as np

    session = course.session(HARMLESS[kind], hosts)
    assert session.call("double", [np.ones(2)], {}, False).tolist() == [2, 2]
    assert not session.problems


NO_ANSWERS = {
    "a plot": "import matplotlib.pyplot as plt\ndef double(x): return plt.xcorr(x, x)",
    "parts of it": "from plotly import x as make\ndef double(x): return [*make(x)]",
    "added up": "import seaborn\ndef double(x): return seaborn.double(x) + 0",
    "tried, and installed": "try:\n    import scipy.signal as s\n"
    "except ImportError:\n    s = None\ndef double(x): return s.convolve(x, [2])",
}


@pytest.mark.parametrize("kind", NO_ANSWERS)
def test_what_shows_things_makes_no_answer(course, hosts, kind):
    report = course.grade({"double": NO_ANSWERS[kind]}, hosts, only=["double"])
    assert report.score == 0


def test_the_question_is_lost_and_no_other(course, hosts):
    answers = {
        "# imports": "import scipy.signal as s",
        "double": "def double(x): return s.convolve(x, [2])",
        "total": "def total(x): return float(x.sum())",
    }
    report = course.grade(answers, hosts)
    assert report.score == 2
    test = question(report, "double").tests[0]
    assert test.outcome is Outcome.FAILED
    assert test.message == "scipy.signal.convolve is not allowed in double"
    assert not test.hint


def test_another_questions_helper_is_no_way_round(tmp_path, hosts):
    # `double` may use shared.shapes; `total`, which may not, calls it.
    wide = {**QUESTIONS[0], "allow": ["numpy", "shared.shapes"]}
    course = write_course(tmp_path, questions=[wide, QUESTIONS[1]])
    answers = {
        "double": """
            def double(x):
                from shared.shapes import out_size
                return x * out_size(4, 3)
            """,
        "total": "def total(x): return double(x).sum() / 2",
    }
    report = course.grade(answers, hosts)
    assert question(report, "double").score == 3
    lost = question(report, "total")
    assert lost.score == 0
    assert "shared.shapes.out_size is not allowed in total" in {
        test.message for test in lost.tests
    }


def test_a_part_of_a_package_is_allowed_alone(tmp_path, hosts):
    part = {**QUESTIONS[0], "allow": ["numpy", "shared.shapes"]}
    course = write_course(tmp_path, questions=[part, QUESTIONS[1]])
    source = "from shared import {0}\ndef double(x): return {0}.{1}"
    good = course.session(source.format("shapes", "out_size(7, 3)"), hosts)
    assert good.call("double", [1], {}, False) == 5
    bad = course.session(source.format("testing", "rng(3)"), hosts)
    with pytest.raises(NotAllowed, match=r"^shared\.testing\.rng is not allowed"):
        bad.call("double", [1], {}, False)


def test_swallowing_the_refusal_gains_nothing(course, hosts):
    source = textwrap.dedent("""
        import scipy.signal as s
        def double(x):
            try: return s.convolve(x, [2])
            except BaseException: return 0
        """)
    report = course.grade({"double": source}, hosts)
    assert question(report, "double").score == 0
