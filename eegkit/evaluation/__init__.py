"""Evaluation that keeps people apart: splits, their audit, scores per subject, statistics."""

from eegkit.evaluation._evaluate import evaluate
from eegkit.evaluation.audit import Audit, audit_folds, audit_split
from eegkit.evaluation.baselines import baselines
from eegkit.evaluation.block_splitters import WithinSessionKFold, WithinSubjectKFold
from eegkit.evaluation.calibration import (
    brier_score,
    calibration_table,
    expected_calibration_error,
    maximum_calibration_error,
    reliability_table,
)
from eegkit.evaluation.chance import chance_level
from eegkit.evaluation.fixed_split import FixedSplit
from eegkit.evaluation.inflation import Inflation, inflation
from eegkit.evaluation.learning_curve import LearningCurve, learning_curve
from eegkit.evaluation.metrics import kl_divergence
from eegkit.evaluation.permutation import PermutationChance, permutation_chance
from eegkit.evaluation.predictions import Predictions
from eegkit.evaluation.ranks import RankComparison, friedman_nemenyi
from eegkit.evaluation.results import Results
from eegkit.evaluation.splits import make_splitter
from eegkit.evaluation.splitters import CrossDataset, CrossRun, CrossSession, TrialSplitter
from eegkit.evaluation.statistics import Interval, bootstrap_interval, compare_paired

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
    "kl_divergence",
    "learning_curve",
    "make_splitter",
    "maximum_calibration_error",
    "permutation_chance",
    "reliability_table",
]
