"""Whether signals, labels, metadata and info belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eegkit.labels import one_kind

if TYPE_CHECKING:
    import mne

METADATA_COLUMNS = ("subject", "session", "run")


def check_parts(X: NDArray[Any], y: NDArray[Any], metadata: pd.DataFrame, info: mne.Info) -> None:
    """Refuse labels, metadata and info that do not belong to the signals."""
    for name, length in (("y", len(y)), ("metadata", len(metadata))):
        if length != len(X):
            raise ValueError(f"{name} has {length} rows, but X has {len(X)} trials.")
    absent = [name for name in METADATA_COLUMNS if name not in metadata]
    if absent:
        raise ValueError(
            f"metadata lacks {', '.join(absent)}; expected at least the columns "
            f"{', '.join(METADATA_COLUMNS)}, seen {', '.join(map(str, metadata.columns))}."
        )
    if len(info["ch_names"]) != X.shape[1]:
        raise ValueError(f"info names {len(info['ch_names'])} channels, but X has {X.shape[1]}.")


def clean_metadata(metadata: pd.DataFrame) -> pd.DataFrame:
    """A copy whose rows are numbered, and whose people, sessions and runs are of one kind."""
    table = metadata.reset_index(drop=True)
    for name in METADATA_COLUMNS:
        values = np.asarray(table[name])
        clean = one_kind(values, f"metadata[{name!r}]")
        if clean is not values:
            table[name] = clean
    return table
