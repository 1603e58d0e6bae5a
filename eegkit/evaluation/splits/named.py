"""Named cross-validation, and its folds."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    LeaveOneGroupOut,
    LeavePGroupsOut,
    StratifiedGroupKFold,
    check_cv,
)

from eegkit.evaluation.splits.blocks import WithinSessionKFold, WithinSubjectKFold
from eegkit.evaluation.splits.by_level import CrossDataset, CrossRun, CrossSession
from eegkit.evaluation.splits.fixed import FixedSplit
from eegkit.evaluation.splits.metadata import listed
from eegkit.labels import hard_labels, trial_names
from eegkit.trials import Trials

# scikit-learn's splitters that read groups, one for each trial.
_BY_GROUP = (
    GroupKFold, GroupShuffleSplit, LeaveOneGroupOut, LeavePGroupsOut, StratifiedGroupKFold,
)  # fmt: skip
_PLAIN = {
    "loso": LeaveOneGroupOut,
    "cross-session": CrossSession,
    "cross-run": CrossRun,
    "cross-dataset": CrossDataset,
}
_WITH_K = {
    "group": GroupKFold,
    "stratified-group": StratifiedGroupKFold,
    "within": WithinSubjectKFold,
    "within-session": WithinSessionKFold,
}
# A splitter that prints longer, as one that holds the fold of every trial, is told by its class.
MAX_SPLIT_TEXT = 80
_PATTERN = re.compile(rf"({'|'.join(_WITH_K)})-(\d+)")
NAMES = (
    '"group-K", "stratified-group-K", "loso", "within-K", "within-session-K", "cross-session", '
    '"cross-run" or "cross-dataset" (K is the number of folds)'
)


def make_splitter(cv: Any, *, random_state: int | None = None) -> Any:
    """The splitter that a name stands for.

    Parameters
    ----------
    cv : str, mapping, splitter, or iterable of (train, test)
        One of the names below; ``{"train": [...], "test": [...], "validation": [...]}`` with
        names of subjects, for `FixedSplit`; a splitter of scikit-learn; or an iterable of
        training and test trials.

        =========================  ============================================================
        ``"group-K"``              K folds, each tested on people not seen in training
        ``"stratified-group-K"``   the same, with class proportions kept as far as possible
        ``"loso"``                 leave one subject out
        ``"within-K"``             `WithinSubjectKFold`: K blocks of time of each subject
        ``"within-session-K"``     `WithinSessionKFold`: K blocks of each session
        ``"cross-session"``        `CrossSession`: each subject, one session against the others
        ``"cross-run"``            `CrossRun`: each subject, one run against the others
        ``"cross-dataset"``        `CrossDataset`: leave one data set out
        =========================  ============================================================
    random_state : int, optional
        Draws which people form a fold of ``"group-K"`` and ``"stratified-group-K"``; by
        default that is fixed by the order of the people. Nothing else is random.

    Returns
    -------
    splitter
        With ``split(X, y, groups)``. Those of the first three names are scikit-learn's, and
        take ``trials.groups``; the others take ``trials.metadata``.

    Raises
    ------
    ValueError
        The name is unknown, or `cv` is no splitter.

    Examples
    --------
    >>> from eegkit.evaluation import make_splitter
    >>> make_splitter("group-5")
    GroupKFold(n_splits=5, random_state=None, shuffle=False)
    >>> make_splitter("cross-session")
    CrossSession()
    >>> make_splitter({"train": ["S01", "S02"], "test": ["S03"]})
    FixedSplit(train=['S01', 'S02'], test=['S03'], by='subject')
    """
    if isinstance(cv, Mapping):
        return FixedSplit.from_dict(cv)
    if not isinstance(cv, str):
        if hasattr(cv, "split"):
            return cv
        if cv is None or isinstance(cv, int | float):
            raise ValueError(f"cv is {cv!r}; expected {NAMES}, or a scikit-learn splitter.")
        return check_cv(cv)
    if cv in _PLAIN:
        return _PLAIN[cv]()
    match = _PATTERN.fullmatch(cv)
    if match is None or int(match[2]) < 2:
        raise ValueError(f"cv is {cv!r}; expected {NAMES}, with K at least 2.")
    kind, n_splits = _WITH_K[match[1]], int(match[2])
    if kind in (GroupKFold, StratifiedGroupKFold):
        return kind(n_splits, shuffle=random_state is not None, random_state=random_state)
    return kind(n_splits)


def describe_split(cv: Any, splitter: Any) -> dict[str, Any]:
    """What settings of results hold of a split.

    ``cv`` as it was given, ``splitter`` in full, and ``split``, as a report says it: a
    name, "fixed, by run", or "lists of trials", which ``cv`` knows again by a hash.
    """
    if isinstance(splitter, FixedSplit):
        return {"cv": repr(cv), "split": f"fixed, by {splitter.by}", "splitter": repr(splitter)}
    if isinstance(cv, str):
        return {"cv": cv, "split": cv, "splitter": repr(splitter)}
    if hasattr(cv, "split"):
        short = repr(cv) if len(repr(cv)) <= MAX_SPLIT_TEXT else type(cv).__name__
        return {"cv": repr(cv), "split": short, "splitter": repr(splitter)}
    # Lists of trials are known again by their hash.
    number = joblib.hash([tuple(map(_rows, fold)) for fold in splitter.split()])
    text = f"lists of trials, {number[:12]}"
    return {"cv": text, "split": "lists of trials", "splitter": text}


@dataclass(frozen=True)
class Fold:
    """One fold: its number, from 0 on, and the trials on either side.

    `unscored` marks those test trials that a decoder is given, and that are not scored.
    """

    number: int
    train: NDArray[np.intp]
    test: NDArray[np.intp]
    unscored: NDArray[np.bool_] | None = None

    @property
    def scored_places(self) -> NDArray[np.intp]:
        """Where those that are scored stand among the test trials."""
        if self.unscored is None:
            return np.arange(len(self.test))
        return np.flatnonzero(~self.unscored)

    @property
    def scored(self) -> NDArray[np.intp]:
        """The test trials that are scored."""
        return self.test[self.scored_places]

    def check(self, n_trials: int) -> None:
        """Raise ValueError where a side is empty, or names trials that are not there."""
        for side, rows in (("train", self.train), ("test", self.test)):
            if not len(rows):
                raise ValueError(
                    f"Fold {self.number} has no {side} trials; use fewer folds, or another "
                    "splitter."
                )
            if rows.min() < 0 or rows.max() >= n_trials:
                raise ValueError(
                    f"Fold {self.number} names the {side} trials {rows.min()} to {rows.max()}, but "
                    f"the trials are 0 to {n_trials - 1}; split these trials, not others."
                )


def folds_of(splitter: Any, trials: Trials) -> list[Fold]:
    """Every fold of trials, each with something to train on and something to test.

    Splitters with an attribute ``keeps_apart`` are given the metadata as groups, but for those of
    scikit-learn that read groups: they are given that column. Others are given the subjects.
    Whether the folds keep apart what they should is for the audit to say.

    Parameters
    ----------
    splitter : splitter
    trials : Trials

    Returns
    -------
    list of Fold

    Raises
    ------
    ValueError
        The trials cannot be split that way, or a side of a fold is empty.
    """
    y = hard_labels(trials.y)
    by_metadata = reads_metadata(splitter)
    X: Any = trials if by_metadata else np.zeros((len(trials), 1))
    groups: Any = trials.metadata
    if not by_metadata:
        unit: Any = getattr(splitter, "keeps_apart", None)
        unit = unit if unit in groups else "subject"
        groups = trial_names(groups[unit].to_numpy(), f"metadata[{unit!r}]", unit)
    check_enough_subjects(splitter, groups)
    return read_folds(splitter, X, y, groups)


def read_folds(splitter: Any, X: Any, y: NDArray[Any], groups: Any) -> list[Fold]:
    """What a splitter gives, each fold with something to train on and something to test."""
    with warnings.catch_warnings():
        # Said by splitters that do not know of subjects; whoever reads looks at the result.
        warnings.filterwarnings("ignore", message="The groups parameter is ignored")
        split = splitter.split(X, y, groups)
        folds = [Fold(i, _rows(train), _rows(test)) for i, (train, test) in enumerate(split)]
    if not folds:
        raise ValueError(f"{splitter} gave no folds for {len(y)} trials.")
    for fold in folds:
        fold.check(len(y))
    return folds


def keeps_apart(splitter: Any) -> str:
    """What a splitter promises to keep apart.

    Parameters
    ----------
    splitter : splitter

    Returns
    -------
    str
        Its ``keeps_apart``: "subject", "session", "run", "block", "dataset" or a column of the
        metadata. "subject" of every splitter that does not say: nothing else is a test on people
        the decoder has not seen.
    """
    return getattr(splitter, "keeps_apart", "subject")


def overlap(fold: Fold, groups: NDArray[Any]) -> list[Any]:
    """The subjects that stand on both sides of a fold."""
    return list(np.intersect1d(groups[fold.train], groups[fold.test]))


def reads_groups(splitter: Any) -> bool:
    """Whether a splitter is one of scikit-learn's that keep groups apart."""
    return isinstance(splitter, _BY_GROUP)


def reads_metadata(splitter: Any) -> bool:
    """Whether a splitter is given the metadata of trials in place of groups."""
    return hasattr(splitter, "keeps_apart") and not reads_groups(splitter)


def check_enough_subjects(splitter: Any, groups: Any) -> None:
    """Raise ValueError where a splitter by groups cannot make its folds of so few people."""
    if isinstance(splitter, LeaveOneGroupOut):
        n_least, purpose = 2, "Leave one subject out"
    elif isinstance(splitter, GroupKFold | StratifiedGroupKFold):
        n_least, purpose = splitter.n_splits, f"Keeping people apart in {splitter.n_splits} folds"
    else:
        return
    people = list(np.unique(groups))
    if len(people) >= n_least:
        return
    kind = "stratified-group" if isinstance(splitter, StratifiedGroupKFold) else "group"
    advice = f'use cv="{kind}-{len(people)}"'
    if len(people) == 1:
        advice = 'load more people, or ask for training and test on the same one: cv="within-5"'
    raise ValueError(
        f"{purpose} needs at least {n_least} subjects, but the trials are of {len(people)} "
        f"({listed(people)}); {advice}."
    )


def _rows(rows: ArrayLike) -> NDArray[np.intp]:
    rows = np.asarray(rows)
    return np.flatnonzero(rows) if rows.dtype == bool else rows.astype(np.intp)
