"""Changes of structured data, code and bytes, drawn by hypothesis.

Few integers decide each change, so that hypothesis shrinks a failing case to the one
change that matters.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

#: Picks one of however many there turn out to be.
INDEX = st.integers(0, 9999)


def nested(depth: int, item: Any = 0) -> Any:
    """Returns ``[[[item]]]``, `depth` lists deep."""
    for _ in range(depth):
        item = [item]
    return item


#: Values where others belong.
ODD_TEXTS = (
    *("", " ", "\n", "\0", "\x1b[31mred\x1b[0m", "\x9b31m", "\ud800", "\udcff"),
    *(
        "\ufeff",
        "\u202eabc",
        "é",
        "日本",
        "\U00020000" * 90,
        "a\nb",
        "..",
        "/",
        "x" * 5000,
    ),
    *("code", "markdown", "im2col", "nan", "__class__", "<script>", "=1+1"),
)
STRUCTURES = (
    *([], {}, [None], [[]], {"": None}, [3, "x", ["y"]], {"a": {"a": {"a": {}}}}),
    *(nested(60), nested(600), ["line\n"] * 300),
)
ODD_VALUES = (
    *ODD_TEXTS,
    *(None, True, False, 0, -1, 4, 2**31, -(2**63), 10**300, 0.5, -0.0, 1e308),
    *(float("nan"), float("inf"), *STRUCTURES),
)


# -- trees of dicts and lists -----------------------------------------------------


def place(tree: list[Any], steps: list[int]) -> tuple[Any, Any]:
    """Returns a container in `tree` and a key of it, found by `steps`."""
    container, key = tree, 0
    for step in steps:
        inner = container[key]
        if isinstance(inner, dict) and inner:
            container, key = inner, list(inner)[step % len(inner)]
        elif isinstance(inner, list) and inner:
            container, key = inner, step % len(inner)
        else:
            break
    return container, key


def _delete(container: Any, key: Any, odd: Any) -> None:
    del container[key]


def _replace(container: Any, key: Any, odd: Any) -> None:
    container[key] = odd


def _duplicate(container: Any, key: Any, odd: Any) -> None:
    if isinstance(container, list):
        container.insert(key, container[key])
    else:
        container[f"{key}2"] = container[key]


def _rename(container: Any, key: Any, odd: Any) -> None:
    if isinstance(container, dict):
        container[str(odd)] = container.pop(key)


def _reverse(container: Any, key: Any, odd: Any) -> None:
    inner = container[key]
    if isinstance(inner, list):
        inner.reverse()
    elif isinstance(inner, dict):
        container[key] = dict(reversed(inner.items()))


def _wrap(container: Any, key: Any, odd: Any) -> None:
    container[key] = [container[key]]


def _unwrap(container: Any, key: Any, odd: Any) -> None:
    inner = container[key]
    if isinstance(inner, list | dict) and inner:
        container[key] = inner[next(iter(inner))] if type(inner) is dict else inner[0]


def _repeat(container: Any, key: Any, odd: Any) -> None:
    if isinstance(container[key], list | str):
        container[key] = container[key] * 5


def _to_text(container: Any, key: Any, odd: Any) -> None:
    container[key] = str(container[key])[:2000]


_TREE: tuple[Callable[[Any, Any, Any], None], ...] = (
    *(
        _replace,
        _replace,
        _replace,
        _delete,
        _duplicate,
        _rename,
        _reverse,
        _wrap,
        _unwrap,
        _repeat,
    ),
    _to_text,
)
TREE_CHANGES = st.lists(
    st.tuples(
        st.sampled_from(_TREE),
        # A notebook's answer cells say of which question they are six steps down.
        st.lists(INDEX, min_size=1, max_size=7),
        st.sampled_from(ODD_VALUES) | st.sampled_from(STRUCTURES),
    ),
    max_size=3,
)


def change_tree(tree: Any, changes: Any) -> Any:
    """Returns `tree`, which is changed on the way, with `changes` made."""
    held = [tree]
    for change, steps, odd in changes:
        if held:
            # A copy, lest one case leave something in it for the next.
            new = json.loads(json.dumps(odd)) if isinstance(odd, list | dict) else odd
            change(*place(held, steps), new)
    return held[0] if held else None


# -- Python -----------------------------------------------------------------------

_TOKEN = re.compile(r"\w+|\s+|.", re.DOTALL)
_TRIPLE = "'" * 3
ODD_CODE = (
    *("\0", "\x0c", "\t", "\r", "\\", "\\\n", "\ufeff", "\u2028", "\xa0", "\ud800"),
    *("(", "[", "{", ")", "]", "}", "'", '"', _TRIPLE, 'f"{', 'f"{x!r:{y}}"', "#"),
    *("%matplotlib inline\n", "%%bash\n", "%%timeit\n", "!ls\n", "?x", "x?", "x = !ls"),
    *("<<<<<<< HEAD\n", "=======\n", ">>>>>>> theirs\n", "lambda: ", "*", "**", ":="),
    *(
        "if 1:\n\tx\n        y\n",
        "  indented\n",
        "é",
        "日本 = 1\n",
        "0" * 30,
        "0x",
        "1_",
    ),
    *("from __future__ import annotations\n", "from x import *\n", "import a.b.c\n"),
    *(
        "global x\n",
        "nonlocal x\n",
        "return",
        "yield",
        "await ",
        "async ",
        "match x:\n",
    ),
    *(
        "@",
        ";",
        ";;",
        "...",
        "->",
        "# %%\n",
        '# %% question="im2col"\n',
        "x = 1; y = 2",
    ),
    *(
        "del x\n",
        "x: int\n",
        "x += 1\n",
        "a = b = c\n",
        "a[0].b = 1\n",
        "(a, *b) = c\n",
    ),
)
#: Each asks for `n` of something, nested or in a row.
DEEP_CODE: tuple[Callable[[int], str], ...] = (
    lambda n: "(" * n,
    lambda n: "(" * n + "1" + ")" * n,
    lambda n: "[" * n + "]" * n,
    lambda n: "-" * n + "1",
    lambda n: "not " * n + "x",
    lambda n: "x" + ".a" * n,
    lambda n: "x" + "[0]" * n + " = 1",
    lambda n: "x" + "()" * n,
    lambda n: "1" + "+1" * n,
    lambda n: "1" + "**1" * n,
    lambda n: "lambda: " * n + "0",
    lambda n: "x" + " if x else x" * n,
    lambda n: "if x: pass\n" + "elif x: y = 1\n" * n,
    lambda n: "a = " * n + "1",
    lambda n: "@a\n" * n + "def f(): pass",
    lambda n: "".join(" " * i + f"def f{i}():\n" for i in range(min(n, 120))),
    lambda n: "".join(" " * i + "if x:\n" for i in range(min(n, 120))) + " " * 121,
    lambda n: "1" * n,
    lambda n: "x = 0x" + "f" * n,
    lambda n: "'" + "a" * n,
    lambda n: "#" * n,
    lambda n: "%magic\n" * n,
    lambda n: "x = 1\n" * n + "!ls\n" * 20,
    lambda n: "try: pass\nexcept: pass\n" * n,
    lambda n: "a, " * n + "= b",
    lambda n: "def f(" + ", ".join(f"a{i}" for i in range(n)) + "): pass",
    lambda n: "f'" + "{" * n + "'",
    lambda n: "[x " + "for x in x " * n + "]",
    lambda n: "".join(f"def g{i}(): return g{i + 1}()\n" for i in range(n)),
    lambda n: "".join(f"v{i + 1} = v{i}\n" for i in range(n)),
    lambda n: "# %% " + "a" * n,
)
_SIZES = (3, 30, 99, 101, 250, 1000, 3000)
_ODD_TOKENS = st.one_of(
    st.sampled_from(ODD_CODE),
    st.builds(
        lambda deep, n: f"\n{deep(n)}\n",
        st.sampled_from(DEEP_CODE),
        st.sampled_from(_SIZES),
    ),
)


def _cut(tokens: list[str], at: int, odd: str) -> None:
    del tokens[at:]


def _drop(tokens: list[str], at: int, odd: str) -> None:
    del tokens[at]


def _swap(tokens: list[str], at: int, odd: str) -> None:
    other = (at + len(odd)) % len(tokens)
    tokens[at], tokens[other] = tokens[other], tokens[at]


def _insert(tokens: list[str], at: int, odd: str) -> None:
    tokens.insert(at, odd)


def _append(tokens: list[str], at: int, odd: str) -> None:
    tokens.append(f"\n{odd}\n")


def _put(tokens: list[str], at: int, odd: str) -> None:
    tokens[at] = odd


def _again(tokens: list[str], at: int, odd: str) -> None:
    tokens[at:at] = tokens[at : at + 40]


_CODE: tuple[Callable[[list[str], int, str], None], ...] = (
    *(_insert, _insert, _append, _append, _put, _drop, _swap, _again, _cut),
)
CODE_CHANGES = st.lists(
    st.tuples(st.sampled_from(_CODE), INDEX, _ODD_TOKENS), min_size=1, max_size=4
)


def change_code(source: str, changes: Any) -> str:
    """Returns Python `source` with tokens changed."""
    tokens = _TOKEN.findall(source) or [""]
    for change, at, odd in changes:
        change(tokens, at % max(1, len(tokens)), odd)
        tokens = tokens or [""]
    return "".join(tokens)


# -- bytes ------------------------------------------------------------------------

_ODD_BYTES = (
    *(b"\0", b"\xff", b"\xff\xff\xff\xff", b"\x80", b"\xed\xa0\x80", b"\xc0\xaf"),
    *(b"\r", b"\n", b'"', b"\\", b"{", b"}", b"[" * 2000, b"]", b",", b":", b"="),
    *(b"NaN", b"-Infinity", b"1" * 5000, b"1e999", b"-", b"\x1b[2J", b"<<<<<<< HEAD\n"),
    *(b'"cells": 5, ', b'"source": null, ', b'"nbformat": 1e400, ', b"\\ud800", b"PK"),
)


def _encoded(data: bytes, at: int, odd: bytes) -> bytes:
    name = ("utf-16", "utf-16-le", "utf-32", "latin-1", "utf-7")[at % 5]
    return data.decode(errors="replace").encode(name, errors="replace")


_BYTES: tuple[Callable[[bytes, int, bytes], bytes], ...] = (
    lambda data, at, odd: data[:at] + odd + data[at:],
    lambda data, at, odd: data[:at] + odd + data[at + len(odd) :],
    lambda data, at, odd: data[:at],
    lambda data, at, odd: data[at:],
    lambda data, at, odd: data[:at] + data[at + 1 + len(odd) :],
    lambda data, at, odd: data[:at] + data[at : at + 64] + data[at:],
    lambda data, at, odd: data + odd,
    lambda data, at, odd: odd + data,
)
_WHOLE: tuple[Callable[[bytes, int, bytes], bytes], ...] = (
    lambda data, at, odd: codecs.BOM_UTF8 + data,
    lambda data, at, odd: data.replace(b"\n", b"\r\n"),
    _encoded,
)
BYTE_CHANGES = st.lists(
    st.tuples(
        st.sampled_from((*_BYTES, *_BYTES, *_WHOLE)),
        st.floats(0, 1),
        st.sampled_from(_ODD_BYTES) | st.binary(min_size=1, max_size=8),
    ),
    max_size=3,
)


def change_bytes(data: bytes, changes: Any) -> bytes:
    """Returns `data` with pieces inserted, replaced, taken out or encoded anew."""
    for change, where, odd in changes:
        data = change(data, int(where * len(data)), odd)
    return data
