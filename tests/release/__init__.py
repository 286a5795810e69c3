"""Tests of what is handed to students and to other systems."""
