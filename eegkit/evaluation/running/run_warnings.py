"""What a run warns of when its folds are there: each thing once, not for every fold."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pandas as pd

from eegkit.evaluation.audit.report import Audit
from eegkit.evaluation.running.fold import Outcome
from eegkit.evaluation.splits.metadata import listed
from eegkit.notice import warn


def warn_unseen(audits: Mapping[str, Audit]) -> None:
    """Say of every data set that test trials are of classes that training lacks, if so."""
    for name, audit in audits.items():
        where = f"{name}: " if len(audits) > 1 else ""
        for row in audit.findings[audit.findings["kind"] == "unseen_class"].itertuples():
            warn(f"{where}{row.detail} {row.advice}")


def warn_failed(failures: pd.DataFrame) -> None:
    """Name the folds that failed, once for each pipeline."""
    for (_, pipeline), group in failures.groupby(["dataset", "pipeline"], sort=False):
        s = "s" if len(group) > 1 else ""
        places = [
            f"{row.fold} {row.split}".strip() + (f" (seed {row.seed})" if row.seed else "")
            for row in group.itertuples()
        ]
        warnings.warn(
            f"Fold{s} {', '.join(places)} of {pipeline!r} failed"
            f"{', the first' if s else ''} with {group['error'].iloc[0]}; results.failures holds "
            f"the traceback{s}.",
            UserWarning,
            stacklevel=4,
        )


def relay(outcomes: list[Outcome]) -> None:
    """Give the warnings of all workers, each once; a process of joblib would swallow them."""
    places: dict[tuple[str, type[Warning]], tuple[str, int]] = {}
    for outcome in outcomes:
        for text, category, filename, lineno in outcome.warnings:
            places.setdefault((text, category), (filename, lineno))
    for (text, category), (filename, lineno) in places.items():
        warnings.warn_explicit(text, category, filename, lineno)


def warn_undefined(outcomes: list[Outcome], told_of_people: set[int]) -> None:
    """Name the subjects for whom a metric is NaN, once for each metric.

    The area under the ROC curve of the tasks `told_of_people` is one over people.
    """
    subjects: dict[str, dict[Any, None]] = defaultdict(dict)
    for outcome in outcomes:
        for metric, subject in outcome.undefined:
            if not (outcome.task in told_of_people and metric in ("auroc", "roc_auc")):
                subjects[metric][subject] = None
    for metric, people in subjects.items():
        warnings.warn(
            f"{metric} is undefined for {listed(list(people))}, whose test trials do not hold "
            "every class; it is NaN there.",
            UserWarning,
            stacklevel=4,
        )
