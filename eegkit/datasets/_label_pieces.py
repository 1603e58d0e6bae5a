"""Pieces of recordings that a table labels: the same one twice, and those that overlap."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from eegkit.notice import warn
from eegkit.text import count, shortlist

# Pieces that share less, in s, may do so by the rounding of their times.
LEAST_SHARED_S = 0.01
# Rows that are one trial each, of so many s at most, are of events, which may follow one another
# within a trial (as in P300).
LONGEST_EVENT_S = 5.0


def check_pieces(table: pd.DataFrame, name: str, window_s: float | None, hint: str) -> None:
    """Refuse pieces that are there twice; tell of those that overlap and have different labels.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``file``, ``label``, ``onset`` and ``duration``, the latter in s or NaN: to the
        end of the recording.
    name : str
        What to call the table.
    window_s : float or None
        The length of a trial; None where each row is one.
    hint : str
        A sentence for where pieces are there twice.
    """
    pieces = table[["file", "label"]].assign(
        start=table["onset"].fillna(0.0),
        stop=(table["onset"].fillna(0.0) + table["duration"]).fillna(np.inf),
    )
    _refuse_repeats(pieces, name, hint)
    is_trial = window_s is None or np.allclose(table["duration"], window_s)
    is_event = (pieces["stop"] - pieces["start"]).le(LONGEST_EVENT_S).all()
    if is_trial and (is_event or _slide(pieces)):
        return
    pairs = [pair for _, part in pieces.groupby("file", sort=False) for pair in _overlaps(part)]
    if pairs:
        first = min(pairs)
        warn(
            f"{name} has {count(len(pairs), 'row')} whose piece overlaps that of a row with "
            "another label, so that some signals have two labels; the first: "
            f"{pieces['file'].iloc[first[0]]}, {_row_text(pieces, first[0])} and "
            f"{_row_text(pieces, first[1])}. Correct onset and duration, unless that is meant."
        )


def _refuse_repeats(pieces: pd.DataFrame, name: str, hint: str) -> None:
    same_piece = ["file", "start", "stop"]
    repeats = np.flatnonzero(pieces.duplicated(same_piece))
    if not len(repeats):
        return
    rows = np.flatnonzero((pieces[same_piece] == pieces[same_piece].iloc[repeats[0]]).all(axis=1))
    labels = pieces["label"].iloc[rows].astype(str).unique()
    if len(labels) > 1:
        words = f"with the labels {shortlist(map(repr, labels))}"
        remedy = "Keep the one that is right, or give their pieces by onset and duration."
    else:
        words = f"each time as {labels[0]!r}"
        remedy = "Keep one of them."
    n_more = len(repeats) - (len(rows) - 1)
    more = count(n_more, "more row repeats", "more rows repeat")
    raise ValueError(
        f"{name} labels the same piece of {pieces['file'].iloc[rows[0]]} "
        f"{'twice' if len(rows) == 2 else f'{len(rows)} times'}, in the rows "
        f"{shortlist(rows + 1)} after the header, {words}. {remedy}"
        f"{f' {more} other pieces.' if n_more else ''}{hint}"
    )


def _slide(pieces: pd.DataFrame) -> bool:
    """Whether pieces of one label overlap, too, as windows that are cut so by intent do."""
    rows = pieces.sort_values("start", kind="stable")
    following = rows.groupby(["file", "label"], observed=True)["start"].shift(-1)
    return bool((following < rows["stop"] - LEAST_SHARED_S).any())


def _overlaps(part: pd.DataFrame) -> Iterator[tuple[int, int]]:
    """Rows of one file that begin before an earlier one with another label ends, behind it."""
    last: list[tuple[float, int, object]] = []  # the one that ends last, and that of another label
    rows = part.sort_values(["start", "stop"], kind="stable")
    columns = (rows["start"], rows["stop"], rows["label"])
    for row, start, stop, label in zip(rows.index, *columns, strict=True):
        for end, other, other_label in last:
            if other_label != label and min(end, stop) - start > LEAST_SHARED_S:
                yield other, row
                break
        by_label = {label: (stop, row, label)}
        for entry in sorted(last, key=lambda entry: -entry[0]):
            kept = by_label.get(entry[2])
            if kept is None or entry[0] > kept[0]:
                by_label[entry[2]] = entry
        last = sorted(by_label.values(), key=lambda entry: -entry[0])[:2]


def _row_text(pieces: pd.DataFrame, row: int) -> str:
    label, start, stop = pieces.loc[row, ["label", "start", "stop"]]
    until = "the end" if np.isinf(stop) else f"{stop:g} s"
    return f"row {row + 1} after the header ({label}, {start:g} s to {until})"
