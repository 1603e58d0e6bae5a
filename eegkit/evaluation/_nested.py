"""Estimators that split their training trials themselves, as a grid search does."""

from __future__ import annotations

import inspect
from typing import Any

from numpy.typing import NDArray
from sklearn import get_config, model_selection
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import get_routing_for_object

from eegkit.evaluation._findings import Findings

# Splitters that do not look at groups.
UNGROUPED = (
    model_selection.KFold, model_selection.LeaveOneOut, model_selection.LeavePOut,
    model_selection.RepeatedKFold, model_selection.RepeatedStratifiedKFold,
    model_selection.ShuffleSplit, model_selection.StratifiedKFold,
    model_selection.StratifiedShuffleSplit, model_selection.TimeSeriesSplit,
)  # fmt: skip


def people_for_fit(estimator: Any, groups: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """What ``fit`` is to be given besides X and y: the people, where it has a use for them.

    With metadata routing that is whatever was requested; without, the last step of a pipeline
    is looked at: a search of hyper-parameters, or one whose ``fit`` names ``groups``.
    """
    if get_config()["enable_metadata_routing"]:
        asked = get_routing_for_object(estimator).consumes("fit", {"groups"})
        return dict.fromkeys(asked, groups)
    path = []
    while isinstance(estimator, Pipeline):
        name, estimator = estimator.steps[-1]
        path.append(name)
    takes = isinstance(estimator, BaseSearchCV) or (
        hasattr(estimator, "fit") and "groups" in inspect.signature(estimator.fit).parameters
    )
    return {"__".join([*path, "groups"]): groups} if takes else {}


def check_inner_splits(of: str, pipeline: Any, findings: Findings) -> None:
    """Inner splits with the same people on both sides, where the outer one keeps them apart."""
    for name, cv in pipeline.get_params(deep=True).items():
        if name.rpartition("__")[2] != "cv":
            continue
        if cv is None or isinstance(cv, (int, *UNGROUPED)):
            findings.add(
                "inner_split",
                "note",
                f"Pipeline: {of}{name}={cv!r} splits the training trials with the same people on "
                "both sides, so that what is chosen by it is what knows people best.",
                "Keep people apart there, too: cv=GroupKFold(5).",
            )
