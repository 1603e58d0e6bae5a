"""Intervals and tests over people."""
