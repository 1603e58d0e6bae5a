"""Evaluation that keeps people apart: splits, their audit, scores per subject, statistics."""

from eegkit.evaluation.audit import Audit, audit_folds, audit_split
from eegkit.evaluation.baselines import baselines
from eegkit.evaluation.inflation import Inflation, inflation
from eegkit.evaluation.learning_curve import LearningCurve, learning_curve
from eegkit.evaluation.metrics import (
    brier_score,
    calibration_table,
    chance_level,
    expected_calibration_error,
    kl_divergence,
    maximum_calibration_error,
    reliability_table,
)
from eegkit.evaluation.results import Predictions, Results, RunSettings, join_results
from eegkit.evaluation.running import evaluate
from eegkit.evaluation.splits import (
    CrossDataset,
    CrossRun,
    CrossSession,
    FixedSplit,
    TrialSplitter,
    WithinSessionKFold,
    WithinSubjectKFold,
    make_splitter,
)
from eegkit.evaluation.statistics import (
    Interval,
    PermutationChance,
    RankComparison,
    bootstrap_interval,
    compare_paired,
    friedman_nemenyi,
    permutation_chance,
)

__all__ = [
    "Audit",
    "CrossDataset",
    "CrossRun",
    "CrossSession",
    "FixedSplit",
    "Inflation",
    "Interval",
    "LearningCurve",
    "PermutationChance",
    "Predictions",
    "RankComparison",
    "Results",
    "RunSettings",
    "TrialSplitter",
    "WithinSessionKFold",
    "WithinSubjectKFold",
    "audit_folds",
    "audit_split",
    "baselines",
    "bootstrap_interval",
    "brier_score",
    "calibration_table",
    "chance_level",
    "compare_paired",
    "evaluate",
    "expected_calibration_error",
    "friedman_nemenyi",
    "inflation",
    "join_results",
    "kl_divergence",
    "learning_curve",
    "make_splitter",
    "maximum_calibration_error",
    "permutation_chance",
    "reliability_table",
]
