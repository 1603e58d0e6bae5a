"""Tables in text files, as people and their programs write them."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pandas as pd

# What workbooks begin with: those of Excel and LibreOffice are archives, but for old ones of Excel.
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_WIDER_LINE = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")


def read_table(path: Path, *, text: Collection[str] = (), **options: Any) -> pd.DataFrame:
    """A table, read by pandas, without spaces around its texts and the names of its columns.

    Parameters
    ----------
    path : pathlib.Path
    text : collection of str
        Columns that are text, whatever they look like.
    **options
        Of ``pandas.read_csv``.

    Raises
    ------
    ValueError
        The file holds no table; the message says what it holds instead, as far as can be seen.
    """
    with path.open("rb") as file:
        if file.read(4) in WORKBOOKS:
            raise ValueError(
                f"{path} is a workbook, as Excel writes them; expected a text file: save its sheet "
                "as CSV (UTF-8)."
            )
    options = {"keep_default_na": False, "skipinitialspace": True, **options}
    try:
        if text:
            names = pd.read_csv(path, nrows=0, **options).columns
            options["dtype"] = {name: str for name in names if name.strip() in text}
        return without_spaces(pd.read_csv(path, **options))
    except pd.errors.EmptyDataError as error:
        raise ValueError(
            f"{path} is empty; expected a table, with the names of its columns in the first line."
        ) from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no text in UTF-8; save the table as CSV (UTF-8).") from error
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{path} cannot be read as a table: {_plain(error)}") from error


def without_spaces(table: pd.DataFrame) -> pd.DataFrame:
    """The same table, its texts and the names of its columns without spaces around them.

    Raises
    ------
    ValueError
        Several columns have one name then.
    """
    names = [_strip(name) for name in table.columns]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            raise ValueError(f"several columns are called {name!r}; keep one of them.")
    columns = {name: _column(table.iloc[:, i]) for i, name in enumerate(names)}
    return pd.DataFrame(columns, index=table.index)


def _column(values: pd.Series) -> pd.Series:
    if any(isinstance(value, str) and value != value.strip() for value in values):
        return values.astype(object).map(_strip).infer_objects()
    return values


def _strip(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _plain(error: Exception) -> str:
    """What pandas says, but for what is said of lines with too many cells."""
    wider = _WIDER_LINE.search(str(error))
    if wider is None:
        return str(error)
    n_before, line, n_cells = wider.groups()
    return (
        f"line {line} has {n_cells} cells, and those before it {n_before}; put text with what "
        "separates the columns in it between quotation marks."
    )
