"""From what an instructor downloads to one folder for each student."""

from grader.intake.collect import Handin, collect
from grader.intake.roster import Person, Roster, read_roster

__all__ = ["Handin", "Person", "Roster", "collect", "read_roster"]
