"""What an evaluation found: tables, predictions, and how they came about."""

from eegkit.evaluation.results.join import join_results
from eegkit.evaluation.results.predictions import Predictions, pack, unpack
from eegkit.evaluation.results.results import Results
from eegkit.evaluation.results.settings import RunSettings, describe_run, source_of

__all__ = [
    "Predictions",
    "Results",
    "RunSettings",
    "describe_run",
    "join_results",
    "pack",
    "source_of",
    "unpack",
]
