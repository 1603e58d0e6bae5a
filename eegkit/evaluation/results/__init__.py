"""What an evaluation found: tables, predictions, and how they came about."""

from eegkit.evaluation.results.join import join_results
from eegkit.evaluation.results.predictions import Predictions, one_to_one, pack, unpack
from eegkit.evaluation.results.results import Results
from eegkit.evaluation.results.settings import describe_run

__all__ = [
    "Predictions",
    "Results",
    "describe_run",
    "join_results",
    "one_to_one",
    "pack",
    "unpack",
]
