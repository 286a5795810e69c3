"""Submissions that try to gain, to read, to break or to outlive: none may.

``corpus`` holds the attacks, one file each; ``attack`` reads them, ``arena`` lays out
what they are after and watches it, ``trial`` grades them as a teacher would, alone and
in a class. ``python -m tests.attacks`` prints the table.
"""
