"""Trials that pipelines calibrate on: scored for none of them, so that scores stay paired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from eegkit.access import access_of, calibration_rows, parts_of, searched
from eegkit.evaluation.metrics.scoring import Scorer, by_answers
from eegkit.evaluation.running.fit_params import takes_labels
from eegkit.evaluation.running.fold import Data
from eegkit.evaluation.splits.metadata import listed, show
from eegkit.evaluation.splits.named import Fold
from eegkit.signals import SignalArray

# What says which trials are scored, which has to be clear before anything is fitted.
DECLARED = ("access", "n_calibration", "calibration_s")


def without_calibration(
    folds: Sequence[Fold],
    data: Data,
    pipelines: Mapping[str, Any],
    scorers: Mapping[str, Scorer],
) -> tuple[list[Fold], dict[str, Any]]:
    """Folds that know which test trials are not scored, and what the settings tell about those.

    Parameters
    ----------
    folds : sequence of Fold
    data : Data
    pipelines, scorers : dict by name

    Raises
    ------
    ValueError
        Somebody's test trials of a fold are all calibrated on; or a metric asks the pipeline
        itself about the trials that are left, among which it would calibrate anew.
    """
    _check_labelled(pipelines)
    _check_searched(pipelines)
    # As they are fitted: whom a fitted one was calibrated for, is forgotten.
    pipelines = {name: clone(pipeline) for name, pipeline in pipelines.items()}
    by_pipeline: dict[str, set[int]] = {}
    marked = []
    for fold in folds:
        signals = _without_samples(data, fold.test)
        unscored = np.zeros(len(fold.test), dtype=bool)
        for name, pipeline in pipelines.items():
            rows = calibration_rows(pipeline, signals)
            by_pipeline.setdefault(name, set()).update(fold.test[rows].tolist())
            unscored |= rows
            _check_somebody_left(name, fold, data.groups[fold.test], unscored)
        marked.append(replace(fold, unscored=unscored))
    counts = {name: len(rows) for name, rows in by_pipeline.items() if rows}
    if not counts:
        return marked, {}
    _check_scorers(scorers, counts)
    unscored = np.array(sorted(set.union(*by_pipeline.values())))
    people, n_trials = np.unique(data.groups[unscored], return_counts=True)
    by_person = dict(zip(map(str, people.tolist()), n_trials.tolist(), strict=True))
    return marked, {"pipelines": counts, "people": by_person}


def _check_labelled(pipelines: Mapping[str, Any]) -> None:
    for name, pipeline in pipelines.items():
        if access_of(pipeline) == "labelled" and not takes_labels(pipeline):
            raise ValueError(
                f"A step of {name!r} calibrates by labelled trials, which evaluate gives to whole "
                "decoders only: put the pipeline into SupervisedCalibration, not that into it."
            )


def _check_searched(pipelines: Mapping[str, Any]) -> None:
    for name, pipeline in pipelines.items():
        for key, _ in (pair for part in parts_of(pipeline) for pair in searched(part)):
            if key.rpartition("__")[2] in DECLARED:
                raise ValueError(
                    f"{name!r} searches for the best {key}; but what a pipeline may see of the "
                    "people tested is declared, not chosen. Take it out of the search space, and "
                    "evaluate one pipeline for each value."
                )


def _without_samples(data: Data, rows: NDArray[np.intp]) -> SignalArray:
    """Trials with what is known of them, whose samples take no memory."""
    of_trials = ("groups", "onsets")
    facts = {
        name: value[rows] if name in of_trials and value is not None else value
        for name, value in data.metadata.items()
    }
    samples = np.broadcast_to(np.float32(0), (len(rows), *data.X.shape[1:]))
    return SignalArray(samples, **facts)


def _check_somebody_left(
    name: str, fold: Fold, groups: NDArray[Any], unscored: NDArray[np.bool_]
) -> None:
    lost = np.setdiff1d(groups, groups[~unscored])
    if len(lost):
        n = int((groups == lost[0]).sum())
        raise ValueError(
            f"{name!r} calibrates on all {n} test trials of {show(lost[0])} in fold "
            f"{fold.number}, so that none is left to score. Calibrate on fewer trials, or leave "
            "out people who have so few."
        )


def _check_scorers(scorers: Mapping[str, Scorer], counts: Mapping[str, int]) -> None:
    callers = [name for name, scorer in scorers.items() if not by_answers(scorer)]
    if callers:
        raise ValueError(
            f"{listed(callers)} asks the pipeline itself about trials, but {listed(list(counts))} "
            "calibrates on the first ones, which are not scored, and would take others for the "
            "first. Make it a metric of answers, by sklearn.metrics.make_scorer."
        )
