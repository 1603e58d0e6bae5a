"""Splitters that keep sessions, runs or data sets apart, and the base of all."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import BaseCrossValidator

from eegkit.evaluation.splits.metadata import (
    TOGETHER,
    Rows,
    codes_of,
    listed,
    read_groups,
    read_labels,
    show,
    units,
)

Folds = Iterator[tuple[Rows, Rows]]


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

    See Also
    --------
    WithinSubjectKFold : one of them, with an example.
    """

    keeps_apart: ClassVar[str] = "subject"
    # scikit-learn's way to say that `groups` are read, for its metadata routing.
    __metadata_request__split: ClassVar = {"groups": True}


class MetadataSplitter(TrialSplitter):
    """Base of the splitters here: they read the groups, and then divide them."""

    # Columns of the metadata: those that tell one fold from another, and others that are read.
    _unit: tuple[str, ...]
    _also: tuple[str, ...] = ()

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Number of folds.

        Parameters
        ----------
        X : Trials or array-like, optional
            Asked for the groups, where they are not given.
        y : ignored
        groups : pandas.DataFrame or array-like
            As in `split`.
        """
        return sum(1 for _ in units(read_groups(X, groups, self._unit, self), self._unit))

    def split(self, X: Any, y: ArrayLike | None = None, groups: Any = None) -> Folds:
        """Training and test trials of every fold.

        Parameters
        ----------
        X : Trials, mne.Epochs or array-like
            Asked for the groups, where they are not given. Splits into blocks of time read from
            it how long a trial is (of an array, if it is ``trials.X``).
        y : array-like, shape (n_trials,) or (n_trials, n_classes)
            Labels. Only splits into blocks of time cannot do without; the others look at them to
            see that training has two classes.
        groups : pandas.DataFrame or array-like, shape (n_trials,)
            ``trials.metadata``; an array is taken as the one column that is needed, where no
            more is, the subjects say.

        Yields
        ------
        train, test : ndarray of int

        Raises
        ------
        ValueError
            `groups` do not hold what is needed, or the trials cannot be split that way: nothing
            is left to train on, training has one class only, or names are not there. The message
            says which trials, and what to do.
        """
        table = read_groups(X, groups, self._unit + self._also, self)
        labels = None if y is None else read_labels(y, len(table))
        yield from self._folds(table, labels, X)

    @abstractmethod
    def _folds(self, table: pd.DataFrame, labels: NDArray[Any] | None, X: Any) -> Folds: ...


class _LeaveOneOutOfSubject(MetadataSplitter):
    """Each subject: test on one part (a session, a run), train on the others."""

    _advice: ClassVar[str]

    def _folds(self, table: pd.DataFrame, labels: NDArray[Any] | None, X: Any) -> Folds:
        parts = list(units(table, self._unit))
        n_parts = Counter(subject for (subject, *_), _ in parts)
        alone = [subject for subject, n in n_parts.items() if n < 2]
        unit = self.keeps_apart
        if alone:
            raise ValueError(
                f"Training on other {unit}s needs at least 2 of each subject, but there is one of "
                f"{listed(alone)}; leave them out, or ask for another split: {self._advice}."
            )
        subjects = codes_of(table, ["subject"])
        advice = f"split by {self._advice}"
        if labels is not None and pd.Series(labels).groupby(subjects).nunique().max() == 1:
            advice = (
                "every subject has one class. To tell people apart, train on everybody: "
                f'cv={{"by": "{unit}", "train": [...], "test": [...]}}'
            )
        for (subject, *_, name), test in parts:
            train = np.setdiff1d(np.flatnonzero(subjects == subjects[test[0]]), test)
            left_out = f"{unit} {show(name)} of subject {show(subject)}"
            check_two_classes(labels, train, f"Without {left_out}", advice)
            yield train, test


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
    _unit = ("subject", "session")
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
    _unit = ("subject", "session", "run")
    _advice: ClassVar = 'cv="within-5" or cv="loso"'


class CrossDataset(MetadataSplitter):
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
    _unit = ("dataset",)
    _also = ("subject",)

    def _folds(self, table: pd.DataFrame, labels: NDArray[Any] | None, X: Any) -> Folds:
        parts = list(units(table, self._unit))
        if len(parts) < 2:
            raise ValueError(
                "Testing on another data set needs at least 2 of them, but the trials are of 1 "
                f"({listed(table['dataset'].unique())}). {TOGETHER}"
            )
        n_datasets = table.groupby("subject", observed=True)["dataset"].nunique()
        shared = list(n_datasets.index[n_datasets > 1])
        if shared:
            raise ValueError(
                f"Subject {listed(shared)} occurs in several data sets. Name different people "
                'differently ("<dataset>/<subject>"), and leave out the same person\'s trials of '
                "all data sets but one."
            )
        for (name,), test in parts:
            train = np.setdiff1d(np.arange(len(table)), test)
            advice = "leave it out, or bring the labels of the data sets to the same names"
            check_two_classes(labels, train, f"Without data set {show(name)}", advice)
            yield train, test


def check_two_classes(labels: NDArray[Any] | None, train: Rows, without: str, advice: str) -> None:
    """Raise ValueError where training has one class only."""
    if labels is None:
        return
    classes = np.unique(labels[train])
    if len(classes) < 2:
        raise ValueError(f"{without}, training has one class only ({show(classes[0])}); {advice}.")
