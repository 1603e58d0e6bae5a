"""The inner folds of a search: who is on which side, and the trials behind steps that stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import get_config
from sklearn.base import clone
from sklearn.utils import column_or_1d, indexable

from eegkit.classifiers._targets import read_labels
from eegkit.evaluation.splits.named import (
    check_enough_subjects,
    folds_of,
    keeps_apart,
    make_splitter,
    overlap,
    read_folds,
    reads_groups,
    reads_metadata,
)
from eegkit.labels import hard_labels, trial_names
from eegkit.notice import warn
from eegkit.parameters import ParameterError
from eegkit.pipeline import Pipeline
from eegkit.signals import SignalArray, as_signals
from eegkit.text import count
from eegkit.trials import Trials
from eegkit.tuning.people import FoldData, rows_of, split_facts
from eegkit.tuning.spaces import Space


def read_trials(X: Any, y: Any, groups: Any) -> tuple[Any, NDArray[Any], NDArray[Any] | None]:
    """Trials, labels and people as `fit` gets them, checked; people may come from X."""
    X = as_signals(X)
    if not hasattr(X, "shape"):
        X = np.asarray(X)
    if getattr(X, "dtype", np.dtype(float)).kind == "c":
        raise ValueError("Complex data not supported: X holds complex numbers; expected real ones.")
    if y is None:
        raise ValueError(
            "TunedClassifier requires y to be passed, but the target y is None; give a label for "
            "each trial."
        )
    labels = read_labels(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = column_or_1d(labels, warn=True)
    X, y = indexable(X, labels)
    if groups is None:
        groups = X.groups if isinstance(X, SignalArray) else None
    if groups is None:
        return X, y, None
    X, y, groups = indexable(X, y, trial_names(groups, "groups"))
    return X, y, groups


def inner_folds(cv: Any, y: NDArray[Any], groups: Any) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """The trials on either side of every inner fold.

    Raises
    ------
    ParameterError
        The folds keep people apart, and nobody is known; they take more than people; or a trial is
        on both sides.
    ValueError
        There are fewer people than folds, no folds, or folds with an empty side.
    """
    splitter = _inner_splitter(cv)
    needs_people = reads_groups(splitter)
    if needs_people and groups is None:
        raise ParameterError(
            f"cv={cv!r} keeps people apart, and nobody says whose the trials are: pass "
            "fit an X that knows people (trials.X) or groups=, or a cv that needs none.",
            "cv",
        )
    if needs_people:
        check_enough_subjects(splitter, groups)
    labels = hard_labels(y)
    folds = read_folds(splitter, np.zeros((len(labels), 1)), labels, groups)
    for fold in folds:
        twice = np.intersect1d(fold.train, fold.test)
        if len(twice):
            raise ParameterError(
                f"Fold {fold.number} of cv trains on {count(len(twice), 'trial')} that it tests, "
                f"trial {twice[0]} for one; give folds whose sides have no trial in common.",
                "cv",
            )
    if groups is not None and any(len(overlap(fold, groups)) for fold in folds):
        name = f"cv={cv!r}" if hasattr(cv, "split") else "cv"
        warn(
            f"{name} chooses settings with the same people on both sides of its folds, "
            'so that what knows people best is chosen; use "group-4".'
        )
    return [(fold.train, fold.test) for fold in folds]


def _inner_splitter(cv: Any) -> Any:
    splitter = make_splitter(cv)
    if reads_metadata(splitter):
        raise ParameterError(
            f"cv is {cv!r}, which reads metadata, and fit is given people alone; use "
            '"group-4" or "loso".',
            "cv",
        )
    return splitter


def check_inner_folds(
    cv: Any, cv_outer: Any, datasets: Mapping[str, Trials], random_state: int | None = None
) -> None:
    """Refuse, before any fit, inner folds that need more people than train in an outer one.

    Raises
    ------
    ParameterError
        They do, or they take more than people.
    ValueError
        The trials cannot be split by `cv_outer`.
    """
    outer, inner = make_splitter(cv_outer, random_state=random_state), _inner_splitter(cv)
    if keeps_apart(outer) != "subject" or not reads_groups(inner):
        return
    for name, trials in datasets.items():
        for fold in folds_of(outer, trials):
            try:
                check_enough_subjects(inner, trials.groups[fold.train])
            except ValueError as error:
                raise ParameterError(
                    f"The inner folds of the search, by its own cv, cannot be made of those who "
                    f"train in fold {fold.number} of {name}. {error}",
                    "cv",
                ) from error


class FoldsOfSpace:
    """The trials of every inner fold behind the steps that no setting changes.

    These steps are fitted once for each fold, when it is first asked for.
    """

    def __init__(self, space: Space, folds: Sequence[Any], X: Any, y: Any, groups: Any) -> None:
        # Metadata that is routed to single steps goes through the pipeline alone.
        is_routed = get_config()["enable_metadata_routing"]
        self.n_steps = 0 if is_routed else space.first_changed_step()
        self.steps = space.decoder.steps[: self.n_steps] if self.n_steps else []
        self.folds, self.X, self.y, self.groups = folds, X, y, groups
        self._data: dict[int, FoldData] = {}

    def __call__(self, number: int) -> FoldData:
        if not self.steps:
            return self._make(number)  # a copy of the trials, which is quickly made
        if number not in self._data:
            self._data[number] = self._make(number)
        return self._data[number]

    def behind(self, decoder: Any) -> Any:
        """The part of a decoder that reads what is kept."""
        if not self.steps:
            return decoder
        return clone(decoder).set_params(steps=decoder.steps[self.n_steps :])

    def _make(self, number: int) -> FoldData:
        train, valid = self.folds[number]
        X_train, X_valid = rows_of(self.X, train), rows_of(self.X, valid)
        if self.steps:
            before = Pipeline([(name, clone(step)) for name, step in self.steps])
            X_train = before.fit_transform(X_train, self.y[train])
            X_valid = before.transform(X_valid)
        groups = None if self.groups is None else self.groups[train]
        people = np.full(len(valid), number)  # where nobody is known, a fold is one person
        if self.groups is not None:
            people = np.searchsorted(np.unique(self.groups), self.groups[valid])
        plain_train, train_facts = split_facts(X_train)
        plain_valid, valid_facts = split_facts(X_valid)
        return FoldData(
            plain_train, plain_valid, self.y[train], self.y[valid], groups, people,
            train_facts, valid_facts,
        )  # fmt: skip
