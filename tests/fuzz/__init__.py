"""Arbitrary and damaged input for everything that reads what a student hands in."""
