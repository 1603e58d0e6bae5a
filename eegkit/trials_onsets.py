"""When trials were recorded, in the time of their subject."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eegkit.times import seconds

# In this order recordings of a subject follow each other, each in the natural order of its names.
WHEN = ("session", "run", "recording")


def onsets_of(metadata: pd.DataFrame, duration_s: float) -> NDArray[np.float64] | None:
    """When each trial begins, in s from its subject's first trial; recordings have no gaps between.

    Parameters
    ----------
    metadata : pandas.DataFrame
        With a column ``onset``, s from the start of the recording, or times.
    duration_s : float
        Length of a trial.

    Returns
    -------
    ndarray, shape (n_trials,), or None
        None where the metadata do not say when every trial begins.

    Examples
    --------
    >>> import pandas as pd
    >>> from eegkit.trials_onsets import onsets_of
    >>> table = pd.DataFrame({"subject": "a", "session": "0", "run": ["10", "9", "9"]})
    >>> onsets_of(table.assign(onset=[3.0, 5.0, 7.0]), 2.0)
    array([4., 0., 2.])
    """
    if "onset" not in metadata or not len(metadata):
        return None
    onsets = seconds(metadata["onset"], strict=False)
    if not np.isfinite(onsets).all():
        return None
    columns = ["subject", *(name for name in WHEN if name in metadata)]
    code = metadata.groupby(columns, sort=False, dropna=False, observed=True).ngroup().to_numpy()
    first = pd.Series(onsets).groupby(code).min().to_numpy()
    length = pd.Series(onsets).groupby(code).max().to_numpy() - first + duration_s
    names = metadata.loc[np.unique(code, return_index=True)[1], columns].astype(str)
    start, end_of = np.zeros(len(first)), dict[str, float]()
    for i in sorted(range(len(first)), key=lambda i: [_natural(name) for name in names.iloc[i]]):
        subject = names["subject"].iloc[i]
        start[i] = end_of.get(subject, 0.0)
        end_of[subject] = start[i] + length[i]
    return onsets - first[code] + start[code]


def _natural(name: str) -> list[Any]:
    """A name as a key to sort by, in which "run 10" comes after "run 9"."""
    parts = re.split(r"(\d+)", name)
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]
