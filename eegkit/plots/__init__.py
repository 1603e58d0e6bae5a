"""Plots, in scikit-learn's Display convention."""

from eegkit.plots.scores import ScoresDisplay

__all__ = ["ScoresDisplay"]
