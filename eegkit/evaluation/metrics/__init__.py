"""Scores of predictions, their calibration, and the scores of chance."""

from eegkit.evaluation.metrics.calibration import (
    brier_score,
    calibration_table,
    expected_calibration_error,
    maximum_calibration_error,
    reliability_table,
)
from eegkit.evaluation.metrics.chance import chance_level
from eegkit.evaluation.metrics.divergence import kl_divergence
from eegkit.evaluation.metrics.scoring import FIXED_COLUMNS, Answers, Scorer, make_scorers, score

__all__ = [
    "FIXED_COLUMNS",
    "Answers",
    "Scorer",
    "brier_score",
    "calibration_table",
    "chance_level",
    "expected_calibration_error",
    "kl_divergence",
    "make_scorers",
    "maximum_calibration_error",
    "reliability_table",
    "score",
]
