"""Checks by metadata: who and what stands on both sides of a split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eegkit.evaluation.audit.findings import Findings
from eegkit.evaluation.splits.metadata import joined, show
from eegkit.evaluation.splits.named import Fold
from eegkit.labels import labels_are_subjects, same_person_key
from eegkit.times import seconds
from eegkit.trials import Trials

# The columns that tell one group of a level from another, where they are there. The same name
# of a session or file, of two people, is not the same session or file.
KEYS: dict[str, tuple[str, ...]] = {
    "dataset": ("dataset",),
    "subject": ("dataset", "subject"),
    "session": ("dataset", "subject", "session"),
    "recording": ("dataset", "subject", "recording"),
    "run": ("dataset", "subject", "session", "run"),
    "parent": ("dataset", "subject", "session", "run", "recording", "parent"),
}
NOUNS = {
    "dataset": "data set", "subject": "person", "session": "session", "recording": "recording",
    "run": "run", "parent": "trial that was cut into windows",
}  # fmt: skip


@dataclass(frozen=True)
class Level:
    """A way to group trials: -1 for trials whose group is not known."""

    name: str
    code: NDArray[np.intp]
    columns: tuple[str, ...]

    def n_different(self, values: NDArray[np.intp]) -> NDArray[np.intp]:
        """How many different values, from 0 on, the trials of every group have."""
        pairs = np.unique(np.column_stack([self.code, values]), axis=0)
        pairs = pairs[(pairs >= 0).all(axis=1)]
        return np.bincount(pairs[:, 0], minlength=self.code.max() + 1)

    def lies_within(self, other: Level) -> bool:
        """Whether every group lies in one group of the other level."""
        return bool((self.n_different(other.code) <= 1).all())

    def on_both_sides(self, fold: Fold) -> NDArray[np.intp]:
        """The test trials whose group is in training as well."""
        code = self.code[fold.test]
        return fold.test[(code >= 0) & np.isin(code, self.code[fold.train])]


@dataclass(frozen=True)
class Levels:
    """The levels the metadata know, from the coarsest on, and the one that is promised.

    A level that groups the trials as a coarser one does is left out: where everybody has one
    session, "session" says nothing that "subject" does not.
    """

    by_name: dict[str, Level]
    promise: Level | None
    keeps_apart: str

    def is_promised(self, level: Level) -> bool:
        """Whether a group of the level on both sides breaks the promise."""
        return self.promise is not None and level.lies_within(self.promise)


def make_levels(trials: Trials, keeps_apart: str) -> Levels:
    """Levels of these trials.

    Raises
    ------
    ValueError
        `keeps_apart` is no level and no column.
    """
    metadata = trials.metadata
    candidates = {
        name: _level(name, metadata, columns)
        for name, columns in KEYS.items()
        if columns[-1] in metadata
    }
    levels: dict[str, Level] = {}
    for name, level in candidates.items():
        if len(np.unique(level.code)) == len(trials) and name not in ("dataset", "subject"):
            continue  # every trial is a group of its own
        # Two levels that group alike would tell the same thing twice; the coarser is named.
        if not any(other.lies_within(level) and level.lies_within(other)
                   for other in levels.values()):  # fmt: skip
            levels[name] = level
    promise = candidates.get(keeps_apart)
    if promise is None and keeps_apart in metadata:
        # Blocks are counted anew in each run; another column is taken as it is.
        columns = (*KEYS["run"], "block") if keeps_apart == "block" else (keeps_apart,)
        levels[keeps_apart] = promise = _level(keeps_apart, metadata, columns)
    # Of blocks of time that no column names, onsets and signals are what is left to check.
    if promise is None and keeps_apart != "block":
        raise ValueError(
            f"keeps_apart is {keeps_apart!r}; expected {', '.join(map(repr, KEYS))}, 'block' or a "
            f"metadata column ({', '.join(map(str, metadata.columns))})."
        )
    return Levels(levels, promise, keeps_apart)


def _level(name: str, metadata: pd.DataFrame, columns: Sequence[str]) -> Level:
    present = tuple(column for column in columns if column in metadata)
    # ngroup() of a row with a missing value is NaN, or -1, by the version of pandas.
    number = metadata.groupby(list(present), sort=False, dropna=True).ngroup().fillna(-1)
    return Level(name, number.to_numpy(dtype=np.intp), present)


def check_levels(levels: Levels, findings: Findings) -> NDArray[np.bool_]:
    """Trials, groups and windows on both sides; returns the test trials found to overlap in time
    or to be their own training trials, which need no second finding from the signals."""
    trials = findings.trials
    same = findings.tally(
        lambda fold: np.intersect1d(fold.train, fold.test), lambda _, row: f"trial {row}"
    )
    findings.add_tally(
        "same_trial", "leak", same, "The same trial is in training and in test",
        "The splitter is broken; use another.",
    )  # fmt: skip
    _check_groups(levels, findings)
    _check_aliases(levels, findings)
    _check_shared_names(levels, findings)
    leaky = same.trials | _check_overlap(findings)
    n_subjects = trials.metadata["subject"].nunique()
    if n_subjects == 1:
        findings.add(
            "one_person", "note",
            f"All trials are of one person ({show(trials.groups[0])}).",
            "The score says nothing about other people.",
        )  # fmt: skip
    return leaky


def _check_groups(levels: Levels, findings: Findings) -> None:
    trials, keeps_apart = findings.trials, levels.keeps_apart
    identification = labels_are_subjects(trials.y, trials.groups)
    by_design = []
    for level in levels.by_name.values():
        tally = findings.tally(level.on_both_sides, partial(_group_name, trials, level))
        noun = NOUNS.get(level.name, level.name)
        if not tally.folds or (level.name == "dataset" and keeps_apart != "dataset"):
            continue  # people of one data set are meant to be on both sides
        if not levels.is_promised(level) or (identification and level.name == "subject"):
            by_design.append((noun, tally))
            continue
        # Of identification nobody promised sessions, and people must be known.
        severity = "warning" if identification and keeps_apart == "subject" else "leak"
        advice = f"Split by {keeps_apart}, as the split promises."
        if keeps_apart == "subject":
            advice = 'Split by people: cv="group-5" or cv="loso".'
        findings.add_tally(
            level.name, severity, tally, f"The same {noun} is in training and in test", advice
        )
    if by_design:
        # The coarsest level stands for the finer ones: who shares the person shares the session.
        noun, tally = by_design[0]
        nouns = joined(dict.fromkeys(name for name, _ in by_design))
        unit = "blocks of time" if keeps_apart == "block" else f"each {keeps_apart}"
        why = f"the split promises to keep {unit} apart, no more"
        if identification:
            why = "the labels name the people"
        findings.add(
            "by_design", "note",
            f"The same {nouns} is in training and in test by design: {why}.",
            "The score is about people that were seen in training, not about new ones."
            if noun == "person" else "",
            tally,
        )  # fmt: skip


def _group_name(trials: Trials, level: Level, _: Fold, row: int) -> str:
    values = trials.metadata.loc[row, list(level.columns)]
    if level.name in ("subject", "dataset"):
        return show(values.iloc[-1])
    return ", ".join(f"{column} {show(value)}" for column, value in values.items())


def _check_aliases(levels: Levels, findings: Findings) -> None:
    names, metadata = findings.trials.groups, findings.trials.metadata
    subject = _level("subject", metadata, KEYS["subject"])
    if not levels.is_promised(subject):
        return
    # One row for each person: names are compared, and there are few of those.
    codes, rows = np.unique(subject.code, return_index=True)
    rows = rows[codes >= 0]
    datasets = metadata["dataset"].iloc[rows] if "dataset" in metadata else [""] * len(rows)
    keys = [
        # A name without a letter or digit leaves nothing to compare: it stands for itself.
        (dataset, same_person_key(names[row]) or row)
        for dataset, row in zip(datasets, rows, strict=True)
    ]
    alias, _ = pd.factorize(pd.Series(keys, dtype=object))

    def hits(fold: Fold) -> NDArray[np.intp]:
        trained = np.isin(np.arange(len(rows)), subject.code[fold.train])
        has_namesake = np.bincount(alias, weights=trained)[alias] > trained
        known = fold.test[subject.code[fold.test] >= 0]
        return known[has_namesake[subject.code[known]]]

    def example(fold: Fold, row: int) -> str:
        code = subject.code[fold.train]
        is_namesake = (alias[code] == alias[subject.code[row]]) & (code != subject.code[row])
        other = fold.train[is_namesake & (code >= 0)][0]
        return f"{show(names[row])} and {show(names[other])}"

    findings.add_tally(
        "alias", "leak", findings.tally(hits, example),
        "What looks like one person under two names is on both sides",
        "Give each person one name in metadata['subject'].",
    )  # fmt: skip


def _check_shared_names(levels: Levels, findings: Findings) -> None:
    """A recording that, other than most, is named for two people."""
    metadata = findings.trials.metadata
    if "recording" not in metadata:
        absent = "'recording' or 'parent'" if "parent" not in metadata else "'recording'"
        findings.not_checked(
            f"There is no metadata column {absent}: parent recordings were not compared.",
            "Add the name of the file each trial is from.",
        )  # fmt: skip
        return
    recording = _level("recording", metadata, ("dataset", "recording"))
    n_subjects = recording.n_different(_level("subject", metadata, KEYS["subject"]).code)
    shared = np.flatnonzero(n_subjects > 1)
    # Where people are not kept apart, the same recording on both sides was told by its level.
    people_apart = levels.promise is not None and levels.keeps_apart in ("subject", "dataset")
    # A name most people share, such as "rest.edf", is a kind of recording, not one of them.
    if not people_apart or len(shared) * 2 > np.count_nonzero(n_subjects):
        return

    def hits(fold: Fold) -> NDArray[np.intp]:
        rows = recording.on_both_sides(fold)
        return rows[np.isin(recording.code[rows], shared)]

    findings.add_tally(
        "recording", "warning",
        findings.tally(hits, lambda _, row: show(metadata["recording"].iloc[row])),
        "A recording that is named for two people is on both sides",
        "See whether these people are one.",
    )  # fmt: skip


def windows(trials: Trials) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[Any]] | None:
    """The recording, start and end in s of every trial; None where they are not known."""
    metadata = trials.metadata

    # An event's onset, from the start of the recording, and, for windows cut from a trial later,
    # where in the trial they start.
    if "onset" in metadata:
        columns, start = KEYS["parent"][:-1], seconds(metadata["onset"])
        if "window_onset_s" in metadata:
            start = start + seconds(metadata["window_onset_s"])
    elif "window_onset_s" in metadata and "parent" in metadata:
        columns, start = KEYS["parent"], seconds(metadata["window_onset_s"])
    else:
        return None
    length = np.full(len(trials), trials.n_times / trials.sfreq)
    if "duration" in metadata:
        # Shorter than the window: filled up. Else of an event, which says nothing of the window.
        duration = seconds(metadata["duration"], strict=False)
        length = np.where((duration > 0) & (duration < length), duration, length)
    return _level("window", metadata, columns).code, start, start + length


def _check_overlap(findings: Findings) -> NDArray[np.bool_]:
    spans = windows(findings.trials)
    if spans is None:
        findings.not_checked(
            "There is no metadata column 'onset': overlap in time was looked for in the signals "
            "alone.", "Add the start of each trial in its recording, in s.",
        )  # fmt: skip
        return np.zeros(len(findings.trials), dtype=bool)
    code, start, end = spans
    # An unknown recording or onset overlaps with nothing that can be named.
    usable = (code >= 0) & np.isfinite(start)
    # Recordings one after the other on one axis of time, so that one sort serves all of them.
    place = code * (end[usable].max(initial=0) - start[usable].min(initial=0) + 1.0)
    start, end = start + place, end + place
    # One sample in common may be due to rounding.
    least = 1.5 / findings.trials.sfreq

    def hits(fold: Fold) -> NDArray[np.intp]:
        # A trial that is its own training trial has been told of as that.
        train, test = fold.train[usable[fold.train]], np.setdiff1d(fold.test, fold.train)
        test = test[usable[test]]
        if not len(train):
            return train
        # Of the windows that start earlier, the one that ends last may not be the last to start.
        order = train[np.argsort(start[train], kind="stable")]
        latest = np.maximum.accumulate(end[order])
        before = np.searchsorted(start[order], end[test] - least)
        reach = latest[np.maximum(before - 1, 0)] - start[test]
        return test[(before > 0) & (reach > least)]

    tally = findings.tally(hits, lambda _, row: f"trial {row}")
    findings.add_tally(
        "overlap", "leak", tally, "Windows that overlap in time are on both sides",
        "Cut windows without overlap, or keep those of a recording on one side.",
    )  # fmt: skip
    return tally.trials
