"""Splitters that keep sessions, runs or data sets apart, and the base of all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import BaseCrossValidator

from eegkit.evaluation.splits._metadata import Rows, listed, read_groups, read_labels, show, units


class TrialSplitter(BaseCrossValidator):
    """Base of the splitters: reads `groups` from metadata, arrays, or from X.

    A splitter of your own is a subclass with ``keeps_apart``, ``split(X, y, groups)`` and
    ``get_n_splits(X, y, groups)``. What has the attribute ``keeps_apart`` is given
    ``trials.metadata`` as its groups by `evaluate`, and is held to its promise.

    Attributes
    ----------
    keeps_apart : str
        What never stands on both sides of a fold: ``"subject"``, ``"session"`` or ``"run"``
        (of a subject), ``"block"`` (of consecutive trials), ``"dataset"``, or a column.
    """

    keeps_apart: ClassVar[str] = "subject"
    # scikit-learn's way to say that `groups` are read, for its metadata routing.
    __metadata_request__split: ClassVar = {"groups": True}


class _LeaveOneOutOfSubject(TrialSplitter):
    """Each subject: test on one part (a session, a run), train on the others."""

    _needs: ClassVar[tuple[str, ...]]
    _advice: ClassVar[str]

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Number of folds over all subjects.

        Parameters
        ----------
        X : Trials, optional
            Asked for the groups, where they are not given.
        y : ignored
        groups : pandas.DataFrame
            As in `split`.
        """
        return sum(len(parts) for _, _, parts in self._subjects(X, groups))

    def split(
        self, X: Any, y: ArrayLike | None = None, groups: Any = None
    ) -> Iterator[tuple[Rows, Rows]]:
        """Training and test trials of every fold, subject by subject.

        Parameters
        ----------
        X : Trials, mne.Epochs or array-like
            Asked for the groups, where they are not given.
        y : array-like, shape (n_trials,) or (n_trials, n_classes), optional
            Only looked at to see that training has two classes.
        groups : pandas.DataFrame, n_trials rows
            ``trials.metadata``.

        Yields
        ------
        train, test : ndarray of int

        Raises
        ------
        ValueError
            A subject has nothing to train on, or trials of one class only.
        """
        subjects = self._subjects(X, groups)
        unit = self.keeps_apart
        alone = [subject for subject, _, parts in subjects if len(parts) < 2]
        if alone:
            raise ValueError(
                f"Training on other {unit}s needs at least 2 of each subject, but there is one of "
                f"{listed(alone)}; leave them out, or ask for another split: {self._advice}."
            )
        n_trials = sum(len(rows) for _, rows, _ in subjects)
        labels = None if y is None else read_labels(y, n_trials)
        advice = f"split by {self._advice}"
        if labels is not None and all(len(np.unique(labels[rows])) == 1 for _, rows, _ in subjects):
            advice = (
                "every subject has one class. To tell people apart, train on everybody: "
                f'cv={{"by": "{unit}", "train": [...], "test": [...]}}'
            )
        for subject, rows, parts in subjects:
            for key, test in parts:
                train = np.setdiff1d(rows, test)
                left_out = f"{unit} {show(key[-1])} of subject {show(subject)}"
                check_two_classes(labels, train, f"Without {left_out}", advice)
                yield train, test

    def _subjects(self, X: Any, groups: Any) -> list[tuple[Any, Rows, list[Any]]]:
        """Every subject, its trials, and its parts with theirs."""
        table = read_groups(X, groups, self._needs, self)
        subjects = []
        for (subject,), rows in units(table, ["subject"]):
            parts = units(table.iloc[rows], self._needs[1:])
            subjects.append((subject, rows, [(key, rows[part]) for key, part in parts]))
        return subjects


class CrossSession(_LeaveOneOutOfSubject):
    """Each subject: test on one session, train on this subject's others.

    Tells whether a decoder that was calibrated on one day still works on another, with the cap
    put on anew. A fold for each session of each subject.

    Attributes
    ----------
    keeps_apart : str
        ``"session"``.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from eegkit.evaluation import CrossSession
    >>> metadata = pd.DataFrame({"subject": list("aaaabb"), "session": list("112212")})
    >>> for train, test in CrossSession().split(np.zeros(6), groups=metadata):
    ...     print(train, test)
    [2 3] [0 1]
    [0 1] [2 3]
    [5] [4]
    [4] [5]
    """

    keeps_apart: ClassVar[str] = "session"
    _needs: ClassVar = ("subject", "session")
    _advice: ClassVar = 'cv="within-session-5" or cv="loso"'


class CrossRun(_LeaveOneOutOfSubject):
    """Each subject: test on one run, train on this subject's others.

    Runs are told apart by session and run: run 1 of two sessions are two runs. A fold for
    each run of each subject.

    Attributes
    ----------
    keeps_apart : str
        ``"run"``.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from eegkit.evaluation import CrossRun
    >>> metadata = pd.DataFrame({"subject": "a", "session": "1", "run": list("112233")})
    >>> for train, test in CrossRun().split(np.zeros(6), groups=metadata):
    ...     print(train, test)
    [2 3 4 5] [0 1]
    [0 1 4 5] [2 3]
    [0 1 2 3] [4 5]
    """

    keeps_apart: ClassVar[str] = "run"
    _needs: ClassVar = ("subject", "session", "run")
    _advice: ClassVar = 'cv="within-5" or cv="loso"'


class CrossDataset(TrialSplitter):
    """Test on one data set, train on all others.

    Data sets are told apart by the metadata column ``dataset``. A fold for each.

    Attributes
    ----------
    keeps_apart : str
        ``"dataset"``.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from eegkit.evaluation import CrossDataset
    >>> metadata = pd.DataFrame({"dataset": list("xxyz"), "subject": ["x/1", "x/2", "y/1", "z/1"]})
    >>> for train, test in CrossDataset().split(np.zeros(4), groups=metadata):
    ...     print(train, test)
    [2 3] [0 1]
    [0 1 3] [2]
    [0 1 2] [3]
    """

    keeps_apart: ClassVar[str] = "dataset"

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Number of data sets.

        Parameters
        ----------
        X : Trials, optional
            Asked for the groups, where they are not given.
        y : ignored
        groups : pandas.DataFrame
            As in `split`.
        """
        return read_groups(X, groups, ("dataset", "subject"), self)["dataset"].nunique()

    def split(
        self, X: Any, y: ArrayLike | None = None, groups: Any = None
    ) -> Iterator[tuple[Rows, Rows]]:
        """Training and test trials of every fold.

        Parameters
        ----------
        X : Trials, mne.Epochs or array-like
            Asked for the groups, where they are not given.
        y : array-like, shape (n_trials,) or (n_trials, n_classes), optional
            Only looked at to see that training has two classes.
        groups : pandas.DataFrame, n_trials rows
            With columns ``dataset`` and ``subject``.

        Yields
        ------
        train, test : ndarray of int

        Raises
        ------
        ValueError
            There is one data set only, a subject is in several, or training has one class.
        """
        table = read_groups(X, groups, ("dataset", "subject"), self)
        parts = list(units(table, ["dataset"]))
        names = [name for (name,), _ in parts]
        if len(parts) < 2:
            raise ValueError(
                "Testing on another data set needs at least 2 of them, but the trials are of 1 "
                f"({listed(names)}); concatenate several, with their names in metadata['dataset']."
            )
        n_datasets = table.groupby("subject", observed=True)["dataset"].nunique()
        shared = list(n_datasets.index[n_datasets > 1])
        if shared:
            raise ValueError(
                f"Subject {listed(shared)} occurs in several data sets. Name different people "
                'differently ("<dataset>/<subject>"), and leave out the same person\'s trials of '
                "all data sets but one."
            )
        labels = None if y is None else read_labels(y, len(table))
        for (name,), test in parts:
            train = np.setdiff1d(np.arange(len(table)), test)
            advice = "leave it out, or bring the labels of the data sets to the same names"
            check_two_classes(labels, train, f"Without data set {show(name)}", advice)
            yield train, test


def check_two_classes(
    labels: NDArray[Any] | None, train: Rows | Sequence[int], without: str, advice: str
) -> None:
    """Raise ValueError where training has one class only."""
    if labels is None:
        return
    classes = np.unique(labels[train])
    if len(classes) < 2:
        raise ValueError(f"{without}, training has one class only ({show(classes[0])}); {advice}.")
