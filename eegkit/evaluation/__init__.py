"""Evaluation that keeps people apart: splits, scores per subject, results."""

from eegkit.evaluation._evaluate import evaluate
from eegkit.evaluation.chance import chance_level
from eegkit.evaluation.results import Results
from eegkit.evaluation.splits import WithinSubjectKFold, make_splitter

__all__ = ["Results", "WithinSubjectKFold", "chance_level", "evaluate", "make_splitter"]
