"""What a worker does: fit a pipeline on one fold, score every person of its test trials."""

from __future__ import annotations

import time
import traceback
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from eegkit.evaluation.metrics.scoring import Answers, Scorer, chance_level, score
from eegkit.evaluation.results.predictions import Predictions
from eegkit.evaluation.running.fit_params import groups_for_fit
from eegkit.evaluation.running.memory import peak_mb, reset_peak
from eegkit.evaluation.splits.named import Fold
from eegkit.labels import labels_are_subjects
from eegkit.signals import SignalArray


@dataclass(frozen=True)
class Data:
    """The trials as workers get them: a plain array, which joblib shares once as a memmap.

    `y` may be soft.
    """

    X: NDArray[Any]
    metadata: dict[str, Any]
    y: NDArray[Any]
    groups: NDArray[Any]

    def signals(self, rows: NDArray[np.intp]) -> SignalArray:
        """Some of the trials, with what is known about them."""
        return SignalArray(self.X, **self.metadata)[rows]

    @property
    def labels(self) -> NDArray[Any]:
        """One label for each trial: of soft ones, the number of the most probable class."""
        return self.y if self.y.ndim == 1 else self.y.argmax(axis=1)


@dataclass(frozen=True)
class Task:
    """One pipeline and fold of one data set."""

    number: int
    dataset: str
    pipeline: str
    fold: Fold


@dataclass(frozen=True)
class Outcome:
    """What comes back of a task: rows of the table and predictions, or how it failed.

    ``warnings`` holds (text, category, filename, lineno), ``undefined`` the metrics that are
    NaN as (metric, subject), ``failure`` the error and its traceback.
    """

    task: int
    rows: list[dict[str, Any]]
    predictions: Predictions | None = None
    warnings: list[tuple[str, type[Warning], str, int]] = field(default_factory=list)
    undefined: list[tuple[str, Any]] = field(default_factory=list)
    failure: dict[str, str] | None = None


def fit_and_score(
    task: Task, pipeline: Any, data: Data, scorers: Mapping[str, Scorer], may_fail: bool
) -> Outcome:
    """Fit a clone of the pipeline on a fold, and score each subject of its test trials.

    With `may_fail` an error becomes the outcome; without, it is raised.
    """
    fold = task.fold
    try:
        with warnings.catch_warnings(record=True) as records:
            warnings.simplefilter("default")
            warnings.filterwarnings("ignore", message="The groups parameter is ignored")
            rows, predictions = _fit_and_score(task, pipeline, data, scorers)
    except Exception as error:
        if may_fail:
            text = f"{type(error).__name__}: {error}"
            failure = {"error": text, "traceback": traceback.format_exc()}
            return Outcome(task.number, [], failure=failure)
        error.add_note(f"This happened to {task.pipeline!r} on fold {fold.number}.")
        raise
    undefined = [(m, row["subject"]) for row in rows for m in scorers if np.isnan(row[m])]
    messages = [(str(w.message), w.category, w.filename, w.lineno) for w in records]
    return Outcome(task.number, rows, predictions, messages, undefined)


def _fit_and_score(
    task: Task, pipeline: Any, data: Data, scorers: Mapping[str, Scorer]
) -> tuple[list[dict[str, Any]], Predictions]:
    fold = task.fold
    reset_peak()
    estimator = clone(pipeline)
    groups = groups_for_fit(estimator, data.groups[fold.train])
    start = time.perf_counter()
    estimator = estimator.fit(data.signals(fold.train), data.y[fold.train], **groups)
    fit_end = time.perf_counter()
    X_test = data.signals(fold.test)
    classes = getattr(estimator, "classes_", np.unique(data.labels[fold.train]))
    answers = Answers(estimator, X_test, classes)
    rows = _score_subjects(task, answers, X_test, data, scorers)
    has_proba = hasattr(answers, "predict_proba")
    predictions = Predictions(
        trial=fold.test.astype(np.int64),
        fold=np.full(len(fold.test), fold.number),
        subject=data.groups[fold.test],
        y=data.labels[fold.test],
        predicted=answers.predict(slice(None)),
        classes=answers.classes_,
        proba=answers.predict_proba(slice(None)).astype(np.float32) if has_proba else None,
    )
    costs = {
        "fit_time_s": fit_end - start,
        "score_time_s": time.perf_counter() - fit_end,
        "peak_mb": peak_mb(),
    }
    return [row | costs for row in rows], predictions


def _score_subjects(
    task: Task, answers: Answers, X_test: SignalArray, data: Data, scorers: Mapping[str, Scorer]
) -> list[dict[str, Any]]:
    """A row for each subject of the test trials: scores, and the chance level of each."""
    fold = task.fold
    y_train, y_test, groups = data.y[fold.train], data.y[fold.test], data.groups[fold.test]
    # Where the label is the person, nobody could guess it knowing whose trials these are: chance
    # is then that of the whole fold.
    identity = labels_are_subjects(data.labels, data.groups)
    whole = _chance_levels(y_train, y_test, scorers) if identity else None
    rows = []
    for subject in np.unique(groups).tolist():
        trials = np.flatnonzero(groups == subject)
        row = {
            "dataset": task.dataset,
            "pipeline": task.pipeline,
            "fold": fold.number,
            "subject": subject,
            "n_train": len(fold.train),
            "n_test": len(trials),
            "n_train_subjects": len(np.unique(data.groups[fold.train])),
        }
        chance = whole or _chance_levels(y_train, y_test[trials], scorers)
        scores = score(answers, trials, X_test[trials], y_test[trials], scorers)
        for metric, value in scores.items():
            row |= {metric: value, f"chance_{metric}": chance[metric]}
        rows.append(row)
    return rows


def _chance_levels(
    y_train: NDArray[Any], y_test: NDArray[Any], scorers: Mapping[str, Scorer]
) -> dict[str, float]:
    return {name: chance_level(scorer, y_train, y_test) for name, scorer in scorers.items()}
