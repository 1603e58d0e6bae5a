"""The stretches of a recording between its gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import mne

# First and last sample, the last one excluded.
Stretch: TypeAlias = "tuple[int, int]"

# How formats and MNE mark that a recording was paused: FIF's skipped buffers, which last, and
# points in time where two pieces meet (of MNE and of EEGLAB).
PAUSE = "bad_acq_skip"
JOINTS = ("edge boundary", "bad boundary", "boundary")
# Fewer zeros at the end may have been recorded.
MIN_FILLING = 8


def recorded_stretches(raw: mne.io.BaseRaw, signals: NDArray[Any]) -> list[Stretch]:
    """Where samples were recorded without a gap, in the order of time.

    Parameters
    ----------
    raw : mne.io.BaseRaw
    signals : ndarray, shape (n_channels, n_times)
        All of its samples. Where all channels end with zeros, these only fill up the last
        record of the file.

    Returns
    -------
    list of (int, int)
        First sample, and the one after the last.
    """
    end = _end(signals)
    gaps = sorted(_gaps(raw))
    starts = [0, *(stop for _, stop in gaps)]
    stops = [*(min(start, end) for start, _ in gaps), end]
    return [(start, stop) for start, stop in zip(starts, stops, strict=True) if start < stop]


def _end(signals: NDArray[Any]) -> int:
    """One after the last sample that is not filling."""
    n_times = signals.shape[1]
    # Looked at from the end, as most recordings have no filling.
    if n_times < MIN_FILLING or signals[:, -MIN_FILLING:].any():
        return n_times
    recorded = np.flatnonzero(signals.any(axis=0))
    return int(recorded[-1]) + 1 if len(recorded) else n_times


def _gaps(raw: mne.io.BaseRaw) -> list[Stretch]:
    annotations, rate = raw.annotations, raw.info["sfreq"]
    gaps = []
    for onset, duration, description in zip(
        annotations.onset, annotations.duration, annotations.description, strict=True
    ):
        name = str(description).lower()
        start = int(np.clip(round((onset - raw.first_time) * rate), 0, raw.n_times))
        if name.startswith(PAUSE):
            gaps.append((start, start + round(duration * rate)))
        elif name in JOINTS:
            gaps.append((start, start))
    return gaps
