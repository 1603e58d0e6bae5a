"""Evaluation that keeps people apart: splits, their audit, scores per subject, statistics."""

from eegkit.evaluation.audit.report import Audit, audit_folds, audit_split
from eegkit.evaluation.baselines import baselines
from eegkit.evaluation.capsules import Replay, replay
from eegkit.evaluation.learning_curve import LearningCurve, learning_curve
from eegkit.evaluation.metrics.calibration import (
    brier_score,
    calibration_table,
    expected_calibration_error,
    maximum_calibration_error,
    reliability_table,
)
from eegkit.evaluation.metrics.divergence import kl_divergence
from eegkit.evaluation.metrics.scoring import chance_level
from eegkit.evaluation.metrics.verification import equal_error_rate, verification_table
from eegkit.evaluation.results.inflation import Inflation
from eegkit.evaluation.results.join import join_results
from eegkit.evaluation.results.people import person_predictions, person_scores
from eegkit.evaluation.results.predictions import Predictions
from eegkit.evaluation.results.results import Results
from eegkit.evaluation.results.settings import RunSettings
from eegkit.evaluation.results.tuning import Tuning
from eegkit.evaluation.running.evaluate import evaluate
from eegkit.evaluation.splits.blocks import WithinSessionKFold, WithinSubjectKFold
from eegkit.evaluation.splits.by_level import CrossDataset, CrossRun, CrossSession, TrialSplitter
from eegkit.evaluation.splits.fixed import FixedSplit
from eegkit.evaluation.splits.named import make_splitter
from eegkit.evaluation.statistics.paired import Interval, bootstrap_interval, compare_paired
from eegkit.evaluation.statistics.permutation import PermutationChance, permutation_chance
from eegkit.evaluation.statistics.ranks import RankComparison, friedman_nemenyi

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
    "Replay",
    "Results",
    "RunSettings",
    "TrialSplitter",
    "Tuning",
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
    "equal_error_rate",
    "evaluate",
    "expected_calibration_error",
    "friedman_nemenyi",
    "join_results",
    "kl_divergence",
    "learning_curve",
    "make_splitter",
    "maximum_calibration_error",
    "permutation_chance",
    "person_predictions",
    "person_scores",
    "reliability_table",
    "replay",
    "verification_table",
]
