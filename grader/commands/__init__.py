"""The commands besides grading itself: one file each, loaded when it is asked for.

A file ``name.py`` here holds a click command called ``command``.
"""
