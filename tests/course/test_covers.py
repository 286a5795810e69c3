"""Which rows of the lecture inventory the assignments claim, and with what numbers."""

from itertools import chain

import pytest

from grader.manifest import ROOT, all_assignments, load
from tests.course.computed import read_rows

# By assignment: what each must cover at least.
CLAIMED = {
    "01": range(1, 21),
    "02": [21, 22, *range(25, 34), *range(46, 49)],
    "03": [9, *range(34, 39), 45],
    "04": [13, *range(21, 27), 28],
    "05": [39, 40, 41, 44],
    "06": [49, 50],
    "07": [53, 57, 63, 91, 92],
    "08": [41, 42, 43, 57, 58, *range(85, 90)],
    "09": [10, 24, 52, *range(54, 70)],
    "10": range(70, 77),
    "11": [*range(77, 85), 90],
    "12": [51, 52],
}


def test_each_assignment_claims_its_rows():
    covers = {folder.name[:2]: {*load(folder).covers} for folder in all_assignments()}
    for number, rows in CLAIMED.items():
        assert {*rows} <= covers[number], number
    assert all(1 <= row <= 92 for row in chain(*covers.values()))


def test_every_row_is_covered():
    covered = set(chain(*(load(folder).covers for folder in all_assignments())))
    assert covered == {*range(1, 93)}


def test_the_readme_maps_the_course():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    listed = {row[0]: row[-1] for row in rows if len(row) == 5 and row[0].isdigit()}
    there = {f.name[:2]: f"{load(f).points:g}" for f in all_assignments()}
    assert listed == there, "number and points of each assignment"


@pytest.mark.parametrize("folder", all_assignments(), ids=lambda folder: folder.name)
def test_a_table_says_where_the_numbers_of_each_row_are_computed(folder):
    """Whether they are, test_notebooks.py tells, and how to write the table."""
    manifest = load(folder)
    path = manifest.solution_folder / "rows.toml"
    assert path.is_file(), f"{path} is missing; see tests/course/test_notebooks.py"
    entries = read_rows(path)
    assert {entry.row for entry in entries} == {*manifest.covers}
    some = any(entry.computed for entry in entries)
    assert some or not manifest.covers, "no row has a number"
