"""The pages: what a student may see, nothing more, and readable on a phone."""

from __future__ import annotations

import re
import shutil
from html.parser import HTMLParser

import pytest

from grader.batch.tasks import unread
from grader.feedback import student_page, write_feedback, write_report_page
from grader.gradebook import Attempt, Grade, Override, State, Student
from grader.results import (
    NOT_ANSWERED,
    Outcome,
    QuestionResult,
    Report,
    TestResult,
)

NAME = "01_tiny"
EVIL = "<script>document.title='pwned'</script><img src=x onerror=alert(1)>\"'&"


def report(**outcomes: str) -> Report:
    """A report whose question ``double`` ended as told."""
    outcome = Outcome(outcomes.get("double", "PASSED"))
    right = outcome is Outcome.PASSED
    tests = [TestResult("adds up", Outcome.PASSED)]
    if not right:
        said = ("You squared x.", f"double({EVIL})", "squares")
        tests += [TestResult(f"n {EVIL}", outcome, f"got {EVIL}", *said)]
    questions = (
        QuestionResult(
            "double", "Twice", 3.0 if right else 0.0, 3.0, outcome, tuple(tests)
        ),
        QuestionResult("total", "All", 2.0, 2.0, Outcome.PASSED, tuple(tests[:1])),
    )
    note = f"cell 3: {EVIL}"
    return Report(NAME, "Tiny", "x", 7, "isolated", "hidden", questions, (note,))


def grade(student: str, made: Report | None, **changes) -> Grade:
    attempt = made and Attempt(
        assignment=NAME,
        student=student,
        key=student,
        digest=student,
        state=State.GRADED,
        reason="",
        score=made.score,
        points=made.points,
        submitted="",
        late=False,
        penalty_percent=0.0,
        folder="",
        note="",
        graded="2027-03-02T08:00:00+00:00",
        seconds=1.25,
        report=made.as_dict(),
    )
    known = {
        "student": Student(student, changes.pop("name", "")),
        "questions": {q.id: q.score for q in made.questions} if made else {},
        "points": 5.0,
        "earned": made.score if made else 0.0,
        "penalty_percent": 0.0,
        "score": made.score if made else 0.0,
        "state": State.GRADED if made else None,
        "reason": "" if made else "nothing was handed in",
        "overrides": {},
        "attempt": attempt,
    }
    return Grade(**known | changes)


class Tags(HTMLParser):
    """What a page is made of, as a parser of HTML sees it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += f"{data} "


def test_a_student_sees_every_lost_point_explained():
    page = Tags(student_page(report(double="FAILED"), name="Jane"))
    words = " ".join(page.text.split())
    assert "2 of 5 points" in words
    assert "Hint. You squared x." in words
    assert "1 other test of this question passed" in words
    assert "Jane" in words
    assert "seed 7" in words


def test_nothing_of_a_students_is_markup():
    page = student_page(report(double="FAILED"), name=EVIL)
    tags = Tags(page)
    assert not {"script", "img", "iframe", "link"} & {tag for tag, _ in tags.seen}
    assert not [a for _, attrs in tags.seen for a in attrs if a.startswith("on")]
    assert tags.text.count("<script>document.title='pwned'</script>") >= 4, "as text"
    assert "default-src 'none'" in page


def test_a_page_needs_nothing_but_itself(tmp_path):
    index = write_feedback([grade("a", report(double="ERROR"))], NAME, tmp_path)
    for file in tmp_path.iterdir():
        for tag, attributes in Tags(file.read_text()).seen:
            for name in ("src", "href", "xlink:href"):
                value = attributes.get(name) or ""
                local = value.startswith("#") or re.fullmatch(r"[\w%.-]+\.html", value)
                assert not value or local, (file, tag, value)
    assert index == tmp_path / "index.html"


def test_words_of_a_ta_and_lateness_are_told():
    said = Override(NAME, "a", "double", 2.5, "right for 2", "TA Kim", "now")
    made = grade(
        "a",
        report(double="FAILED"),
        overrides={"double": said},
        earned=4.5,
        score=3.6,
        penalty_percent=20.0,
    )
    page = student_page(report(double="FAILED"), grade=made)
    words = " ".join(Tags(page).text.split())
    assert "3.6 of 5 points" in words
    assert "4.5 earned; 20 % taken off" in words
    assert "TA Kim set double to 2.5: right for 2" in words
    assert "2.5 / 3" in words


def test_the_class_page_ranks_what_students_get_wrong(tmp_path):
    class_ = [
        grade("a", report(), name="Ann"),
        grade("b", report(double="FAILED"), name=EVIL),
        grade("c", report(double="TIMEOUT"), name="Cem"),
        grade("d", None, name="Dan"),
    ]
    text = write_feedback(class_, NAME, tmp_path).read_text()
    words = " ".join(Tags(text).text.split())
    assert "3 handed in, 1 did not; median 2, full marks 1" in words
    assert "1 of 3 0 1" in words, "double: one right, none blank, one out of time"
    assert "2 squares" in words, "two students have this misconception"
    assert words.index("Twice") < words.index("All"), "hardest first"
    assert text.count("<svg") == 2
    assert "<script>document" not in text
    pages = {file.name for file in tmp_path.iterdir()}
    assert pages == {"index.html", "a.html", "b.html", "c.html"}


def test_an_empty_class_has_a_page_too(tmp_path):
    words = Tags(write_feedback([grade("d", None)], NAME, tmp_path).read_text()).text
    assert "0 handed in, 1 did not" in " ".join(words.split())


def test_one_report_as_a_page(tmp_path):
    write_report_page([report()], tmp_path / "x" / "page.html")
    assert "5" in (tmp_path / "x" / "page.html").read_text()


@pytest.fixture(scope="module")
def browser():
    """Chromium, where there is one."""
    playwright = pytest.importorskip("playwright.sync_api")
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium here: apt install chromium")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.mark.parametrize("width", [360, 1200])
def test_in_a_real_browser_nothing_runs_and_nothing_overflows(tmp_path, browser, width):
    class_ = [grade("b", report(double="FAILED"), name=EVIL), grade("a", report())]
    write_feedback(class_, NAME, tmp_path)
    asked, said = [], []
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("console", lambda message: said.append(message.text))
    for name in ("b.html", "index.html"):
        page.goto((tmp_path / name).as_uri())
        assert page.title() != "pwned"
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{name} is {wide} wide on a screen of {width}"
        # No column of single letters, one below the other.
        words = "[...document.querySelectorAll('td')].filter(td => /[a-z]{5}/.test("
        words += "td.textContent)).map(td => td.clientWidth)"
        narrow = page.evaluate(f"Math.min(...{words})")
        assert narrow > 50, f"{name}: a column is {narrow} wide"
        size = page.evaluate("getComputedStyle(document.body).fontSize")
        assert float(size.removesuffix("px")) >= 16
    assert page.locator("svg").count() == 2
    page.get_by_role("link", name="(b)").click()
    assert page.get_by_text("You squared x.").is_visible()
    assert all(url.startswith("file://") for url in asked)
    assert said == []
    context.close()


def test_a_cell_that_cannot_be_read_is_not_called_unanswered(course, tmp_path):
    tests = (TestResult("answered", Outcome.ERROR, NOT_ANSWERED),)
    for message, word, blank in (
        ("", NOT_ANSWERED, "1"),
        ("cell 3: line 1: '(' was never closed", "cannot be read", "0"),
    ):
        lost = QuestionResult(
            "double", "Twice", 0.0, 3.0, Outcome.ERROR, tests, message
        )
        made = Report(NAME, "Tiny", "x", 7, "isolated", "hidden", (lost,))
        page = write_feedback([grade("a", made)], NAME, tmp_path).read_text()
        assert f'0 of 1</td><td class="n">{blank}</td>' in page
        assert f'<td class="bad">{word}</td>' in (tmp_path / "a.html").read_text()


def test_a_class_in_which_nobodys_notebook_can_be_read_has_a_page(course, tmp_path):
    told = Report.from_dict(unread(course.manifest, "not a notebook", 1))
    assert (told.score, told.points) == (0, 5)
    page = write_feedback([grade("a", told)], NAME, tmp_path).read_text()
    assert "0 of 1" in Tags(page).text
