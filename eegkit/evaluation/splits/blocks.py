"""Splitters of the trials of one person, or one session, into blocks of time."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from eegkit.evaluation.splits.by_level import Folds, MetadataSplitter
from eegkit.evaluation.splits.metadata import Rows, Timeline, listed, show, units
from eegkit.parameters import Interval, check_for


class _Blocks(MetadataSplitter):
    """K folds of each unit (a subject, or a session), of consecutive trials."""

    keeps_apart: ClassVar[str] = "block"
    _name: ClassVar[str]

    def __init__(self, n_splits: int = 5, *, gap: int = 0) -> None:
        self.n_splits = n_splits
        self.gap = gap

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        return self.n_splits * super().get_n_splits(X, y, groups)

    def _folds(self, table: pd.DataFrame, labels: NDArray[Any] | None, X: Any) -> Folds:
        check_for(Annotated[int, Interval(ge=2)]).require("n_splits", self.n_splits)
        check_for(Annotated[int, Interval(ge=0)]).require("gap", self.gap)
        if labels is None:
            raise ValueError(
                "y is None; expected the label of every trial, as blocks hold each class."
            )
        timeline = Timeline(table, X)
        parts = []
        for key, rows in units(table, self._unit, timeline.order):
            # The windows that were cut of one trial are tested together.
            trial, _ = pd.factorize(timeline.trial[rows])
            trial_labels = labels[rows[np.unique(trial, return_index=True)[1]]]
            self._check(self._describe(key), trial_labels, n_windows=len(rows))
            parts.append((key, rows, trial, trial_labels))
        for key, rows, trial, trial_labels in parts:
            # Unshuffled, it gives every fold a run of consecutive trials of each class.
            for _, test_trials in StratifiedKFold(self.n_splits).split(trial_labels, trial_labels):
                is_test = np.isin(trial, test_trials)
                train, test = np.sort(rows[~is_test]), np.sort(rows[is_test])
                train = train[~timeline.too_near(train, test, self.gap)]
                self._check_left(self._describe(key), labels, train, test)
                yield train, test

    def _describe(self, key: tuple[Any, ...]) -> str:
        """The unit, as it begins a sentence."""
        subject, *session = map(show, key)
        return f"Session {session[0]} of subject {subject}" if session else f"Subject {subject}"

    def _check(self, unit: str, labels: NDArray[Any], n_windows: int) -> None:
        classes, counts = np.unique(labels, return_counts=True)
        if len(classes) < 2:
            raise ValueError(
                f"{unit} has trials of one class only ({show(classes[0])}), so there is nothing "
                'to tell apart there; leave it out, or split by subject: cv="group-5".'
            )
        n, rarest = counts.min(), classes[counts.argmin()]
        if n < self.n_splits:
            cut = (
                f" (the {n_windows} windows are of {len(labels)} trials, by metadata['parent'], "
                "and those of one trial stay together)"
            )
            fewer = f"use at most {self._name}-{n}, or leave it out" if n > 1 else "leave it out"
            raise ValueError(
                f"{unit} has {n} trials of {show(rarest)}, fewer than the {self.n_splits} folds"
                f"{cut if n_windows > len(labels) else ''}; {fewer}."
            )

    def _check_left(self, unit: str, labels: NDArray[Any], train: Rows, test: Rows) -> None:
        absent = np.setdiff1d(labels[test], labels[train])
        if len(absent):
            raise ValueError(
                f"{unit} has no trial of {listed(absent)} left to train on, once those that "
                f"overlap test trials or stand within gap={self.gap} of one are dropped; lower the "
                "gap, use more folds, or cut windows with less overlap."
            )


class WithinSubjectKFold(_Blocks):
    """Train and test on the same person: K folds of each subject, made of blocks of time.

    Every subject is split separately, so there are K folds for each. The trials of
    one class that are tested together are consecutive ones: neighbouring trials resemble
    each other, and shuffled folds would reward a classifier for recognising the minute
    rather than the class [1]_.

    Parameters
    ----------
    n_splits : int, default 5
        Folds per subject, at least 2.
    gap : int, default 0
        Trials of the same recording to drop from training on either side of each test trial.

    Attributes
    ----------
    keeps_apart : str
        ``"block"``.

    Notes
    -----
    Trials stand in the order they were recorded in: by the metadata column ``onset`` within a
    recording (subject, session and run), else as they come.

    Training trials that share samples with a test trial are always dropped, where metadata have
    the ``onset`` (in s, plus ``window_onset_s`` of `SlidingWindows`) and X knows its sampling
    rate; elsewhere only `gap` does that. Windows cut of one trial (metadata ``parent``)
    are tested together.

    References
    ----------
    .. [1] White, J., & Power, S. D. (2023). k-fold cross-validation can significantly
       over-estimate true classification accuracy in common EEG-based passive BCI experimental
       designs. Sensors, 23(13), 6077. https://doi.org/10.3390/s23136077

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

    _unit = ("subject",)
    _name: ClassVar = "within"


class WithinSessionKFold(_Blocks):
    """Train and test within one session: K folds of each, made of blocks of time.

    As `WithinSubjectKFold`, with every session of a subject split separately: nothing is
    learned from another day.

    Parameters
    ----------
    n_splits : int, default 5
        Folds per session, at least 2.
    gap : int, default 0
        Trials of the same recording to drop from training on either side of each test trial.

    Attributes
    ----------
    keeps_apart : str
        ``"block"``.

    See Also
    --------
    WithinSubjectKFold : What is said there of order, overlap and windows holds here.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from eegkit.evaluation import WithinSessionKFold
    >>> y = ["rest", "task"] * 4
    >>> metadata = pd.DataFrame({"subject": "a", "session": list("11112222")})
    >>> for train, test in WithinSessionKFold(2).split(np.zeros(8), y, metadata):
    ...     print(train, test)
    [2 3] [0 1]
    [0 1] [2 3]
    [6 7] [4 5]
    [4 5] [6 7]
    """

    _unit = ("subject", "session")
    _name: ClassVar = "within-session"
