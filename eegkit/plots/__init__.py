"""Plots, in scikit-learn's Display convention."""

from eegkit.plots.class_counts import ClassCountsDisplay
from eegkit.plots.comparison import ComparisonDisplay
from eegkit.plots.confusion import ConfusionMatrixDisplay
from eegkit.plots.embedding import EmbeddingDisplay
from eegkit.plots.learning_curve import LearningCurveDisplay
from eegkit.plots.reliability import ReliabilityDisplay
from eegkit.plots.scores import ScoresDisplay
from eegkit.plots.spectrogram import SpectrogramDisplay
from eegkit.plots.spectra import SpectraDisplay
from eegkit.plots.training import TrainingCurvesDisplay
from eegkit.plots.splits import SplitDisplay
from eegkit.plots.topography import TopographyDisplay
from eegkit.plots.traces import TracesDisplay

__all__ = [
    "ComparisonDisplay",
    "ClassCountsDisplay",
    "ConfusionMatrixDisplay",
    "EmbeddingDisplay",
    "LearningCurveDisplay",
    "ReliabilityDisplay",
    "ScoresDisplay",
    "SpectrogramDisplay",
    "TrainingCurvesDisplay",
    "SpectraDisplay",
]
    "SplitDisplay",
    "TopographyDisplay",
    "TracesDisplay",
