"""The grader's side of the sandbox: hosts, workers, levels."""

from grader.sandbox.hosts import Hosts, Worker
from grader.sandbox.levels import LEVELS, describe

__all__ = ["LEVELS", "Hosts", "Worker", "describe"]
