"""Fits and scores, fold by fold, here or spread over workers."""

from eegkit.evaluation.running.evaluate import evaluate
from eegkit.evaluation.running.inputs import check_trials, name_datasets

__all__ = [
    "check_trials",
    "evaluate",
    "name_datasets",
]
