"""Which trials train and which test."""

from eegkit.evaluation.splits._metadata import joined, listed, show
from eegkit.evaluation.splits.blocks import WithinSessionKFold, WithinSubjectKFold
from eegkit.evaluation.splits.by_level import CrossDataset, CrossRun, CrossSession, TrialSplitter
from eegkit.evaluation.splits.fixed import FixedSplit
from eegkit.evaluation.splits.named import (
    Fold,
    describe_split,
    folds_of,
    keeps_apart,
    make_splitter,
    overlap,
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
    "joined",
    "keeps_apart",
    "listed",
    "make_splitter",
    "overlap",
    "show",
]
