"""Refuse signals that are no EEG: not finite, or beyond any amplifier."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# What float32 still holds, with room for a filter; in microvolts.
LARGEST = 1e36


def check_signals(
    signals: NDArray[Any],
    path: Path,
    *,
    limit: float = LARGEST,
    ch_names: Sequence[str] | None = None,
    part: str = "",
) -> None:
    """Refuse signals that are empty, not finite or beyond a limit.

    Parameters
    ----------
    signals : ndarray, shape (..., n_channels, n_times)
        In microvolts.
    path : pathlib.Path
        Where they are from, for messages.
    limit : float, default 1e36
        The largest amplitude in microvolts that can be meant.
    ch_names : sequence of str, optional
        Names of the channels, for messages.
    part : str, optional
        The part of the file that was looked at, for messages.

    Raises
    ------
    ValueError
        They are not; the message names the file.

    Examples
    --------
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from eegkit.recordings import check_signals
    >>> check_signals(np.array([[1.0, np.nan]]), Path("sub-01.edf"), ch_names=["C3"])
    Traceback (most recent call last):
    ValueError: sub-01.edf holds values from nan to nan in C3; ...
    """
    where = f" in {part}" if part else ""
    if not signals.size:
        raise ValueError(f"{path} holds no samples{where}; remove the file and get it again.")
    low, high = float(signals.min()), float(signals.max())
    if -limit <= low and high <= limit:  # false for NaN, too
        return
    peaks = np.abs(signals).max(axis=-1)
    wrong = np.flatnonzero(~(peaks.reshape(-1, peaks.shape[-1]) <= limit).all(axis=0))
    if ch_names is not None:
        where += f" in {', '.join(ch_names[int(i)] for i in wrong)}"
    raise ValueError(
        f"{path} holds values from {low:g} to {high:g}{where}; expected finite ones in microvolts, "
        f"at most {limit:g}. Remove the file and get it again."
    )
