"""Whether signals, labels, metadata and info belong together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eegkit.labels import one_kind
from eegkit.text import suggest

if TYPE_CHECKING:
    import mne

METADATA_COLUMNS = ("subject", "session", "run")


def check_length(rows: Any, n_trials: int, name: str) -> None:
    """Refuse what has no row for each trial."""
    if len(rows) != n_trials:
        raise ValueError(f"{name} has {len(rows)} rows, but X has {n_trials} trials.")


def check_parts(X: NDArray[Any], metadata: pd.DataFrame, info: mne.Info) -> None:
    """Refuse metadata and info that do not belong to the signals."""
    check_length(metadata, len(X), "metadata")
    _check_columns(metadata)
    check_channels(info["ch_names"], X, "info")


def check_channels(names: Sequence[str], X: NDArray[Any], source: str) -> None:
    """Refuse names of channels that X does not have as many of."""
    if len(names) == X.shape[1]:
        return
    swapped = (
        " The axes look swapped: give X.transpose(0, 2, 1)." if len(names) == X.shape[2] else ""
    )
    raise ValueError(
        f"{source} names {len(names)} channels, but X of shape {X.shape} has {X.shape[1]}; "
        f"expected (n_trials, n_channels, n_times).{swapped}"
    )


def _check_columns(metadata: pd.DataFrame) -> None:
    absent = [name for name in METADATA_COLUMNS if name not in metadata]
    if absent:
        raise ValueError(
            f"metadata lacks {', '.join(absent)}; expected at least the columns "
            f"{', '.join(METADATA_COLUMNS)}, seen {', '.join(map(str, metadata.columns))}."
        )
    repeats = metadata.columns[metadata.columns.duplicated()]
    if len(repeats):
        raise ValueError(f"metadata has several columns called {repeats[0]!r}; keep one of them.")


def check_rows(metadata: pd.DataFrame, n_trials: int) -> None:
    """Refuse a table whose rows are other ones than the trials by now, or in another order.

    Raises
    ------
    ValueError
        Rows were dropped, added or moved, as far as their numbers tell, or a column is gone.
    """
    if len(metadata) != n_trials:
        raise ValueError(
            f"metadata has {len(metadata)} rows by now, but there are {n_trials} trials; pick "
            "trials by trials[mask], which takes signals, labels and metadata along."
        )
    _check_columns(metadata)
    if _is_permuted(metadata.index):
        raise ValueError(
            "The rows of metadata are in another order than the trials: their numbers are "
            f"{', '.join(map(str, metadata.index[:5]))}, ... Order the trials by "
            "trials[table.index], or set metadata to table.sort_index(); to "
            "table.reset_index(drop=True) where its rows are in the order of the trials."
        )


def _is_permuted(index: pd.Index) -> bool:
    """Whether an index has the numbers of all rows, in another order."""
    rows = np.arange(len(index))
    return (
        pd.api.types.is_integer_dtype(index.dtype)
        and not np.array_equal(index, rows)
        and np.array_equal(np.sort(index), rows)
    )


def in_order(rows: Any, n_trials: int) -> Any:
    """What picks trials; a mask of pandas by the numbers of its rows, as pandas takes it.

    Raises
    ------
    ValueError
        The mask is of other rows.
    """
    if not isinstance(rows, pd.Series) or not pd.api.types.is_bool_dtype(rows.dtype):
        return rows
    if len(rows) != n_trials:
        raise ValueError(
            f"The mask has {len(rows)} rows, but there are {n_trials} trials; expected as many."
        )
    return rows.sort_index().to_numpy() if _is_permuted(rows.index) else rows.to_numpy()


def column_of(metadata: pd.DataFrame, column: str) -> NDArray[Any]:
    """A column that is to be the labels.

    Raises
    ------
    ValueError
        There is no such column, or some trials have nothing in it.
    """
    if column not in metadata:
        raise ValueError(
            f"label is {column!r}, but the metadata of the trials has no such column"
            f"{suggest(column, metadata)}"
        )
    n_absent = int(metadata[column].isna().sum())
    if n_absent:
        raise ValueError(
            f"label is {column!r}, but {n_absent} of {len(metadata)} trials have nothing in that "
            "column; choose another one."
        )
    return metadata[column].to_numpy()


def check_alike(parts: Sequence[Any]) -> None:
    """Refuse trials of other channels, another rate or length than the first ones."""
    for i, part in enumerate(parts[1:], 1):
        for attribute in ("ch_names", "sfreq", "n_times"):
            seen, expected = getattr(part, attribute), getattr(parts[0], attribute)
            if seen != expected:
                raise ValueError(
                    f"Part {i} has {attribute} {seen}, but part 0 has {expected}; bring them to "
                    "one first."
                )


def clean_metadata(metadata: pd.DataFrame) -> pd.DataFrame:
    """A copy whose rows are numbered, and whose people, sessions and runs are of one kind."""
    table = metadata.reset_index(drop=True)
    for name in METADATA_COLUMNS:
        values = np.asarray(table[name])
        clean = one_kind(values, f"metadata[{name!r}]")
        if clean is not values:
            table[name] = clean
    return table
