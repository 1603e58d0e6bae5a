"""Plots, in scikit-learn's Display convention."""

from eegkit.plots.scores import ScoresDisplay
from eegkit.plots.spectrogram import SpectrogramDisplay

__all__ = ["ScoresDisplay", "SpectrogramDisplay"]
