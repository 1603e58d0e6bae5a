"""Intervals and tests over people."""

from eegkit.evaluation.statistics.paired import Interval, bootstrap_interval, compare_paired
from eegkit.evaluation.statistics.permutation import PermutationChance, permutation_chance
from eegkit.evaluation.statistics.ranks import RankComparison, friedman_nemenyi

__all__ = [
    "Interval",
    "PermutationChance",
    "RankComparison",
    "bootstrap_interval",
    "compare_paired",
    "friedman_nemenyi",
    "permutation_chance",
]
