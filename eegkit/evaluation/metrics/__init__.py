"""Scores of predictions, their calibration, and the scores of chance."""
