"""No attack of the corpus gains a point, reads a secret, or leaves a trace."""

from __future__ import annotations

from collections import Counter

import pytest

from grader.manifest import find_assignment, load
from tests.attacks.arena import arena
from tests.attacks.attack import CORPUS, Attack, corpus, read
from tests.attacks.trial import in_a_class, single

ALL = corpus()
ASSIGNMENTS = sorted({attack.assignment for attack in ALL})


def _alone(attacks: tuple[Attack, ...]) -> list[Attack]:
    return [attack for attack in attacks if "single" in attack.modes]


@pytest.mark.parametrize("attack", _alone(ALL), ids=lambda attack: attack.name)
def test_alone_it_comes_to_nothing(attack):
    with arena(attack.assignment) as field:
        assert single(attack, field).complaints == ()


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_in_a_class_it_comes_to_nothing(assignment):
    attacks = [a for a in ALL if a.assignment == assignment and "batch" in a.modes]
    with arena(assignment) as field:
        verdicts = in_a_class(attacks, field)
    complaints = {v.attack.name: v.complaints for v in verdicts if v.complaints}
    assert complaints == {}


@pytest.mark.parametrize(
    "attack", [a for a in ALL if a.control], ids=lambda attack: attack.name
)
def test_without_a_sandbox_it_succeeds(attack):
    with arena(attack.assignment) as field:
        verdict = single(attack, field, sandbox="none")
    unlevelled = [c for c in verdict.complaints if not c.startswith("graded at level")]
    assert unlevelled, "it is no attack: nothing happens without a sandbox either"


def test_the_corpus_is_as_large_and_as_wide_as_promised():
    files = {attack.path for attack in ALL}
    assert len(files) >= 50
    assert len({path.parent for path in files}) >= 10
    twice = [n for n, count in Counter(a.name for a in ALL).items() if count > 1]
    assert twice == []


@pytest.mark.parametrize("attack", ALL, ids=lambda attack: attack.name)
def test_each_names_a_question_and_what_it_tries(attack):
    question = load(find_assignment(attack.assignment)).question(attack.question)
    assert question.points > 0
    assert attack.tries[0].islower()
    assert not attack.tries.endswith(".")


def test_a_file_that_is_no_attack_is_named(tmp_path):
    file = tmp_path / "wrong.py"
    for text in ("x = 1\n", "# /// attack\n# tries = 3 = 4\n# ///\n"):
        file.write_text(text)
        with pytest.raises(ValueError, match=r"wrong\.py"):
            list(read(file))
    assert CORPUS.is_dir()
