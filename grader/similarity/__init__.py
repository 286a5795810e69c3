"""Which submissions of a class are suspiciously alike, and in which questions."""

from grader.similarity.compare import Pair, compare, compare_class

__all__ = ["Pair", "compare", "compare_class"]
