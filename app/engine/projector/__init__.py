"""Keeps the read models current."""
