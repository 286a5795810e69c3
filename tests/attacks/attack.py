"""An attack as data: one file of the corpus.

A file of the corpus is what a student would hand in: cells in percent format, a C++ or
CUDA file of assignment 06, or, where it is too large or too odd to lie in a folder,
Python that makes it. Its first lines say, as TOML in a comment, what it tries::

    # /// attack
    # tries = "reads the hidden tests from the disk"
    # question = "relu_forward"
    # ///

Keys:

- ``tries``: in one line, after "it …".
- ``assignment``: two digits; ``"03"`` if missing.
- ``question``: the id of the question attacked. Its answer is replaced; the others are
  the solution's and must keep their points.
- ``verdict``: how the attacked question may end; ``FAILED``, ``ERROR`` or ``CRASHED``
  if missing. An answer may be right and the attack be on something else: ``PASSED``.
- ``loses``: further questions that may lose their points, because the attack is also in
  what they are made of.
- ``blank``: True if the other answers are handed in blank: where they take long, and
  in all variants but the first.
- ``variants``: texts that take the place of ``VARIANT``, each an attack of its own.
- ``file``: which file of the submission this one is, for C++ and CUDA.
- ``control``: True if without a sandbox it does succeed, which is tried: proof that
  the attack is one.
- ``made``: True if the file is Python with ``build(folder, honest)``: it writes the
  submission into the empty `folder`; `honest` is the solved notebook. It runs here, so
  nothing of the attack itself may be in it.
- ``states``: of the gradebook, in which the submission may end; any if missing.
- ``modes``: ``["single", "batch"]`` if missing; ``["batch"]`` for all variants but
  the first.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

CORPUS = Path(__file__).with_name("corpus")
PLACEHOLDER = "VARIANT"
REFUSED = ("FAILED", "ERROR", "CRASHED")
_HEADER = re.compile(
    r"^(?P<mark>#|//) /// attack\n(?P<toml>.*?)^(?P=mark) ///\n", re.M | re.S
)


@dataclass(frozen=True)
class Attack:
    """One attack; see the module's text for the fields.

    Attributes:
        name: folder and file, and the variant's number if there are several.
        source: the file without its first lines, the variant in its place.
    """

    name: str
    tries: str
    source: str
    question: str = ""
    assignment: str = "03"
    verdict: tuple[str, ...] = REFUSED
    loses: tuple[str, ...] = ()
    file: str = ""
    blank: bool = False
    control: bool = False
    made: bool = False
    states: tuple[str, ...] = ()
    modes: tuple[str, ...] = ("single", "batch")
    path: Path = field(default=CORPUS, compare=False)

    @property
    def family(self) -> str:
        """The folder that it lies in: what kind of attack it is."""
        return self.path.parent.name


@cache
def corpus() -> tuple[Attack, ...]:
    """Returns all attacks, by name."""
    files = sorted(p for p in CORPUS.glob("*/*") if p.suffix in (".py", ".cc", ".cu"))
    return tuple(attack for path in files for attack in read(path))


def read(path: Path) -> Iterator[Attack]:
    """Reads one file of the corpus: an attack, or its variants.

    Raises:
        ValueError: if its first lines are not what they should be; names the file.
    """
    text = path.read_text(encoding="utf-8")
    match = _HEADER.match(text)
    if match is None:
        raise ValueError(f"{path}: must begin with '# /// attack'")
    mark = re.compile(rf"^{match['mark']} ?", re.M)
    try:
        table = tomllib.loads(mark.sub("", match["toml"]))
        variants = table.pop("variants", [])
        for key in ("verdict", "loses", "states", "modes"):
            if key in table:
                table[key] = tuple(table[key])
        attack = Attack(
            f"{path.parent.name}/{path.stem}",
            source=text[match.end() :],
            path=path,
            **table,
        )
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from None
    if bool(variants) != (PLACEHOLDER in attack.source):
        raise ValueError(f"{path}: variants and {PLACEHOLDER} belong together")
    if not variants:
        yield attack
    for number, variant in enumerate(variants, 1):
        first = number == 1 or "modes" in table
        yield replace(
            attack,
            name=f"{attack.name}-{number}",
            source=attack.source.replace(PLACEHOLDER, variant),
            modes=attack.modes if first else ("batch",),
            # That the other answers keep their points, the first one shows.
            blank=attack.blank or number > 1,
        )
