"""Instructor side: sources, hidden tests and oracles. Never in a student's hands."""
