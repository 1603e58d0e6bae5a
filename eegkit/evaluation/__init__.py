"""Evaluation that keeps people apart: splits, scores per subject, results."""

from eegkit.evaluation._evaluate import evaluate
from eegkit.evaluation.baselines import baselines
from eegkit.evaluation.chance import chance_level
from eegkit.evaluation.metrics import kl_divergence
from eegkit.evaluation.predictions import Predictions
from eegkit.evaluation.results import Results
from eegkit.evaluation.splits import WithinSubjectKFold, make_splitter

__all__ = [
    "Predictions",
    "Results",
    "WithinSubjectKFold",
    "baselines",
    "chance_level",
    "evaluate",
    "kl_divergence",
    "make_splitter",
]
