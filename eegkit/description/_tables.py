"""Tables of people, classes and channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eegkit.description._scan import Scan, median_of
from eegkit.labels import hard_labels
from eegkit.times import seconds

# The percentiles that are told.
PERCENTILES = {"p0.1": 0.1, "p1": 1.0, "median": 50.0, "p99": 99.0, "p99.9": 99.9}
# Trials that agree in all of these (those that there are) come from one recording.
RECORDING = ("dataset", "subject", "session", "run", "recording")


def classes_table(counts: pd.DataFrame) -> pd.DataFrame:
    """Trials and people of every class, and the fewest and most trials of one person."""
    return pd.DataFrame(
        {
            "trials": counts.sum(),
            "people": (counts > 0).sum(),
            "fewest_per_person": counts.min(),
            "most_per_person": counts.max(),
        }
    ).rename_axis("class")


def people_table(counts: pd.DataFrame, metadata: pd.DataFrame) -> pd.DataFrame:
    """Sessions, runs, trials and classes of every person."""
    by_person = metadata.groupby("subject", observed=True)
    runs = metadata.drop_duplicates(["subject", "session", "run"])
    return pd.DataFrame(
        {
            "sessions": by_person["session"].nunique(),
            "runs": runs.groupby("subject", observed=True).size(),
            "trials": by_person.size(),
            "classes": (counts > 0).sum(axis=1),
        }
    ).rename_axis("subject")


def channels_table(scan: Scan, ch_names: Sequence[str]) -> pd.DataFrame:
    """Amplitudes in microvolts, and what is missing, flat, clipped or hums, of every channel."""
    percentiles = scan.percentiles(list(PERCENTILES.values()))
    columns: dict[str, Any] = {"min": np.fmin.reduce(scan.low, axis=0)}
    columns |= dict(zip(PERCENTILES, percentiles, strict=True))
    columns["max"] = np.fmax.reduce(scan.high, axis=0)
    columns["spread"] = median_of(scan.spread)
    columns["missing"] = scan.n_missing
    columns["infinite"] = scan.n_infinite
    columns["flat_trials"] = scan.flat.sum(axis=0)
    columns["clipped_trials"] = scan.clipped.sum(axis=0)
    for line, ratio in scan.line_ratio.items():
        columns[f"line_{line}_hz"] = median_of(ratio)
    return pd.DataFrame(columns, index=pd.Index(ch_names, name="channel"))


def copies_table(
    scan: Scan, X: NDArray[np.float32], y: NDArray[Any], metadata: pd.DataFrame
) -> pd.DataFrame:
    """Trials that repeat an earlier one, sample by sample."""
    again, first = scan.copies(X)
    labels, subject = hard_labels(y), metadata["subject"].to_numpy()
    return pd.DataFrame(
        {
            "trial": again,
            "same_as": first,
            "same_label": labels[again] == labels[first],
            "same_subject": subject[again] == subject[first],
        }
    )


def shared_with_next(metadata: pd.DataFrame, window_s: float, sample_s: float) -> pd.Series:
    """Part of every trial that the next one of its recording has too, where onsets say so.

    Empty where the metadata do not say when trials were recorded.
    """
    columns = [name for name in RECORDING if name in metadata]
    starts = np.zeros(len(metadata))
    if "onset" in metadata:
        starts += seconds(metadata["onset"], strict=False)
    elif "parent" in metadata:
        columns.append("parent")  # windows are dated within their trial alone
    if "window_onset_s" in metadata:
        starts += seconds(metadata["window_onset_s"], strict=False)
    elif "onset" not in metadata:
        return pd.Series(dtype=float)
    table = metadata[columns].assign(start=starts).dropna().sort_values("start", kind="stable")
    apart = table.groupby(columns, observed=True)["start"].diff(-1).abs()
    # Onsets are rounded; less than half a sample is no overlap.
    shared = 1 - (apart + sample_s / 2) / window_s
    return shared[shared > 0].add(sample_s / 2 / window_s).sort_index()
