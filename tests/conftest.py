"""What every test of the project starts with, and what a run ends with."""

import os
import tempfile

from tests.fuzz import table

# Read by TensorFlow when it is imported, which the test modules do later.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as the course starts it
# Hypothesis's own files, tables of characters and the like, belong in no checkout.
os.environ.setdefault(
    "HYPOTHESIS_STORAGE_DIRECTORY",
    os.path.join(tempfile.gettempdir(), f"hypothesis-of-{os.environ.get('USER', '')}"),
)


def pytest_terminal_summary(terminalreporter):
    """Prints how many cases each target of ``tests/fuzz`` was given."""
    kinds = terminalreporter.stats.values()
    reports = [r for kind in kinds for r in kind if hasattr(r, "when")]
    lines = list(table.lines(reports))
    if lines:
        terminalreporter.section("fuzzing")
        for line in lines:
            terminalreporter.write_line(line)
