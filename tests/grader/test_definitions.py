"""Definitions, not the run: what a question needs of a notebook, and no more."""

from __future__ import annotations
import __future__

import textwrap
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.submission import extract
from grader.submission.cells import Cell


def definitions(*sources):
    """Definitions of cells; a source may be a (question, source)."""
    made = []
    for number, item in enumerate(sources, 1):
        question, source = item if isinstance(item, tuple) else ("", item)
        made.append(Cell(number, textwrap.dedent(source).strip("\n"), question))
    return extract(made)


def defined(*sources, name="f", question="f"):
    """What `name` is after executing what it needs, as a worker does."""
    found = definitions(*sources)
    flags = __future__.annotations.compiler_flag if found.future_annotations else 0
    namespace: dict[str, object] = {"__name__": "submission"}
    for unit in found.units(question, [name]):
        code = compile(unit.source, unit.cell, "exec", flags, dont_inherit=True)
        exec(code, namespace)
    return namespace[name]


NEVER = "while True: pass"


def test_the_run_of_a_notebook_is_left_behind():
    f = defined(
        "def f(x): return 2 * x",
        NEVER,
        "for i in range(10**12): f(i)",
        "raise SystemExit",
        "f(3)",
        "import nowhere_to_be_found",
        "result = 1 / 0",
        "with open('/nowhere') as file: text = file.read()",
        "%matplotlib inline\nplt.show()",
        "assert False",
        "exit()",
        "f.x.y",
    )
    assert f(2) == 4


def test_what_an_answer_needs_comes_from_anywhere():
    f = defined(
        ("f", "def f(x): return helper(x) + CONSTANT + np.sum([x])"),
        "def helper(x): return deeper(x)",
        "CONSTANT = 100",
        "import numpy as np",
        "deeper = lambda x: 10 * x",
    )
    assert f(1) == 111


def test_constants_may_depend_on_others_and_be_changed():
    f = defined(
        "a = 1",
        "b = a + 1",
        "a = 10",
        "b += 5",
        "table = {}",
        "table['b'] = b",
        ("f", "def f(): return table['b'], a"),
    )
    assert f() == (7, 10)


def test_the_last_constant_counts_whatever_its_place():
    assert defined(("f", "def f(): return A"), "A = 1", "A = 2")() == 2


def test_a_helper_beside_the_answer_goes_before_one_elsewhere():
    f = defined(
        ("f", "def helper(): return 'mine'\ndef f(): return helper()"),
        ("g", "def helper(): return 'other'\ndef g(): return helper()"),
    )
    assert f() == "mine"


def test_statements_on_one_line_are_apart():
    source = "a = 1; b = a + 1; raise SystemExit\ndef f(): return b"
    assert defined(source)() == 2
    source = "é = 'é'; c = 'ü' + é; 1 / 0\ndef f(): return c"
    assert defined(source)() == "üé"


@pytest.mark.parametrize(
    "source",
    [
        "if True:\n    def f(): return 1\nelse:\n    def f(): return 2",
        "try:\n    import nowhere\n    f = nowhere.f\nexcept ImportError:\n"
        "    def f(): return 1",
        "import contextlib\nwith contextlib.suppress(NameError):\n    f = lambda: 1",
        "f = g = lambda: 1",
        "f, *rest = (lambda: 1), 2, 3",
        "f: object = lambda: 1",
        "import functools\n@functools.cache\ndef f(): return 1",
        "def wrap(g): return lambda: 1\n@wrap\ndef f(): return 2",
        "class f:\n    def __new__(cls): return 1",
        "async def g(): pass\ndef f(): return 1",
        "def g(a): return lambda: a\nf = g(1)",
        "from os import getpid as f\nf = lambda: 1",
    ],
)
def test_all_ways_to_define_a_name(source):
    assert defined(source)() == 1


def test_what_is_needed_at_once_comes_first():
    f = defined(
        ("f", "@decorate\nclass f(Base):\n    x: int = DEFAULT"),
        "class Base(Root):\n    pass",
        "DEFAULT = 7",
        "def decorate(c):\n    c.decorated = True\n    return c",
        "class Root:\n    def hello(self): return 'hello'",
    )
    assert (f.x, f.decorated, f().hello()) == (7, True, "hello")


@pytest.mark.parametrize(
    "call", ["globals()['help' + 'er']()", "eval('helper')()", "eval('m.floor(1.5)')"]
)
def test_what_is_looked_up_by_name_as_it_runs(call):
    f = defined(
        "import math as m",
        "def helper(): return 1",
        "n = exit()",
        ("f", f"def f(): return {call}"),
    )
    assert f() == 1


def test_cells_under_a_magic_that_nbconvert_wrote_into_a_script():
    script = """
        import math
        get_ipython().run_line_magic('matplotlib', 'inline')
        get_ipython().run_cell_magic('time', '-n 1', 'N = 2\\ndef f(): return N\\n')
        get_ipython().run_cell_magic('bash', '', 'def f(): echo no')
        get_ipython().run_cell_magic('time', '', 'def f(:')
        """
    assert defined(script)() == 2


def test_methods_added_later():
    f = defined("class f:\n    pass", "def call(self): return 1", "f.call = call")
    assert f().call() == 1


def test_star_imports_come_along():
    assert defined("from math import *", ("f", "def f(): return floor(2.5)"))() == 2


def test_names_within_a_function_are_not_the_notebooks():
    f = definitions(
        "x = expensive()", "def expensive(): raise SystemExit", "def f(x): return x"
    )
    assert [unit.source for unit in f.units("f", ["f"])] == ["def f(x): return x"]


def test_annotations_from_the_future_reach_every_cell():
    f = defined(
        "from __future__ import annotations",
        ("f", "def f(x: Nowhere) -> No.where: return 1"),
    )
    assert f(0) == 1


FILLED = {
    "a loop": "table = []\nfor i in range(3): table.append(i)",
    "loops": "table = [0] * 3\nfor i in range(2):\n    for j in (1,):\n"
    "        if i < 9: table[i + j] += i + j",
    "calls": "table = [2, 1]\ntable.insert(0, 0)\ntable.sort()",
    "a dictionary": "made = {}\nfor i, k in enumerate('abc'): made[k] = i\n"
    "table = list(made.values())",
    "a sum": "n = 0\nfor i in range(6): n += i % 2\ntable = list(range(n))",
    "while there is room": "table = []\nn = 3\nwhile n > 0:\n    n -= 1\n"
    "    table.insert(0, n)",
    "until it is told to stop": "table = [0]\nwhile True:\n    n = table[-1] + 1\n"
    "    if n == 3: break\n    table.append(n)",
    "a loop variable that another cell has": "table = []\n"
    "for expensive in range(3): table.append(expensive)",
}


@pytest.mark.parametrize("source", FILLED.values(), ids=FILLED)
def test_a_table_is_filled_where_it_is_made(source):
    f = defined(
        "expensive = exit()",
        source,
        "for i in range(10**12): table.append(i)",
        "while True: table.append(6)",
        "table.append(5)",
        "def f(): return table",
    )
    assert f() == [0, 1, 2]


def test_the_cases_of_a_dispatcher_come_along():
    f = defined(
        ("f", "@functools.singledispatch\ndef f(x): return 'any'"),
        "import functools",
        "@f.register\ndef _(x: int): return 'int'",
        "@f.register(str)\ndef _(x): return 'str'",
    )
    assert (f(1), f("a"), f(1.5)) == ("int", "str", "any")


def test_a_helper_in_a_later_answers_cell_is_that_answers():
    cells = (
        "def helper(): return 'first'",
        ("f", "def f(): return helper(), other()"),
        ("g", "def helper(x): return x\ndef g(): return helper(1)"),
        "def other(): return 'its own'",
        ("h", "def other(x): return x\ndef h(): return other(1)"),
    )
    assert defined(*cells)() == ("first", "its own")


def test_an_answer_below_its_blank_is_used_by_other_answers_too():
    cells = (
        ("g", "def g():\n    raise NotImplementedError"),
        "def g(): return 1",
        ("f", "def f(): return g()"),
    )
    assert defined(*cells)() == 1


def test_a_helper_in_a_later_answers_cell_is_used_if_there_is_no_other():
    f = defined(
        ("f", "def f(): return helper()"),
        ("g", "def helper(): return 1\ndef g(): return helper()"),
    )
    assert f() == 1


# -- duplicated, reordered, blank ---------------------------------------------------

STUB = 'def f(x):\n    """Doubles."""\n    # TODO\n    raise NotImplementedError("f")'


def answer(value):
    return f"def f(x=0):\n    return {value}"


@pytest.mark.parametrize(
    ("cells", "value"),
    {
        "one": ([("f", answer(1))], 1),
        "last of two": ([("f", answer(1)), ("f", answer(2))], 2),
        "last that is no blank": ([("f", answer(1)), ("f", STUB)], 1),
        "answered elsewhere": ([("f", STUB), answer(2)], 2),
        "answered before": ([answer(2), ("f", STUB)], 2),
        "its own cell first": ([("f", answer(1)), answer(2)], 1),
        "another question's cell": ([("g", answer(1)), ("f", STUB)], 1),
        "no metadata": ([answer(1), answer(2)], 2),
        "twice in one cell": ([("f", answer(1) + "\n" + answer(2))], 2),
        "lambda": ([("f", STUB), "f = lambda: 3"], 3),
    }.values(),
    ids=str,
)
def test_which_definition_counts(cells, value):
    assert defined(*cells)() == value


def test_a_class_with_an_empty_method_is_no_blank():
    stub = "class f:\n    def build(self): raise NotImplementedError\n"
    whole = "class f:\n    def build(self): pass\n    def call(self): return 1\n"
    assert defined(("f", stub), whole)().call() == 1
    assert not definitions(whole).is_blank("f", ["f"])


@pytest.mark.parametrize(
    "source",
    [
        "",
        STUB,
        "def f(x): ...",
        "def f(x): pass",
        "def f(x):\n    n = len(x)\n    raise NotImplementedError",
        "def f(x):\n    'doc'\n    raise NotImplementedError",
        "class f:\n    'doc'\n    def a(self): pass\n    def b(self): ...",
        "def g(x): return 1",
    ],
)
def test_blank(source):
    assert definitions(("f", source)).is_blank("f", ["f"])


@pytest.mark.parametrize(
    "source",
    [
        "def f(x): return x",
        "def f(x):\n    if x: return 1\n    raise NotImplementedError",
        "class f:\n    x = 1",
        "f = print",
        "def f(x): raise ValueError",
    ],
)
def test_not_blank(source):
    assert not definitions(("f", source)).is_blank("f", ["f"])


def test_a_second_definition_is_told_of():
    found = definitions(("f", answer(1)), answer(2))
    assert found.again("f", "f") == "cell 2"
    assert definitions(answer(2), ("f", answer(1))).again("f", "f") == ""
    assert definitions(("f", answer(1)), STUB).again("f", "f") == ""


# -- cells that cannot be read -------------------------------------------------------


def test_a_syntax_error_costs_its_cell_and_names_it():
    found = definitions(
        "import math", ("g", "x = 1\ndef g(:\n    pass"), ("f", "def f(): return 1")
    )
    (problem,) = found.problems
    assert problem.cell == "cell 2 (g)"
    assert problem.message == "line 2: invalid syntax: `def g(:`"
    assert found.missing(["f", "g"]) == ["g"]


def test_conflict_markers_in_a_cell_are_named_as_such():
    source = "<<<<<<< HEAD\ndef f(): return 1\n=======\ndef f(): return 2\n>>>>>>> b"
    (problem,) = definitions(("f", source)).problems
    assert "merge-conflict markers" in problem.message
    assert "keep one side" in problem.message


def test_packages_that_an_answer_imports():
    found = definitions(
        "import tensorflow as tf\nimport scipy.signal",
        ("f", "def f(): return helper()"),
        "def helper():\n    from keras import layers\n    return tf",
        ("g", "def g(): return 1"),
    )
    assert found.imports("f", ["f"]) == {"tensorflow", "keras"}
    assert found.imports("g", ["g"]) == set()


def test_units_point_into_the_students_cell():
    found = definitions("x = 1", ("f", "\n# comment\n@d\ndef f():\n    return 1\n"))
    (unit,) = [u for u in found.units("f", ["f"]) if "f" in u.binds]
    assert (unit.cell, unit.line) == ("cell 2 (f)", 2)
    assert unit.source.startswith("@d\n")


# -- hostile -----------------------------------------------------------------------


def test_names_that_need_each_other_end():
    sources = [f"a{i} = a{(i + 1) % 50} if 0 else 0" for i in range(50)]
    assert len(definitions(*sources).units("a0", ["a0"])) == 50


def test_thousands_of_definitions_cost_no_time():
    started = time.monotonic()
    chain = "".join(f"a{i} = a{i - 1}\n" for i in range(1, 3000))
    found = definitions(f"a0 = 1\n{chain}def f(): return a2999")
    assert len(found.units("f", ["f"])) == 3001
    assert time.monotonic() - started < 10


STATEMENTS = st.sampled_from(
    [
        *["import numpy as np", "from math import *", "x = y", "y = x + 1", "x += 1"],
        *["def f(a): return g(a)", "def g(a): return f(x)", "class f(g): pass"],
        *["g.h = f", "x[0] = y", "del x", "global x", "return 1", "yield", "await x"],
        *["if x: y = 1", "try: f = 1\nexcept: g = 2", "for x in y: f = x", "%magic"],
        *[
            "from . import f",
            "import",
            "def f(",
            "x: int",
            "(f := 3)",
            "lambda: x",
            "@",
        ],
        *["match x:\n  case f: pass", "type f = g", "nonlocal f", "*f, g = x", "\x0c"],
    ]
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from(["", "f", "g"]), STATEMENTS), max_size=12))
def test_any_mixture_of_statements_is_taken_apart(cells):
    found = extract([Cell(n, s, q) for n, (q, s) in enumerate(cells, 1)])
    for name in ("f", "g", "x"):
        units = found.units(name, [name])
        assert len(set(units)) == len(units)
        assert bool(units) or found.missing([name]) or found.is_blank(name, [name])
        found.imports(name, [name])
        found.again(name, name)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(max_size=60))
def test_any_text_is_taken_apart(text):
    found = extract([Cell(1, text, "f")])
    found.units("f", ["f"])
    assert all(problem.message for problem in found.problems)


HOSTILE = {
    "a thousand elif": "if x: pass\n" + "elif x: double = n = 1\n" * 900,
    "one name, again and again": "x = x + 1\n" * 9_000,
    "a name that is used and bound in turn": "x = 1\ndef f(): return x\n" * 3_500,
    "changes without end": "x = {}\nx[0] = 1\n" * 5_500,
    "a chain": "".join(f"v{i + 1} = v{i}\n" for i in range(6_000)),
    "functions that call the next": "".join(
        f"def g{i}(): return g{i + 1}()\n" for i in range(3_000)
    ),
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
def test_a_cell_of_as_large_as_may_be_costs_seconds(source):
    started = time.process_time()
    last = "def double(y):\n    return x + f() + v6000 + g0()"
    found = extract([Cell(1, source), Cell(2, last, "double")])
    for _ in range(3):
        assert found.units("double", ["double"])
        found.is_blank("double", ["double", "x", "f"])
        found.imports("double", ["double"])
    assert not found.problems
    assert time.process_time() - started < 20
