"""Plots, in scikit-learn's Display convention."""

from eegkit.plots.comparison import ComparisonDisplay
from eegkit.plots.confusion import ConfusionMatrixDisplay
from eegkit.plots.embedding import EmbeddingDisplay
from eegkit.plots.learning_curve import LearningCurveDisplay
from eegkit.plots.reliability import ReliabilityDisplay
from eegkit.plots.scores import ScoresDisplay
from eegkit.plots.spectrogram import SpectrogramDisplay
from eegkit.plots.training import TrainingCurvesDisplay

__all__ = [
    "ComparisonDisplay",
    "ConfusionMatrixDisplay",
    "EmbeddingDisplay",
    "LearningCurveDisplay",
    "ReliabilityDisplay",
    "ScoresDisplay",
    "SpectrogramDisplay",
    "TrainingCurvesDisplay",
]
