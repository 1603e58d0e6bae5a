"""Trials in one file: what `Trials.save` writes and `Trials.load` maps."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eegkit import tensor_file
from eegkit.plain_values import plain
from eegkit.recordings import Preparation
from eegkit.times import is_time

if TYPE_CHECKING:
    import mne

FORMAT = 1
COLUMN = "metadata."


# X, y, metadata, info and preparation.
Parts: TypeAlias = (
    "tuple[NDArray[np.float32], NDArray[Any], pd.DataFrame, mne.Info, Preparation | None]"
)


def write_trials(path: Path, parts: Parts, **facts: Any) -> None:
    """Write trials to a safetensors file: arrays as they are, the rest and `facts` as JSON."""
    X, y, table, info, preparation = parts
    tensors: dict[str, NDArray[Any]] = {"X": X}
    header: dict[str, Any] = {"trials": FORMAT, "columns": []} | facts
    header["info"] = json.dumps(info.to_json_dict())  # its own text: it may hold NaN
    if preparation is not None:
        header["preparation"] = preparation.to_dict()
    for name in table.columns:
        if not isinstance(name, str):
            raise ValueError(f"metadata has a column named {name!r}; only text can be saved.")
    columns = {COLUMN + name: table[name] for name in table.columns}
    for name, column in [("y", pd.Series(list(y))), *columns.items()]:
        values = y if name == "y" else column.to_numpy()
        dtype = values.dtype.str if name == "y" else str(column.dtype)
        if isinstance(values.dtype, np.dtype) and values.dtype in tensor_file.NAMES:
            tensors[name], items = values, None
        else:
            entries = column.tolist()
            if name != "y" and is_time(column):
                entries = [v if v is pd.NaT else v.isoformat() for v in entries]
            items = [None if _is_missing(v) else plain(v) for v in entries]
        entry = {"name": name, "dtype": dtype, "values": items}
        if isinstance(column.dtype, pd.CategoricalDtype):
            entry["levels"] = column.cat.categories.tolist()
            entry["ordered"] = bool(column.cat.ordered)
        header["columns"].append(entry)
    try:
        json.dumps(header, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"The labels or metadata hold what JSON cannot ({error}); keep numbers and text only."
        ) from error
    tensor_file.write(path, tensors, header)


def read_trials(
    path: Path, verify: bool, check: Callable[[dict[str, Any]], None] | None = None
) -> Parts:
    """The parts of trials; the signals are a read-only memmap of the file.

    `check` may refuse the file by the facts that were written with it.
    """
    import mne

    header, tensors = tensor_file.read_mapped(path, verify)
    if header.get("trials") != FORMAT:
        raise tensor_file.CorruptFileError(
            f"{path} holds no trials of format {FORMAT}; expected what Trials.save writes."
        )
    if check is not None:
        check(header)
    columns: dict[str, Any] = {}
    for column in header["columns"]:
        name, values = column["name"], tensors.get(column["name"])
        if name == "y":
            labels = column["values"]
            columns[name] = np.array(labels, column["dtype"]) if values is None else values
        else:
            columns[name] = _series(column, values)
    y = np.array(columns.pop("y"))
    table = pd.DataFrame({name.removeprefix(COLUMN): c for name, c in columns.items()})
    info = mne.Info.from_json_dict(json.loads(header["info"]))
    content = header.get("preparation")
    preparation = None if content is None else Preparation.from_dict(content)
    return tensors["X"], y, table, info, preparation


def _series(column: dict[str, Any], values: NDArray[Any] | None) -> pd.Series:
    """A column of the metadata, from a tensor or from what JSON holds."""
    data, dtype = column["values"] if values is None else np.array(values), column["dtype"]
    if "levels" in column:
        return pd.Series(pd.Categorical(data, column["levels"], column["ordered"]))
    return pd.Series(data, dtype=dtype)


def _is_missing(value: Any) -> bool:
    return (
        value is None
        or value is pd.NA
        or value is pd.NaT
        or (isinstance(value, float) and np.isnan(value))
    )
