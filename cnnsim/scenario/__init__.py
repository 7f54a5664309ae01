"""Scenario files: the format, the reader with located errors, and the bundled scenarios."""
