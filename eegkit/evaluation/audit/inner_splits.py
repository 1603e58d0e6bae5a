"""Estimators that split their training trials themselves, as a grid search does."""

from __future__ import annotations

from typing import Any

from sklearn import model_selection

from eegkit.evaluation.audit.findings import Findings

# Splitters that do not look at groups.
WITHOUT_GROUPS = (
    model_selection.KFold, model_selection.LeaveOneOut, model_selection.LeavePOut,
    model_selection.RepeatedKFold, model_selection.RepeatedStratifiedKFold,
    model_selection.ShuffleSplit, model_selection.StratifiedKFold,
    model_selection.StratifiedShuffleSplit, model_selection.TimeSeriesSplit,
)  # fmt: skip


def check_inner_splits(prefix: str, pipeline: Any, findings: Findings) -> None:
    """Inner splits with the same people on both sides, where the outer one keeps them apart."""
    for name, cv in pipeline.get_params(deep=True).items():
        if name.rpartition("__")[2] != "cv":
            continue
        if cv is None or isinstance(cv, (int, *WITHOUT_GROUPS)):
            findings.add(
                "inner_split",
                "note",
                f"Pipeline: {prefix}{name}={cv!r} splits the training trials with the same people "
                "on both sides, so that what is chosen by it is what knows people best.",
                "Keep people apart there, too: cv=GroupKFold(5).",
            )
