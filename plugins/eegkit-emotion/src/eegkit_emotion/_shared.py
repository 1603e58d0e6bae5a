"""What the data sets of this plugin share: options, channels, filters and windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eegkit.datasets import check_rates

if TYPE_CHECKING:
    import mne

# The positions of the 10-05 system on MNE's template head.
MONTAGE = "colin27_1005"
# Names of the 10-20 system of 1958 and those that replaced them in 1991.
RENAMED = {"t3": "T7", "t4": "T8", "t5": "P7", "t6": "P8"}
# Beyond 1 V no value is EEG; it is a broken file.
LIMIT = 1e6

AGAIN = "remove the file and get it again."


def plain(name: str) -> str:
    """A channel's name without regard to case and to the old names of T7, T8, P7 and P8."""
    lower = name.strip().lower()
    return RENAMED.get(lower, lower).lower()


def check_seconds(**named: Any) -> None:
    """Raise ValueError unless the options are positive numbers of seconds."""
    for name, value in named.items():
        fine = isinstance(value, Real) and not isinstance(value, bool)
        if not fine or not (value > 0 and np.isfinite(float(value))):
            raise ValueError(f"{name} is {value!r}; expected a positive number of seconds.")


def check_windows(window: Any, overlap: Any) -> None:
    """Raise ValueError unless windows of that length and overlap can be cut."""
    if window is not None:
        check_seconds(window=window)
    if isinstance(overlap, bool) or not isinstance(overlap, Real) or not 0 <= overlap < 1:
        raise ValueError(
            f"overlap is {overlap!r}; expected a part of the window, from 0 to below 1."
        )


def check_filters(
    recorded: float, sfreq: float | None, l_freq: float | None, h_freq: float | None
) -> None:
    """Raise ValueError unless rate and filter edges go together and with the recordings."""
    for name, value in (("sfreq", sfreq), ("l_freq", l_freq), ("h_freq", h_freq)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, Real)):
            raise ValueError(f"{name} is {value!r}; expected a positive number of Hz, or None.")
    check_rates(sfreq, l_freq, h_freq)
    for name, edge in (("l_freq", l_freq), ("h_freq", h_freq)):
        if edge is not None and edge >= recorded / 2:
            raise ValueError(
                f"{name} is {edge:g} Hz; expected less than {recorded / 2:g} Hz, half the rate of "
                "the recordings."
            )


def choose_channels(asked: Sequence[str] | None, known: Sequence[str], title: str) -> list[int]:
    """Where the channels asked for lie among those known; all by default.

    Raises
    ------
    ValueError
        None, an unknown one, or one twice is asked for.
    """
    if asked is None:
        return list(range(len(known)))
    names = [asked] if isinstance(asked, str) else list(asked)
    index = {plain(name): i for i, name in enumerate(known)}
    if not names:
        raise ValueError("channels is empty; expected names of channels, or None for all.")
    strange = [n for n in names if not isinstance(n, str) or plain(n) not in index]
    if strange:
        raise ValueError(
            f"{title} has no channel {', '.join(map(str, strange))}; it has {', '.join(known)}."
        )
    found = [index[plain(name)] for name in names]
    if len(set(found)) < len(found):
        raise ValueError(f"channels names one twice: {', '.join(names)}; name each once.")
    return found


def check_signals(signals: NDArray[Any], path: Path, what: str) -> None:
    """Raise ValueError unless the values are finite and can be microvolts of EEG."""
    if not signals.size:
        raise ValueError(f"{path} holds no samples in {what}; {AGAIN}")
    low, high = float(signals.min()), float(signals.max())
    if not (low >= -LIMIT and high <= LIMIT):  # so NaN is refused, too
        raise ValueError(
            f"{path} holds values from {low:g} to {high:g} in {what}; expected finite ones in "
            f"microvolts, at most {LIMIT:g}. {AGAIN.capitalize()}"
        )


def prepare_signals(
    signals: NDArray[Any],
    rate: float,
    sfreq: float | None,
    l_freq: float | None,
    h_freq: float | None,
) -> NDArray[np.float32]:
    """Filter and resample signals, shape (n_channels, n_times), as one whole."""
    made = np.asarray(signals)
    if l_freq is not None or h_freq is not None:
        import mne

        made = mne.filter.filter_data(
            made.astype(np.float64), rate, l_freq, h_freq, verbose="error"
        )
    made = np.ascontiguousarray(made, dtype=np.float32)
    return resample(made[np.newaxis], rate, sfreq)[0]


def resample(X: NDArray[Any], rate: float, sfreq: float | None) -> NDArray[np.float32]:
    """Bring trials, shape (n_trials, n_channels, n_times), from one rate to another."""
    if sfreq is None or float(sfreq) == rate:
        return np.asarray(X)
    from eegkit.transforms import Resample

    return np.asarray(Resample(to_sfreq=float(sfreq), sfreq=rate).fit_transform(np.asarray(X)))


def windows(
    signals: NDArray[np.float32], rate: float, window: float | None, overlap: float
) -> Iterator[tuple[float, NDArray[np.float32]]]:
    """Windows that lie wholly within the signals, with their onset in s; None gives it all."""
    n_times = signals.shape[-1]
    length = n_times if window is None else round(window * rate)
    if length < 1:
        raise ValueError(f"A window has no sample at {rate:g} Hz; make window or sfreq larger.")
    step = max(1, round(length * (1 - overlap)))
    for start in range(0, n_times - length + 1, step):
        yield start / rate, signals[..., start : start + length]


def make_info(names: Sequence[str], sfreq: float) -> mne.Info:
    """Channels with the positions of those that the 10-05 system knows."""
    import mne

    info = mne.create_info(list(names), float(sfreq), "eeg", verbose="error")
    info.set_montage(MONTAGE, match_case=False, on_missing="ignore", verbose="error")
    return info


def too_short(path: Path, seconds: float, window: float) -> ValueError:
    return ValueError(
        f"{path} has nothing as long as one window of {window:g} s (the longest lasts "
        f"{seconds:g} s); make window shorter."
    )
