"""Plots, in scikit-learn's Display convention."""

from eegkit.plots.scores import ScoresDisplay
from eegkit.plots.spectrogram import SpectrogramDisplay
from eegkit.plots.training import TrainingCurvesDisplay

__all__ = ["ScoresDisplay", "SpectrogramDisplay", "TrainingCurvesDisplay"]
