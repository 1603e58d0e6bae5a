"""Named cross-validation, and the audit that keeps a person on one side of a split."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import (
    BaseCrossValidator,
    GroupKFold,
    LeaveOneGroupOut,
    StratifiedGroupKFold,
    StratifiedKFold,
    check_cv,
)

NAMES = '"group-K", "stratified-group-K", "loso" or "within-K" (K is the number of folds)'
_NAMED = re.compile(r"(group|stratified-group|within)-(\d+)")


class WithinSubjectKFold(BaseCrossValidator):
    """Train and test on the same person: K folds of each subject, made of blocks of time.

    Every subject is split separately, so there are K folds for each. The trials of
    one class that are tested together are consecutive ones: neighbouring trials resemble
    each other, and shuffled folds would reward a classifier for recognising the minute
    rather than the class. Trials are taken to stand in the order they were recorded in.

    Windows that overlap in time still share samples where two blocks meet; cut them
    without overlap.

    Parameters
    ----------
    n_splits : int, default 5
        Folds per subject, at least 2.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.evaluation import WithinSubjectKFold
    >>> y, groups = ["rest", "task"] * 4, ["a"] * 4 + ["b"] * 4
    >>> for train, test in WithinSubjectKFold(2).split(np.zeros(8), y, groups):
    ...     print(train, test)
    [2 3] [0 1]
    [0 1] [2 3]
    [6 7] [4 5]
    [4 5] [6 7]
    """

    def __init__(self, n_splits: int = 5) -> None:
        self.n_splits = n_splits

    def get_n_splits(self, X: Any = None, y: Any = None, groups: ArrayLike | None = None) -> int:
        """Number of folds over all subjects.

        Parameters
        ----------
        X, y : ignored
        groups : array-like, shape (n_trials,)
            The subject of every trial.
        """
        return self.n_splits * len(np.unique(_known(groups)))

    def split(
        self, X: Any, y: ArrayLike, groups: ArrayLike | None = None
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Training and test trials of every fold, subject by subject.

        Parameters
        ----------
        X : ignored
        y : array-like, shape (n_trials,)
        groups : array-like, shape (n_trials,)
            The subject of every trial.

        Yields
        ------
        train, test : ndarray of int

        Raises
        ------
        ValueError
            A subject has one class only, or fewer trials of a class than there are folds.
        """
        if not isinstance(self.n_splits, int | np.integer) or self.n_splits < 2:
            raise ValueError(f"n_splits is {self.n_splits!r}; expected a whole number from 2 on.")
        labels, who = np.asarray(y), _known(groups)
        for subject in np.unique(who):
            rows = np.flatnonzero(who == subject)
            self._check(subject, labels[rows])
            # Unshuffled, it gives every fold a run of consecutive trials of each class.
            for train, test in StratifiedKFold(self.n_splits).split(rows, labels[rows]):
                yield rows[train], rows[test]

    def _check(self, subject: Any, labels: NDArray[Any]) -> None:
        classes, counts = np.unique(labels, return_counts=True)
        if len(classes) < 2:
            raise ValueError(
                f"Subject {show(subject)} has trials of one class only ({show(classes[0])}), so "
                "there is nothing to tell apart within this person; leave the person out."
            )
        rarest = counts.argmin()
        if counts[rarest] < self.n_splits:
            raise ValueError(
                f"Subject {show(subject)} has {counts[rarest]} trials of {show(classes[rarest])}, "
                f"fewer than the {self.n_splits} folds; use at most within-{counts[rarest]}, "
                "or leave the person out."
            )


def make_splitter(cv: Any, *, random_state: int | None = None) -> Any:
    """The scikit-learn splitter that a name stands for.

    Parameters
    ----------
    cv : str, splitter, or iterable of (train, test)
        ``"group-K"``: K folds, each tested on people not seen in training;
        ``"stratified-group-K"``: the same, with class proportions kept as far as possible;
        ``"loso"``: leave one subject out; ``"within-K"``: `WithinSubjectKFold`, train and
        test on the same person. A splitter of scikit-learn, or an iterable of training and
        test trials, is returned as a splitter.
    random_state : int, optional
        Draws which people form a fold of ``"group-K"`` and ``"stratified-group-K"``; by
        default that is fixed by the order of the people.

    Returns
    -------
    splitter
        With ``split(X, y, groups)``.

    Raises
    ------
    ValueError
        The name is unknown, or `cv` is no splitter.

    Examples
    --------
    >>> from eegkit.evaluation import make_splitter
    >>> make_splitter("group-5")
    GroupKFold(n_splits=5, random_state=None, shuffle=False)
    """
    if not isinstance(cv, str):
        if hasattr(cv, "split"):
            return cv
        if cv is None or isinstance(cv, int | float):
            raise ValueError(f"cv is {cv!r}; expected {NAMES}, or a scikit-learn splitter.")
        return check_cv(cv)
    if cv == "loso":
        return LeaveOneGroupOut()
    match = _NAMED.fullmatch(cv)
    if match is None or int(match[2]) < 2:
        raise ValueError(f"cv is {cv!r}; expected {NAMES}, with K at least 2.")
    n_splits = int(match[2])
    if match[1] == "within":
        return WithinSubjectKFold(n_splits)
    kind = GroupKFold if match[1] == "group" else StratifiedGroupKFold
    return kind(n_splits, shuffle=random_state is not None, random_state=random_state)


@dataclass(frozen=True)
class Fold:
    """One fold: its number, from 0 on, and the trials on either side."""

    number: int
    train: NDArray[np.intp]
    test: NDArray[np.intp]


def make_folds(
    splitter: Any, y: NDArray[Any], groups: NDArray[Any], *, allow_subject_overlap: bool = False
) -> list[Fold]:
    """Every fold of a splitter, audited.

    Raises
    ------
    ValueError
        The trials cannot be split that way; a side of a fold is empty; a trial, or without
        `allow_subject_overlap` a subject, is on both sides; training has one class only.
    """
    _check_enough_subjects(splitter, groups)
    with warnings.catch_warnings():
        # Said by splitters that do not know of subjects; the audit below looks at the result.
        warnings.filterwarnings("ignore", message="The groups parameter is ignored")
        split = splitter.split(np.zeros((len(y), 1)), y, groups)
        folds = [Fold(i, _rows(train), _rows(test)) for i, (train, test) in enumerate(split)]
    if not folds:
        raise ValueError(f"{splitter} gave no folds for {len(y)} trials.")
    for fold in folds:
        _audit(fold, y, groups, allow_subject_overlap=allow_subject_overlap)
    return folds


def overlap(fold: Fold, groups: NDArray[Any]) -> list[Any]:
    """The subjects that stand on both sides of a fold."""
    return list(np.intersect1d(groups[fold.train], groups[fold.test]))


def _audit(
    fold: Fold, y: NDArray[Any], groups: NDArray[Any], *, allow_subject_overlap: bool
) -> None:
    for side in ("train", "test"):
        if not len(getattr(fold, side)):
            raise ValueError(
                f"Fold {fold.number} has no {side} trials; use fewer folds, or another splitter."
            )
    twice = np.intersect1d(fold.train, fold.test)
    if len(twice):
        raise ValueError(
            f"Fold {fold.number} tests {len(twice)} trials it also trains on (trial {twice[0]} "
            "for one); the splitter is broken."
        )
    both = overlap(fold, groups)
    if both and not allow_subject_overlap:
        raise ValueError(
            f"Fold {fold.number} has {listed(both)} in training and in test, so its score would "
            'say little about new people; split by subject (cv="group-5" or cv="loso"), or ask '
            'for it by name: cv="within-5", or allow_subject_overlap=True.'
        )
    classes = np.unique(y[fold.train])
    if len(classes) < 2:
        raise ValueError(
            f"Fold {fold.number} has one class only ({show(classes[0])}) in training; use another "
            'splitter, for instance cv="stratified-group-5".'
        )


def _check_enough_subjects(splitter: Any, groups: NDArray[Any]) -> None:
    people = list(np.unique(groups))
    if isinstance(splitter, LeaveOneGroupOut):
        needed, what = 2, "Leave one subject out"
    elif isinstance(splitter, GroupKFold | StratifiedGroupKFold):
        needed, what = splitter.n_splits, f"Keeping people apart in {splitter.n_splits} folds"
    else:
        return
    if len(people) >= needed:
        return
    advice = f'use cv="group-{len(people)}", or load more people'
    if len(people) == 1:
        advice = 'load more people, or ask for training and test on the same one: cv="within-5"'
    raise ValueError(
        f"{what} needs at least {needed} subjects, but the trials are of {len(people)} "
        f"({listed(people)}); {advice}."
    )


def _rows(rows: ArrayLike) -> NDArray[np.intp]:
    rows = np.asarray(rows)
    return np.flatnonzero(rows) if rows.dtype == bool else rows.astype(np.intp)


def _known(groups: ArrayLike | None) -> NDArray[Any]:
    if groups is None:
        raise ValueError("groups is None; expected the subject of every trial (trials.groups).")
    return np.asarray(groups)


def show(value: Any) -> str:
    """A label or subject as a person would write it, without numpy's type around it."""
    return repr(value.item() if isinstance(value, np.generic) else value)


def listed(subjects: list[Any], most: int = 5) -> str:
    named = ", ".join(map(show, subjects[:most]))
    return named + (f" and {len(subjects) - most} more" if len(subjects) > most else "")
