"""What the data sets of this plugin share: checks of options, signals without positions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import mne

VOLTS_PER_MICROVOLT = 1e-6


def check_lengths(*, zero_allowed: bool = False, unit: str = "s", **named: Any) -> None:
    """Raise ValueError unless the options are lengths in time."""
    for name, value in named.items():
        fine = _is_number(value) and np.isfinite(value)
        if not fine or value < 0 or (value == 0 and not zero_allowed):
            expected = "a number from 0 on" if zero_allowed else "a positive number"
            raise ValueError(f"{name} is {value!r}; expected {expected}, in {unit}.")


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def check_overlap(overlap: Any) -> None:
    """Raise ValueError unless it is a part of a window."""
    if not _is_number(overlap) or not 0 <= overlap < 1:
        raise ValueError(
            f"overlap is {overlap!r}; expected a part of the window, from 0 to below 1."
        )


def choose(asked: Sequence[Any] | None, known: Iterable[Any], name: str, title: str) -> list[Any]:
    """Those asked for, all by default; ValueError for none, for a stranger, for one twice."""
    known = list(known)
    if asked is None:
        return known
    chosen = list(asked) if np.iterable(asked) and not isinstance(asked, str) else [asked]
    shown = ", ".join(map(repr, known[:8])) + (", ..." if len(known) > 8 else "")
    expected = f"expected a sequence of different ones of {shown}, or None for all"
    if not chosen:
        raise ValueError(f"{name} is empty; {expected}.")
    # A set would take True for 1.
    there = set(known)
    strange = [one for one in chosen if isinstance(one, bool) or not _is_in(one, there)]
    if strange:
        raise ValueError(f"{title} has no {', '.join(map(repr, strange))}; {expected} in {name}.")
    if len(set(chosen)) < len(chosen):
        raise ValueError(f"{name} names one twice: {chosen}; {expected}.")
    return chosen


def _is_in(one: Any, known: set[Any]) -> bool:
    try:
        return one in known
    except TypeError:  # not hashable
        return False


def check_amplitudes(signals: NDArray[Any], limit: float, path: Path) -> None:
    """Raise ValueError where signals in microvolts are not finite or beyond any EEG."""
    if not len(signals) or not signals.size:
        raise ValueError(f"{path} holds no samples; remove the file and get it again.")
    low, high = float(signals.min()), float(signals.max())
    if not (-limit <= low and high <= limit):  # false for NaN, too
        raise ValueError(
            f"{path} holds values from {low:g} to {high:g} microvolts; expected finite ones "
            f"within {limit:g}. Remove the file and get it again."
        )


def make_raw(signals: NDArray[Any], names: Sequence[str], sfreq: float) -> mne.io.BaseRaw:
    """Signals in microvolts as an MNE recording, without positions of electrodes."""
    import mne

    info = mne.create_info(list(names), sfreq, "eeg", verbose="error")
    volts = np.asarray(signals, dtype=np.float64) * VOLTS_PER_MICROVOLT
    return mne.io.RawArray(volts, info, verbose="error")


def filter_and_resample(
    raw: mne.io.BaseRaw,
    sfreq: float | None,
    l_freq: float | None,
    h_freq: float | None,
) -> None:
    """Filter and resample a whole recording, in place.

    `eegkit.datasets.prepare` does the same, but knows only electrodes that have a place.
    """
    nyquist = raw.info["sfreq"] / 2
    if l_freq is not None or h_freq is not None:
        if max(l_freq or 0, h_freq or 0) >= nyquist:
            raise ValueError(
                f"l_freq={l_freq}, h_freq={h_freq}: expected frequencies below {nyquist:g} Hz, "
                "half the rate of the recordings."
            )
        raw.filter(l_freq, h_freq, verbose="error")
    if sfreq is not None and sfreq != raw.info["sfreq"]:
        raw.resample(float(sfreq), method="polyphase", verbose="error")
