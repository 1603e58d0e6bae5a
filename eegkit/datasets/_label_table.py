"""The table of labels of `from_folder`: its columns, and what is wrong with them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from eegkit.datasets._text_tables import read_table, without_spaces
from eegkit.labels import namesakes, one_kind, same_label_key, same_person_key
from eegkit.notice import warn
from eegkit.text import count, shortlist, suggest
from eegkit.times import is_time
from eegkit.trials_checks import METADATA_COLUMNS

MANDATORY = ("file", "label", "subject")
TIMES = ("onset", "duration")
SEPARATORS = (",", ";", "\t")
TEXT = ("file", *METADATA_COLUMNS)
COLUMNS = {*MANDATORY, *TEXT, *TIMES}


def read_labels(labels: str | os.PathLike[str] | pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The table and what to call it; it has rows, and every row a file, label and subject."""
    table, name = _as_table(labels)
    lacking = [column for column in MANDATORY if column not in table]
    if lacking or table.empty:
        raise ValueError(
            f"{name} has {count(len(table), 'row')} and the columns "
            f"{', '.join(map(str, table.columns))}; expected at least one row, and the columns "
            f"{', '.join(MANDATORY)}.{_missing(lacking, table)}"
        )
    for column in _others(table):
        plain = str(column).strip().lower()
        if plain in COLUMNS and plain not in table:
            raise ValueError(
                f"{name} has a column {column!r}; expected {plain!r}, or another name if it is "
                "none."
            )
    if "recording" in table:
        raise ValueError(f"{name} has a column 'recording'; that name is taken, use another.")
    for column in [column for column in (*MANDATORY, *METADATA_COLUMNS[1:]) if column in table]:
        empty = np.flatnonzero(table[column].isna() | (table[column] == ""))
        if len(empty):
            raise ValueError(f"{name} has no {column} in row {empty[0] + 1} after the header.")
        if column == "file":  # of which two spellings may be one
            table[column] = table[column].astype(str)
        elif column in TEXT:
            table[column] = one_kind(table[column], f"{name}, {column},").astype(str)
    _compare_spellings(table, name)
    return table, name


def _compare_spellings(table: pd.DataFrame, name: str) -> None:
    """Refuse labels that would be two classes by mistake, and tell of people who would be two."""
    labels = [label for label in table["label"] if isinstance(label, str)]
    for first, other in namesakes(labels, same_label_key):
        raise ValueError(
            f"{name} has the labels {first!r} ({_first_row(table, 'label', first)}) and {other!r} "
            f"({_first_row(table, 'label', other)}), which differ in nothing but case or spaces, "
            "and would be two classes; write them alike."
        )
    parts = [part for _, part in table.groupby("dataset")] if "dataset" in table else [table]
    pairs = [pair for part in parts for pair in namesakes(part["subject"], same_person_key)]
    if pairs:
        texts = [
            f"{first!r} ({_first_row(table, 'subject', first)}) and {other!r} "
            f"({_first_row(table, 'subject', other)})"
            for first, other in pairs
        ]
        warn(
            f"{name} has what looks like one person under two names, and would be two people: "
            f"{shortlist(texts, 3)}. Write them alike, or give two people names that differ in "
            "more than case, punctuation and leading zeros."
        )


def _first_row(table: pd.DataFrame, column: str, value: Any) -> str:
    return f"row {int(np.flatnonzero(table[column] == value)[0]) + 1} after the header"


def _as_table(labels: Any) -> tuple[pd.DataFrame, str]:
    """The table as it is given, but for spaces, and what to call it."""
    if isinstance(labels, pd.DataFrame):
        name = "The table"
        try:
            return without_spaces(labels.reset_index(drop=True)), name
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    if not isinstance(labels, (str, os.PathLike)):
        raise ValueError(
            f"labels is a {type(labels).__name__}; expected the path of a CSV or TSV file, or a "
            f"pandas.DataFrame with the columns {', '.join(MANDATORY)}: pandas.DataFrame(rows) "
            "makes one of a list of rows that name them, as "
            "{'file': 'anna.edf', 'label': 'rest', 'subject': 'anna'}."
        )
    path = Path(labels).expanduser()
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no table {path}; expected the path of a CSV or TSV file."
        )
    return read_table(path, text=TEXT, sep=_separator(path), na_values=[""]), str(path)


def _others(table: pd.DataFrame) -> list[Any]:
    """The columns that are only kept in the metadata."""
    return [column for column in table if column not in COLUMNS]


def _missing(columns: list[str], table: pd.DataFrame) -> str:
    """Sentences that say which columns are not there, and what they may be called instead."""
    return "".join(
        f" Column {column} is missing" + suggest(column, _others(table), "") for column in columns
    )


def not_used(table: pd.DataFrame, column: str) -> str:
    """A sentence on a column that is not there, and those that might be meant for it."""
    if column in table or not _others(table):
        return ""
    others = ", ".join(map(repr, _others(table)))
    return f" There is no column {column}; not used for it: {others}."


def _separator(path: Path) -> str:
    """What stands most often between the names of the columns, by default as the suffix says."""
    usual = "\t" if path.suffix.lower() == ".tsv" else ","
    with path.open("rb") as file:
        names = file.readline().decode("utf-8", "replace")
    return max((usual, *SEPARATORS), key=names.count)


def seconds_in(table: pd.DataFrame, column: str, name: str) -> pd.Series:
    """A column of times, NaN where nothing is said."""
    if column not in table:
        return pd.Series(np.nan, index=table.index)
    entries = table[column].infer_objects()
    if pd.api.types.is_timedelta64_dtype(entries):
        entries = entries.dt.total_seconds()
    elif is_time(entries):
        raise ValueError(
            f"{name} has dates in the column {column}; expected seconds, {column} of a piece from "
            "the start of its recording: subtract the date and time at which that begins."
        )
    values = pd.to_numeric(entries, errors="coerce")
    bad = values.isna() & table[column].notna() | (values < 0) | np.isinf(values)
    if column == "duration":
        bad |= values == 0
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(
            f"{name} has {column} {str(table[column].iloc[row])!r} in row {row + 1} after the "
            "header; expected a number of seconds, such as 1.5."
        )
    return values.astype(float)
