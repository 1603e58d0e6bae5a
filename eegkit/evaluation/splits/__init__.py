"""Which trials train and which test."""

from eegkit.evaluation.splits._metadata import listed, show
from eegkit.evaluation.splits.blocks import WithinSessionKFold, WithinSubjectKFold
from eegkit.evaluation.splits.by_level import CrossDataset, CrossRun, CrossSession, TrialSplitter
from eegkit.evaluation.splits.fixed import FixedSplit
from eegkit.evaluation.splits.named import (
    Fold,
    describe_split,
    folds_of,
    make_splitter,
    overlap,
    promise_of,
)

__all__ = [
    "CrossDataset",
    "CrossRun",
    "CrossSession",
    "FixedSplit",
    "Fold",
    "TrialSplitter",
    "WithinSessionKFold",
    "WithinSubjectKFold",
    "describe_split",
    "folds_of",
    "listed",
    "make_splitter",
    "overlap",
    "promise_of",
    "show",
]
