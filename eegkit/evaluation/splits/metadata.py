"""Whose every trial is, and when it was recorded: what splitters read `groups` as."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from eegkit.labels import class_labels, hard_labels, one_kind, trial_names
from eegkit.signals import SignalArray
from eegkit.text import nearest
from eegkit.times import seconds

# Trials that agree in all of these (those that there are) come from one recording.
RECORDING = ("dataset", "subject", "session", "run", "recording")

# What to do where trials are not of several data sets.
TOGETHER = (
    "Put the data sets into one Trials: part.metadata['dataset'] = NAME for each of them, then "
    "Trials.concatenate(parts), as the page Splits shows."
)

Rows = NDArray[np.intp]


def read_groups(X: Any, groups: Any, needs: Sequence[str], splitter: Any) -> pd.DataFrame:
    """One row per trial, with the columns that the splitter needs, none of their values missing.

    Parameters
    ----------
    X : Trials, mne.Epochs, array-like or None
        Asked for metadata (an array for subjects) where `groups` is None.
    groups : pandas.DataFrame, array-like of shape (n_trials,), or None
        A plain array is the unit of splitters that need one column.
    needs : sequence of str
        Columns.
    splitter : splitter
        For messages.

    Raises
    ------
    ValueError
        Nobody says what is needed, values are missing, or lengths differ.
    """
    name = type(splitter).__name__
    if groups is None:
        groups = _known_to(X)
    if groups is None:
        raise ValueError(
            f"groups is None, and X does not know whose trials they are; {name} needs the "
            f"{joined(needs)} of every trial: groups=trials.metadata."
        )
    if isinstance(groups, pd.DataFrame):
        table = groups.reset_index(drop=True)
    else:
        plain = one_kind(groups, "groups")
        if plain.ndim != 1:
            raise ValueError(
                f"groups has shape {plain.shape}; expected one entry per trial, or a DataFrame "
                "with one row per trial (trials.metadata)."
            )
        if len(needs) > 1:
            raise ValueError(
                f"groups is one array, but {name} needs the {joined(needs)} of every trial; pass "
                "groups=trials.metadata."
            )
        table = pd.DataFrame({needs[0]: plain})
    absent = [column for column in needs if column not in table]
    if absent:
        raise ValueError(
            f"{name} needs the {joined(needs)} of every trial, but groups has no column "
            f"{joined(map(repr, absent))}, only {_only(table, absent[0])}"
        )
    for column in needs:
        values = np.asarray(table[column])
        names = trial_names(values, f"groups[{column!r}]", column)
        if names is not values:
            table[column] = names
    if X is not None and len(X) != len(table):
        raise ValueError(f"X has {len(X)} trials, but groups has {len(table)} rows.")
    if not len(table):
        raise ValueError("There are no trials to split.")
    return table


def _only(table: pd.DataFrame, absent: str) -> str:
    """The columns of a table, and how to add one."""
    there = ", ".join(map(str, table.columns))
    if absent == "dataset":
        return f"{there}. {TOGETHER}"
    near = nearest(absent, table.columns, n=1)
    add = f"Did you mean {near[0]!r}? Else add" if near else "Add"
    return f"{there}. {add} it: trials.metadata[{absent!r}] = [...], one for each trial."


def _known_to(X: Any) -> Any:
    metadata = getattr(X, "metadata", None)
    if isinstance(metadata, pd.DataFrame):
        return metadata
    people = X.groups if isinstance(X, SignalArray) else None
    return None if people is None else pd.DataFrame({"subject": people})


def read_labels(y: Any, n_trials: int) -> NDArray[Any]:
    """One label for each trial; of soft labels, the number of the most probable class."""
    labels = class_labels(y)
    if len(labels) != n_trials:
        raise ValueError(f"y has {len(labels)} labels, but groups has {n_trials} rows.")
    return hard_labels(labels)


def units(
    table: pd.DataFrame, columns: Sequence[str], order: Rows | None = None
) -> Iterator[tuple[tuple[Any, ...], Rows]]:
    """What stands in those columns, sorted, and its trials, in the given order."""
    codes = codes_of(table, columns)
    rows = np.arange(len(table)) if order is None else order
    sorted_rows = rows[np.argsort(codes[rows], kind="stable")]
    for part in np.split(sorted_rows, np.cumsum(np.bincount(codes))[:-1]):
        yield tuple(table[column].iloc[part[0]] for column in columns), part


def codes_of(table: pd.DataFrame, columns: Sequence[str], *, sort: bool = True) -> Rows:
    """A number for each combination of values, in their order or in that of appearance."""
    grouping = table.groupby(list(columns), sort=sort, observed=True, dropna=False)
    return grouping.ngroup().to_numpy(dtype=np.intp)


class Timeline:
    """When every trial was recorded.

    Attributes
    ----------
    order : ndarray of int
        All trials, recording by recording, each in the order of time.
    recording, position : ndarray of int, shape (n_trials,)
        The recording of every trial, and its place there.
    trial : ndarray of int, shape (n_trials,)
        Windows of one trial (metadata ``parent``) have the same number.
    start_s : ndarray, shape (n_trials,), or None
        Start in the recording, where metadata say, and X says how long a trial is.
    apart_s : float
        Trials that start so far apart share no sample.
    """

    def __init__(self, table: pd.DataFrame, X: Any) -> None:
        columns = [name for name in RECORDING if name in table]
        self.trial = np.arange(len(table))
        if "parent" in table:
            self.trial = codes_of(table, [*columns, "parent"], sort=False)
        self.recording = codes_of(table, columns, sort=False)
        start_s, (window_s, step_s) = _starts(table), _window(X)
        times = np.zeros(len(table)) if start_s is None else start_s
        self.order = np.lexsort((times, self.recording))
        self.position = np.empty_like(self.order)
        in_order = pd.Series(self.recording[self.order])
        self.position[self.order] = in_order.groupby(in_order).cumcount()
        self.start_s = start_s if window_s else None
        self.apart_s = window_s - step_s / 2

    def too_near(self, train: Rows, test: Rows, gap: int) -> NDArray[np.bool_]:
        """Which training trials overlap a test trial, or stand up to `gap` places from one."""
        near = np.zeros(len(train), dtype=bool)
        for recording in np.unique(self.recording[test]):
            candidates = np.flatnonzero(self.recording[train] == recording)
            rows, test_rows = train[candidates], test[self.recording[test] == recording]
            near[candidates] = _distance(self.position[rows], self.position[test_rows]) <= gap
            if self.start_s is not None:
                apart = _distance(self.start_s[rows], self.start_s[test_rows])
                near[candidates] |= apart < self.apart_s
        return near


def _starts(table: pd.DataFrame) -> NDArray[np.float64] | None:
    """Start of every trial in s, in its recording."""
    if "onset" not in table:
        return None
    columns = [name for name in ("onset", "window_onset_s") if name in table]
    starts = np.zeros(len(table))
    for name in columns:
        starts += seconds(table[name])
    n_missing = int((~np.isfinite(starts)).sum())
    if n_missing:
        raise ValueError(
            f"{n_missing} of {len(table)} trials have no time in {joined(map(repr, columns))}; "
            "fill it in, or leave the columns out."
        )
    return starts


def _window(X: Any) -> tuple[float, float]:
    """Length of a trial and of a sample in s; 0 where X does not know."""
    signals = getattr(X, "X", X)
    if isinstance(signals, SignalArray) and signals.ndim == 3 and signals.sfreq:
        return signals.shape[2] / signals.sfreq, 1 / signals.sfreq
    if hasattr(X, "times") and hasattr(X, "info"):  # mne.Epochs
        return len(X.times) / X.info["sfreq"], 1 / X.info["sfreq"]
    return 0.0, 0.0


def _distance(values: NDArray[Any], points: NDArray[Any]) -> NDArray[Any]:
    """From each value to the nearest of the others."""
    points = np.sort(points)
    after = np.searchsorted(points, values).clip(max=len(points) - 1)
    before = (after - 1).clip(min=0)
    return np.minimum(np.abs(points[after] - values), np.abs(values - points[before]))


def show(value: Any) -> str:
    """A label or subject as a person would write it, without numpy's type around it."""
    return repr(value.item() if isinstance(value, np.generic) else value)


def listed(values: Sequence[Any] | ArrayLike, most: int = 5) -> str:
    """The first few of them, and how many more there are."""
    values = list(values)  # type: ignore[arg-type]
    head = ", ".join(map(show, values[:most]))
    return head + (f" and {len(values) - most} more" if len(values) > most else "")


def joined(names: Iterable[str]) -> str:
    """Names as a sentence lists them: "a, b and c"."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
