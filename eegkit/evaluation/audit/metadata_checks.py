"""Checks by metadata: who and what stands on both sides of a split."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eegkit.evaluation.audit.findings import Findings
from eegkit.evaluation.splits import Fold, show
from eegkit.labels import labels_are_subjects
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
# What an onset counts from: the start of a recording, whatever trials were cut from it later.
PLACE: tuple[str, ...] = ("dataset", "subject", "session", "run", "recording")


@dataclass(frozen=True)
class Level:
    """A way to group trials: -1 for trials whose group is not known."""

    name: str
    code: NDArray[np.intp]
    columns: tuple[str, ...]

    def lies_within(self, other: Level) -> bool:
        """Whether every group lies in one group of the other level."""
        # Every group pairs with exactly one of the other level, or it lies in several.
        has_group = (self.code >= 0) & (other.code >= 0)
        pairs = np.unique(np.column_stack([self.code[has_group], other.code[has_group]]), axis=0)
        return len(pairs) == len(np.unique(self.code[has_group]))

    def on_both_sides(self, fold: Fold) -> NDArray[np.intp]:
        """The test trials whose group is in training as well."""
        # One place more than there are groups, so that -1 has its own.
        in_training = np.zeros(self.code.max() + 2, dtype=bool)
        in_training[self.code[fold.train]] = True
        in_training[-1] = False  # -1, the groups that are not known
        return fold.test[in_training[self.code[fold.test]]]


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
    if keeps_apart in candidates:
        promise = candidates[keeps_apart]
    elif keeps_apart in metadata:
        # Blocks are counted anew in each run; another column is taken as it is.
        columns = (*KEYS["run"], "block") if keeps_apart == "block" else (keeps_apart,)
        promise = _level(keeps_apart, metadata, columns)
        levels.setdefault(keeps_apart, promise)
    elif keeps_apart == "block":
        # Blocks of time that no column names: onsets and signals are what is left to check.
        promise = None
    else:
        raise ValueError(
            f"keeps_apart is {keeps_apart!r}; expected {', '.join(map(repr, KEYS))}, 'block' or a "
            f"metadata column ({', '.join(map(str, metadata.columns))})."
        )
    return Levels(levels, promise, keeps_apart)


def _level(name: str, metadata: pd.DataFrame, columns: Sequence[str]) -> Level:
    present = tuple(column for column in columns if column in metadata)
    # ngroup() of a row with a missing value is NaN, or -1, by the version of pandas.
    code = metadata.groupby(list(present), sort=False, dropna=True).ngroup().to_numpy()
    return Level(name, np.where(np.isnan(code), -1, code).astype(np.intp), present)


def check_levels(
    trials: Trials, folds: Sequence[Fold], levels: Levels, findings: Findings
) -> NDArray[np.bool_]:
    """Trials, groups and windows on both sides; returns the test trials found to overlap in time
    or to be their own training trials, which need no second finding from the signals."""
    leaky = _check_same_trial(trials, folds, findings)
    _check_groups(trials, folds, levels, findings)
    _check_aliases(trials, folds, levels, findings)
    _check_shared_names(trials, folds, levels, findings)
    leaky |= _check_overlap(trials, folds, findings)
    n_subjects = trials.metadata["subject"].nunique()
    if n_subjects == 1:
        findings.add(
            "one_person", "note",
            f"All trials are of one person ({show(trials.groups[0])}).",
            "The score says nothing about other people.",
        )  # fmt: skip
    return leaky


def _check_same_trial(
    trials: Trials, folds: Sequence[Fold], findings: Findings
) -> NDArray[np.bool_]:
    tally = findings.tally()
    for fold in folds:
        twice = np.intersect1d(fold.train, fold.test)
        tally.add(fold, twice, lambda twice=twice: f"trial {twice[0]}")  # type: ignore[misc]
    findings.add_tally(
        "same_trial", "leak", tally, "The same trial is in training and in test",
        "The splitter is broken; use another.",
    )  # fmt: skip
    return tally.trials


def _check_groups(
    trials: Trials, folds: Sequence[Fold], levels: Levels, findings: Findings
) -> None:
    identification = labels_are_subjects(trials.y, trials.groups)
    by_design = []
    for level in levels.by_name.values():
        tally = findings.tally()
        for fold in folds:
            hits = level.on_both_sides(fold)
            tally.add(
                fold, hits,
                lambda hits=hits, level=level: _group_name(trials, level, hits[0]),  # type: ignore[misc]
            )  # fmt: skip
        noun = NOUNS.get(level.name, level.name)
        is_promised = levels.is_promised(level)
        if tally.folds and (level.name == "dataset" and levels.keeps_apart != "dataset"):
            continue  # people of one data set are meant to be on both sides
        if tally.folds and (not is_promised or (identification and level.name == "subject")):
            by_design.append((noun, tally))
        elif is_promised:
            severity = "leak"
            if identification and levels.keeps_apart == "subject":
                severity = "warning"  # nobody promised sessions, and people must be known
            findings.add_tally(
                level.name, severity, tally, f"The same {noun} is in training and in test",
                _advice(level.name, levels.keeps_apart),
            )  # fmt: skip
    if by_design:
        # The coarsest level stands for the finer ones: who shares the person shares the session.
        noun, tally = by_design[0]
        names = list(dict.fromkeys(name for name, _ in by_design))
        nouns = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
        why = "the labels name the people" if identification else _promise(levels)
        findings.add(
            "by_design", "note",
            f"The same {nouns} is in training and in test by design: {why}.",
            "The score is about people that were seen in training, not about new ones."
            if noun == "person" else "",
            tally,
        )  # fmt: skip


def _promise(levels: Levels) -> str:
    unit = "blocks of time" if levels.keeps_apart == "block" else f"each {levels.keeps_apart}"
    return f"the split promises to keep {unit} apart, no more"


def _advice(name: str, keeps_apart: str) -> str:
    if keeps_apart == "subject":
        return 'Split by people: cv="group-5" or cv="loso".'
    return f"Split by {keeps_apart}, as the split promises."


def _group_name(trials: Trials, level: Level, row: int) -> str:
    values = trials.metadata.loc[row, list(level.columns)]
    if level.name in ("subject", "dataset"):
        return show(values.iloc[-1])
    return ", ".join(f"{column} {show(value)}" for column, value in values.items())


def same_person_key(name: Any) -> tuple[Any, ...]:
    """What is left of a name without case, spaces, punctuation and leading zeros."""
    # pandas makes 1.0 of 1 where another row has no number.
    if isinstance(name, float | np.floating) and float(name).is_integer():
        name = int(name)
    text = unicodedata.normalize("NFKC", str(name)).casefold()
    # The same as text: "1.0" is what a CSV file may hold.
    text = re.sub(r"\b(\d+)\.0+\b", r"\1", text)
    return tuple(
        int(part) if part.isdigit() else part for part in re.findall(r"\d+|[^\W\d_]+", text)
    )


def _check_aliases(
    trials: Trials, folds: Sequence[Fold], levels: Levels, findings: Findings
) -> None:
    subject = _level("subject", trials.metadata, KEYS["subject"])
    if not levels.is_promised(subject):
        return
    # One row for each person: names are compared, and there are few of those.
    first = np.unique(subject.code, return_index=True)
    rows = first[1][first[0] >= 0]
    datasets = trials.metadata.get("dataset", pd.Series("", index=trials.metadata.index))
    persons: dict[Any, list[int]] = {}
    for row in rows:
        key = (datasets.iloc[row], same_person_key(trials.groups[row]))
        # A name without a letter or digit leaves nothing to compare.
        if key[1]:
            persons.setdefault(key, []).append(subject.code[row])
    tally = findings.tally()
    # Most trials have no aliases, and then no fold has to be looked at.
    aliases = [codes for codes in persons.values() if len(codes) > 1]
    for fold in folds if aliases else ():
        trained = set(np.unique(subject.code[fold.train]).tolist())
        hits, example = [], []
        for codes in aliases:
            # Only people who are tested, under a name that another name of theirs was trained on.
            for code in codes:
                namesakes = [other for other in codes if other != code and other in trained]
                if namesakes and len(test_rows := fold.test[subject.code[fold.test] == code]):
                    hits.append(test_rows)
                    other = np.flatnonzero(subject.code == namesakes[0])[0]
                    example.append((trials.groups[test_rows[0]], trials.groups[other]))
        all_hits = np.concatenate(hits) if hits else np.zeros(0, dtype=np.intp)
        tally.add(
            fold, all_hits,
            lambda example=example: f"{show(example[0][0])} and {show(example[0][1])}",  # type: ignore[misc]
        )  # fmt: skip
    findings.add_tally(
        "alias", "leak", tally, "What looks like one person under two names is on both sides",
        "Give each person one name in metadata['subject'].",
    )  # fmt: skip


def _check_shared_names(
    trials: Trials, folds: Sequence[Fold], levels: Levels, findings: Findings
) -> None:
    """A recording that, other than most, is named for two people."""
    if "recording" not in trials.metadata:
        absent = "'recording' or 'parent'" if "parent" not in trials.metadata else "'recording'"
        findings.add(
            "not_checked", "note",
            f"There is no metadata column {absent}: parent recordings were not compared.",
            "Add the name of the file each trial is from.",
        )  # fmt: skip
        return
    table = trials.metadata[[name for name in KEYS["recording"] if name in trials.metadata]]
    table = table.drop_duplicates().dropna()
    columns = [name for name in ("dataset", "recording") if name in table]
    n_subjects = table.groupby(columns)["subject"].nunique()
    shared = n_subjects[n_subjects > 1]
    # A name most people share, such as "rest.edf", is a kind of recording, not one of them.
    if not len(shared) or len(shared) * 2 > len(n_subjects):
        return
    level = _level("recording", trials.metadata, columns)
    suspicious = set(trials.metadata.groupby(columns, sort=False).ngroup()[
        pd.MultiIndex.from_frame(trials.metadata[columns]).isin(shared.index)
        if len(columns) > 1 else trials.metadata["recording"].isin(shared.index)
    ])  # fmt: skip
    tally = findings.tally()
    for fold in folds:
        hits = level.on_both_sides(fold)
        hits = hits[np.isin(level.code[hits], list(suspicious))]
        tally.add(
            fold, hits,
            lambda hits=hits: show(trials.metadata["recording"].iloc[hits[0]]),  # type: ignore[misc]
        )  # fmt: skip
    # Where people are not kept apart, the same recording on both sides was told by its level.
    if levels.promise is not None and levels.keeps_apart in ("subject", "dataset"):
        findings.add_tally(
            "recording", "warning", tally, "A recording that is named for two people is on both "
            "sides", "See whether these people are one.",
        )  # fmt: skip


def windows(trials: Trials) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray] | None:
    """The recording, start and end in s of every trial; None where they are not known."""
    metadata = trials.metadata
    # An event's onset and, for windows cut from a trial later, where in the trial they start.
    if "onset" in metadata:
        columns, start = PLACE, pd.to_numeric(metadata["onset"], errors="coerce").to_numpy(float)
        if "window_onset_s" in metadata:
            start = start + metadata["window_onset_s"].to_numpy(float)
    elif "window_onset_s" in metadata and "parent" in metadata:
        columns, start = KEYS["parent"], metadata["window_onset_s"].to_numpy(float)
    else:
        return None
    length = np.full(len(trials), trials.n_times / trials.sfreq)
    if "duration" in metadata:
        # Shorter than the window: filled up. Else of an event, which says nothing of the window.
        duration = pd.to_numeric(metadata["duration"], errors="coerce").to_numpy(float)
        length = np.where((duration > 0) & (duration < length), duration, length)
    return _level("window", metadata, columns).code, start, start + length


def _check_overlap(trials: Trials, folds: Sequence[Fold], findings: Findings) -> NDArray[np.bool_]:
    tally = findings.tally()
    spans = windows(trials)
    if spans is None:
        findings.add(
            "not_checked", "note",
            "There is no metadata column 'onset': overlap in time was looked for in the signals "
            "alone.", "Add the start of each trial in its recording, in s.",
        )  # fmt: skip
        return tally.trials
    code, start, end = spans
    # An unknown recording or onset overlaps with nothing that can be named.
    usable = (code >= 0) & np.isfinite(start)
    if not usable.any():
        return tally.trials
    # Recordings one after the other on one axis of time, so that one sort serves all of them.
    place = code * (end[usable].max() - start[usable].min() + 1.0)
    start, end = start + place, end + place
    for fold in folds:
        train, test = fold.train[usable[fold.train]], fold.test[usable[fold.test]]
        if not len(train) or not len(test):
            continue
        # Of the windows that start earlier, the one that ends last may not be the last to start.
        order = train[np.argsort(start[train], kind="stable")]
        latest = np.maximum.accumulate(end[order])
        # One sample in common may be due to rounding.
        before = np.searchsorted(start[order], end[test] - 1.5 / trials.sfreq)
        reach = latest[np.maximum(before - 1, 0)] - start[test]
        hits = test[(before > 0) & (reach > 1.5 / trials.sfreq)]
        # A trial that is its own training trial has been told of as that.
        hits = np.setdiff1d(hits, fold.train)
        tally.add(fold, hits, lambda hits=hits: f"trial {hits[0]}")  # type: ignore[misc]
    findings.add_tally(
        "overlap", "leak", tally, "Windows that overlap in time are on both sides",
        "Cut windows without overlap, or keep those of a recording on one side.",
    )  # fmt: skip
    return tally.trials
