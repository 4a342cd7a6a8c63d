"""The tests, and the language they are written in."""
