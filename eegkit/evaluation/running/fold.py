"""What a worker does: fit a pipeline on one fold, score every person of its test trials."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from eegkit.error_place import error_place
from eegkit.evaluation.audit.access_checks import check_access
from eegkit.evaluation.metrics.scoring import (
    Answers,
    Scorer,
    best_constant,
    by_answers,
    chance_level,
    reads_soft_labels,
    score,
)
from eegkit.evaluation.results.predictions import Predictions
from eegkit.evaluation.results.tuning import settings_tried
from eegkit.evaluation.running.fit_params import calibrate, groups_for_fit
from eegkit.evaluation.running.memory import peak_mb, reset_peak
from eegkit.evaluation.running.warning_log import warning_log
from eegkit.evaluation.splits.named import Fold
from eegkit.joint_work import busy_time, reasons_alone
from eegkit.labels import hard_labels, labels_are_subjects
from eegkit.signals import SignalArray


@dataclass(frozen=True)
class Data:
    """The trials as workers get them: a plain array, which joblib shares once as a memmap.

    `y` may be soft. `units` are what the split keeps apart, where that is not people.
    """

    X: NDArray[Any]
    metadata: dict[str, Any]
    y: NDArray[Any]
    groups: NDArray[Any]
    units: NDArray[Any] | None = None

    def signals(self, rows: NDArray[np.intp]) -> SignalArray:
        """Some of the trials, with what is known about them."""
        return SignalArray(self.X, **self.metadata)[rows]

    @property
    def labels_and_groups(self) -> list[NDArray[Any]]:
        """All that is said of the trials beside the signals."""
        return [part for part in (self.y, self.groups, self.units) if part is not None]

    @property
    def labels(self) -> NDArray[Any]:
        """One label for each trial: of soft ones, the number of the most probable class."""
        return self.y if self.y.ndim == 1 else self.y.argmax(axis=1)

    @cached_property
    def classes(self) -> tuple[NDArray[Any], NDArray[np.intp]]:
        """The classes, and the number of each trial's; of soft labels, of the most probable."""
        return np.unique(self.labels, return_inverse=True)

    @cached_property
    def subjects(self) -> NDArray[np.intp]:
        """A number for the subject of each trial."""
        return np.unique(self.groups, return_inverse=True)[1]

    def prior(self, rows: NDArray[np.intp]) -> tuple[NDArray[Any], NDArray[Any]]:
        """The classes of some trials, and how often each is there."""
        if self.y.ndim == 2:
            return np.arange(self.y.shape[1]), self.y[rows].mean(axis=0)
        classes, codes = self.classes
        counts = np.bincount(codes[rows], minlength=len(classes))
        return classes[counts > 0], counts[counts > 0]

    @cached_property
    def labels_are_subjects(self) -> bool:
        """Whether the label is the person."""
        return labels_are_subjects(self.labels, self.groups)


@dataclass(frozen=True)
class Task:
    """One pipeline and fold of one data set, with one of the pipeline's seeds.

    Its access is checked on one fold and with one seed only; the fitted decoder is kept or not.
    """

    number: int
    dataset: str
    pipeline: str
    seed: int
    fold: Fold
    checks_access: bool = False
    keeps_decoder: bool = False

    @property
    def fit(self) -> tuple[str, int]:
        """The pipeline and the number of its seed."""
        return self.pipeline, self.seed

    @property
    def names(self) -> dict[str, Any]:
        """What tells its rows of a table from those of others."""
        return {
            "dataset": self.dataset,
            "pipeline": self.pipeline,
            "seed": self.seed,
            "fold": self.fold.number,
        }


@dataclass(frozen=True)
class Outcome:
    """What comes back of a task: rows of the table and predictions, or how it failed.

    ``warnings`` holds (text, category, filename, lineno), ``undefined`` the metrics that are
    NaN as (metric, subject), ``failure`` the error and its traceback, ``findings`` what an audit
    found about the access of the fitted pipeline, ``search`` the settings that it tried, and
    ``decoder`` the fitted pipeline, where the task keeps it, ``alone`` why its nets were trained
    one after the other where they were to be trained at once.
    """

    task: int
    rows: list[dict[str, Any]]
    predictions: Predictions | None = None
    warnings: list[tuple[str, type[Warning], str, int]] = field(default_factory=list)
    undefined: list[tuple[str, Any]] = field(default_factory=list)
    failure: dict[str, str] | None = None
    findings: list[dict[str, Any]] = field(default_factory=list)
    search: list[dict[str, Any]] = field(default_factory=list)
    decoder: Any = None
    alone: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Fitted:
    """What a fitted pipeline leaves behind: rows of scores, answers, and what it says of itself."""

    rows: list[dict[str, Any]]
    predictions: Predictions
    findings: list[dict[str, Any]]
    search: list[dict[str, Any]]
    decoder: Any


def _hint(error: Exception) -> str:
    """What to do about scikit-learn's word for trials, where features were expected."""
    if "Found array with dim 3" not in str(error):
        return ""
    return (
        " An estimator reads features, but was given trials of channels and samples: put a "
        "transform first, as Pipeline([BandPower(), LogisticRegression()])."
    )


def fit_and_score(
    task: Task, pipeline: Any, data: Data, scorers: Mapping[str, Scorer], may_fail: bool
) -> Outcome:
    """Fit a clone of the pipeline on a fold, and score each subject of its test trials.

    With `may_fail` an error becomes the outcome; without, it is raised.
    """
    fold = task.fold
    try:
        with warning_log() as log:
            fitted = _fit_and_score(task, pipeline, data, scorers)
    except Exception as error:
        if may_fail:
            text = f"{type(error).__name__}: {error}"
            place = error_place(error)
            text += "" if place in text else f"{place}."
            failure = {"error": text + _hint(error), "traceback": traceback.format_exc()}
            return Outcome(task.number, [], failure=failure)
        error.add_note(f"This happened to {task.pipeline!r} on fold {fold.number}.{_hint(error)}")
        raise
    rows = fitted.rows
    undefined = [(m, row["subject"]) for row in rows for m in scorers if np.isnan(row[m])]
    return Outcome(
        task.number, rows, fitted.predictions, list(log), undefined,
        findings=fitted.findings, search=fitted.search,
        decoder=fitted.decoder if task.keeps_decoder else None, alone=reasons_alone(),
    )  # fmt: skip


def _fit_and_score(task: Task, pipeline: Any, data: Data, scorers: Mapping[str, Scorer]) -> Fitted:
    fold = task.fold
    reset_peak()
    estimator = clone(pipeline)
    units = data.groups if data.units is None else data.units
    groups = groups_for_fit(estimator, units[fold.train])
    start = busy_time()
    estimator = estimator.fit(data.signals(fold.train), data.y[fold.train], **groups)
    fit_end = busy_time()
    X_test = data.signals(fold.test)
    calibrate(estimator, X_test, data.y[fold.test])
    classes = getattr(estimator, "classes_", None)
    if classes is None:
        classes = np.unique(data.labels[fold.train])
    answers = Answers(estimator, X_test, classes)
    rows = _score_subjects(task, answers, X_test, data, scorers)
    places, scored = fold.scored_places, fold.scored
    has_proba = hasattr(answers, "predict_proba")
    predictions = Predictions(
        trial=scored.astype(np.int64),
        fold=np.full(len(scored), fold.number),
        seed=np.full(len(scored), task.seed),
        subject=data.groups[scored],
        y=data.labels[scored],
        predicted=answers.predict(places),
        classes=answers.classes_,
        proba=answers.predict_proba(places).astype(np.float32) if has_proba else None,
    )
    costs = {
        "fit_time_s": fit_end - start,
        "score_time_s": busy_time() - fit_end,
        "peak_mb": peak_mb(),
    }
    findings = []
    if task.checks_access:
        y_test = data.labels[fold.test]
        with warning_log():  # of changed trials, which are nobody's
            findings = check_access(estimator, X_test, y_test, fold.unscored)
    rows = [row | costs for row in rows]
    return Fitted(rows, predictions, findings, settings_tried(estimator, task.names), estimator)


def _score_subjects(
    task: Task, answers: Answers, X_test: SignalArray, data: Data, scorers: Mapping[str, Scorer]
) -> list[dict[str, Any]]:
    """A row for each subject of the test trials: scores, and the chance level of each."""
    fold = task.fold
    places, y_test = fold.scored_places, data.y[fold.test]
    n_train_subjects = int(np.count_nonzero(np.bincount(data.subjects[fold.train])))
    chance_of = _chance_levels(data, fold, scorers)
    rows = []
    for subject, rows_of_scored in _trials_of_each(data.groups[fold.scored]):
        trials = places[rows_of_scored]
        scores = score(
            answers, trials, partial(X_test.__getitem__, trials), y_test[trials], scorers
        )
        row = task.names | {
            "subject": subject,
            "n_train": len(fold.train),
            "n_test": len(trials),
            "n_train_subjects": n_train_subjects,
        }
        chance = chance_of(y_test[trials])
        for metric, value in scores.items():
            row |= {metric: value, f"chance_{metric}": chance[metric]}
        rows.append(row)
    return rows


def _trials_of_each(groups: NDArray[Any]) -> Iterator[tuple[Any, NDArray[np.intp]]]:
    """Every subject, and where its trials are."""
    subjects, codes, counts = np.unique(groups, return_inverse=True, return_counts=True)
    parts = np.split(np.argsort(codes, kind="stable"), np.cumsum(counts)[:-1])
    return zip(subjects.tolist(), parts, strict=True)


def _chance_levels(
    data: Data, fold: Fold, scorers: Mapping[str, Scorer]
) -> Callable[[NDArray[Any]], dict[str, float]]:
    """The chance levels of somebody's labels, computed once for all who have as many of each.

    Labels of one class say nothing by themselves, since that class every time is always right:
    the chance level is NaN, until that of all folds together takes its place (`fill_chance`).
    """
    prior = data.prior(fold.train)

    def levels(y: NDArray[Any]) -> dict[str, float]:
        single = len(np.unique(hard_labels(y))) == 1
        return {
            name: float("nan")
            if single and not reads_soft_labels(scorer)
            else best_constant(scorer, *prior, y)
            for name, scorer in scorers.items()
        }

    # Where the label is the person, nobody could guess it knowing whose trials these are: chance
    # is then that of the whole fold.
    whole = levels(data.y[fold.scored]) if data.labels_are_subjects else None
    alike: dict[Any, dict[str, float]] = {}
    countable = data.y.ndim == 1 and all(map(by_answers, scorers.values()))

    def chance_of(y: NDArray[Any]) -> dict[str, float]:
        if whole is not None or not countable:
            return whole or levels(y)
        key = tuple(np.sort(y).tolist())
        if key not in alike:
            alike[key] = levels(y)
        return alike[key]

    return chance_of


def fill_chance(
    table: pd.DataFrame, tasks: list[Task], data: Mapping[str, Data], scorers: Mapping[str, Scorer]
) -> None:
    """The chance level of those whose test trials are of one class, in place.

    It is that of all people tested: of one answer that never looks at the signals, whoever it is
    about. Each person counts once for each of their classes.
    """
    for name in {task.dataset: None for task in tasks}:
        part = data[name]
        rows = np.unique(np.concatenate([t.fold.scored for t in tasks if t.dataset == name]))
        pairs = pd.DataFrame({"subject": part.subjects[rows], "y": part.classes[1][rows]})
        y = part.y[rows[~pairs.duplicated().to_numpy()]]
        for metric, scorer in scorers.items():
            column = f"chance_{metric}"
            lacking = (table["dataset"] == name) & table[column].isna()
            if lacking.any():
                table.loc[lacking, column] = chance_level(scorer, y, y)
