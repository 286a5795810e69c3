"""Every right answer of the corpus gets full marks in the real assignments."""

from __future__ import annotations

import pytest

from tests.honest.cases import corpus, judge, lost, read

CASES = corpus()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_gets_full_marks(case, tmp_path, hosts, references) -> None:
    manifest = case.manifest
    report = judge(case, tmp_path, hosts, references.of(manifest))
    if report.not_graded:
        pytest.skip(report.questions[0].message)
    assert report.full_marks, f"{case.why}\n{lost(report)}"


def test_every_assignment_has_cases() -> None:
    assert {case.assignment for case in CASES} == {f"{n:02}" for n in range(1, 13)}
    assert len(CASES) >= 70


def test_a_wrong_answer_gets_none(tmp_path, hosts, references) -> None:
    """What would be seen if a case lost its points: this harness can fail."""
    path = tmp_path / "wrong.py"
    path.write_text(
        '# /// honest\n# why = "wrong"\n# assignment = "01"\n# ///\n\n'
        '# %% question="blur_kernel"\ndef blur_kernel(radius):\n    return radius\n'
    )
    case = read(path)
    report = judge(case, tmp_path, hosts, references.of(case.manifest))
    assert report.score == 0
    assert "blur_kernel: 0 of 5 points" in lost(report)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", "no header"),
        ('# /// honest\n# why = "x"\n# ///\n', "assignment"),
        ('# /// honest\n# assignment = "01"\n# wy = "x"\n# ///\n', "unknown key wy"),
    ],
)
def test_a_case_that_cannot_be_read_is_named(tmp_path, text, message) -> None:
    path = tmp_path / "odd.py"
    path.write_text(text)
    with pytest.raises(ValueError, match=f"odd.py: .*{message}"):
        read(path)
