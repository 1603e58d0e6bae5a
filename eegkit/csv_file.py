"""Tables as CSV files, in which no text is a formula to a spreadsheet."""

from __future__ import annotations

import os
from typing import Any

import pandas as pd

from eegkit.atomic import atomic_write

# Beginnings that spreadsheets take for formulas.
FORMULA = ("=", "+", "-", "@", "\t")


def write_csv(table: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write a table without its index, whole or not at all.

    Parameters
    ----------
    table : pandas.DataFrame
        A text that a spreadsheet would take for a formula gets ``'`` before it; numbers do not.
    path : path-like
    """
    plain = table.rename(columns=_literal)
    for i, dtype in enumerate(table.dtypes):
        if not pd.api.types.is_numeric_dtype(dtype):
            plain.isetitem(i, pd.Series(map(_literal, table.iloc[:, i]), table.index, dtype=object))
    with atomic_write(path) as part:
        plain.to_csv(part, index=False, lineterminator="\n")


def _literal(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value.replace("\r", "\\r")  # which would begin a line, and is quoted by nobody
    return f"'{text}" if text.startswith(FORMULA) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
