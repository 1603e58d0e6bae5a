"""Plots, in scikit-learn's Display convention."""

from eegkit.plots.attributions import AttributionDisplay
from eegkit.plots.class_counts import ClassCountsDisplay
from eegkit.plots.comparison import ComparisonDisplay
from eegkit.plots.confusion import ConfusionMatrixDisplay
from eegkit.plots.embedding import EmbeddingDisplay
from eegkit.plots.inflation import InflationDisplay
from eegkit.plots.learning_curve import LearningCurveDisplay
from eegkit.plots.reliability import ReliabilityDisplay
from eegkit.plots.scores import ScoresDisplay
from eegkit.plots.spectra import SpectraDisplay
from eegkit.plots.spectrogram import SpectrogramDisplay
from eegkit.plots.splits import SplitDisplay
from eegkit.plots.topography import TopographyDisplay
from eegkit.plots.traces import TracesDisplay
from eegkit.plots.training import TrainingCurvesDisplay
from eegkit.plots.tuning import TuningDisplay

__all__ = [
    "AttributionDisplay",
    "ClassCountsDisplay",
    "ComparisonDisplay",
    "ConfusionMatrixDisplay",
    "EmbeddingDisplay",
    "InflationDisplay",
    "LearningCurveDisplay",
    "ReliabilityDisplay",
    "ScoresDisplay",
    "SpectraDisplay",
    "SpectrogramDisplay",
    "SplitDisplay",
    "TopographyDisplay",
    "TracesDisplay",
    "TrainingCurvesDisplay",
    "TuningDisplay",
]
