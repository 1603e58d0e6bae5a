"""From a recording to windows: filtered and resampled as a whole, then cut."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eegkit.recordings.amplitudes import LARGEST, check_signals
from eegkit.recordings.gaps import recorded_stretches
from eegkit.recordings.preparation import Preparation
from eegkit.resampling import MAX_DENOMINATOR, resample
from eegkit.signals_input import MICROVOLTS_PER_VOLT

if TYPE_CHECKING:
    import mne

# An hour is as long as it was, to a third of a millisecond.
RATE_TOLERANCE = 1e-7


@dataclass(frozen=True)
class PreparedRecording:
    """A recording that has been filtered and resampled, and can be cut.

    Parameters
    ----------
    ch_names : tuple of str
    sfreq : float
        In Hz.
    n_times : int
        Samples of the whole recording at that rate, gaps included.
    stretches : tuple of (float, ndarray of float32, shape (n_channels, n_stretch_times))
        Where each stretch without a gap begins, in s, and its signals in microvolts.
    """

    ch_names: tuple[str, ...]
    sfreq: float
    n_times: int
    stretches: tuple[tuple[float, NDArray[np.float32]], ...]

    @classmethod
    def from_signals(
        cls,
        signals: NDArray[Any],
        sfreq: float,
        ch_names: Sequence[str],
        preparation: Preparation,
    ) -> PreparedRecording:
        """Prepare signals without a gap, shape (n_channels, n_times), in microvolts."""
        stretch = filter_and_resample(signals, sfreq, preparation)
        rate = float(preparation.sfreq or sfreq)
        return cls(tuple(ch_names), rate, stretch.shape[1], ((0.0, stretch),))

    @property
    def duration(self) -> float:
        """Length of the whole recording in s."""
        return self.n_times / self.sfreq

    def windows(
        self, preparation: Preparation, source: Any
    ) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Cut the recording into windows, from its start on.

        Parameters
        ----------
        preparation : Preparation
            Its `window_s` and `overlap`; without `window_s`, the recording is one window.
        source : path or str
            Where it is from, for messages.

        Returns
        -------
        X : ndarray of float32, shape (n_windows, n_channels, n_times)
            In microvolts.
        onsets : ndarray of float64, shape (n_windows,)
            In s from the start of the recording.

        Raises
        ------
        ValueError
            No window fits.
        """
        window_s = preparation.window_s or self.duration
        onsets = window_onsets(0.0, self.duration, window_s, preparation.overlap, self.sfreq)
        X, inside = self.cut(onsets, window_s)
        if not len(X):
            longest = max(x.shape[1] for _, x in self.stretches) / self.sfreq
            raise ValueError(
                f"{source} lasts {longest:g} s, less than one window of {window_s:g} s; make "
                "window_s shorter."
            )
        return X, onsets[inside]

    def cut(
        self, onsets: Sequence[float] | NDArray[np.float64], window_s: float
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Cut windows at given times.

        Parameters
        ----------
        onsets : sequence of float, shape (n_windows,)
            Where they begin, in s from the start of the recording.
        window_s : float
            Their length in s.

        Returns
        -------
        X : ndarray of float32, shape (n_inside, n_channels, n_times)
            In microvolts; the windows that lie wholly inside one stretch.
        inside : ndarray of bool, shape (n_windows,)
            Which those are.
        """
        n_times = round(window_s * self.sfreq)
        if n_times < 1:
            raise ValueError(
                f"A window of {window_s:g} s has no sample at {self.sfreq:g} Hz; make it longer."
            )
        pieces = [self._piece(onset, n_times) for onset in onsets]
        complete = [piece for piece in pieces if piece is not None]
        X = np.empty((len(complete), len(self.ch_names), n_times), dtype=np.float32)
        for window, piece in zip(X, complete, strict=True):
            window[:] = piece
        return X, np.array([piece is not None for piece in pieces], dtype=bool)

    def _piece(self, onset: float, n_times: int) -> NDArray[np.float32] | None:
        """Samples from a time on; None where they do not lie within one stretch."""
        for start, signals in self.stretches:
            first = round(float(onset - start) * self.sfreq)
            if 0 <= first <= signals.shape[1] - n_times:
                return signals[:, first : first + n_times]
        return None


def window_onsets(
    start: float, stop: float, window_s: float, overlap: float, sfreq: float
) -> NDArray[np.float64]:
    """Where windows begin between two times, in s: every so many whole samples.

    Counted in samples, so that neighbours share the same number of them throughout.
    """
    n_times = round(window_s * sfreq)
    step = max(1, round(n_times * (1 - overlap)))
    first, last = round(start * sfreq), round(stop * sfreq)
    return np.arange(first, last - n_times + 1, step) / sfreq


def prepare_recording(
    raw: mne.io.BaseRaw,
    preparation: Preparation,
    *,
    channels: Mapping[str, tuple[str, ...]],
    source: Path,
    limit: float = LARGEST,
) -> PreparedRecording:
    """Read the signals of an open recording, filter and resample them.

    Parameters
    ----------
    raw : mne.io.BaseRaw
        As `open_recording` gives it; its signals need not be in memory.
    preparation : Preparation
    channels : mapping of str to tuple of str
        What `match_channels` gave: for each channel the recorded one, or two to subtract.
    source : pathlib.Path
        For messages.
    limit : float, default 1e36
        The largest amplitude in microvolts that can be meant.

    Returns
    -------
    PreparedRecording
        Each stretch between two gaps is filtered and resampled by itself: a filter that runs over
        a gap rings at its edges. Zeros that fill up the end of a file are no part of it.

    Raises
    ------
    ValueError
        The recording holds NaN, infinity or too large numbers, or no such frequencies.
    """
    rate = raw.info["sfreq"]
    preparation.check_recorded_rate(rate, source)
    signals = _read(raw, channels)
    check_signals(signals, source, limit=limit, ch_names=list(channels))
    target = float(preparation.sfreq or rate)
    stretches = tuple(
        (start / rate, filter_and_resample(signals[:, start:stop], rate, preparation))
        for start, stop in recorded_stretches(raw, signals)
    )
    n_times = math.ceil(raw.n_times * _ratio(rate, target))
    return PreparedRecording(tuple(channels), target, n_times, stretches)


def _read(raw: mne.io.BaseRaw, channels: Mapping[str, tuple[str, ...]]) -> NDArray[np.float64]:
    """The signals of the wanted channels in microvolts, shape (n_channels, n_times)."""
    recorded = list(dict.fromkeys(name for names in channels.values() for name in names))
    signals = raw.get_data(picks=recorded, verbose="error")
    with np.errstate(over="ignore"):  # infinite then, which is refused
        signals *= MICROVOLTS_PER_VOLT
    if list(channels.values()) == [(name,) for name in recorded]:
        return signals
    rows = {name: signals[i] for i, name in enumerate(recorded)}
    return np.stack(
        [rows[n[0]] if len(n) == 1 else rows[n[0]] - rows[n[1]] for n in channels.values()]
    )


def filter_and_resample(
    signals: NDArray[Any], sfreq: float, preparation: Preparation
) -> NDArray[np.float32]:
    """Filter and resample signals without a gap, as one whole.

    Parameters
    ----------
    signals : ndarray, shape (n_channels, n_times)
        In microvolts.
    sfreq : float
        Their rate in Hz.
    preparation : Preparation
        Its `l_freq`, `h_freq`, `filter_method` and `sfreq`.

    Returns
    -------
    ndarray of float32, shape (n_channels, n_new_times)
        Resampling is polyphase, by the exact factor, behind its own low-pass.

    Raises
    ------
    ValueError
        The signals hold no such frequencies.
    """
    preparation.check_recorded_rate(sfreq)
    x = signals
    if preparation.l_freq is not None or preparation.h_freq is not None:
        import mne

        x = mne.filter.filter_data(
            np.array(signals, dtype=np.float64),
            sfreq,
            preparation.l_freq,
            preparation.h_freq,
            method=preparation.filter_method,
            copy=False,
            verbose="error",
        )
    x = np.ascontiguousarray(x, dtype=np.float32)
    ratio = _ratio(sfreq, float(preparation.sfreq or sfreq))
    return x if ratio == 1 else resample(x, ratio, "reflect")


def _ratio(sfreq: float, target: float) -> Fraction:
    """The simplest factor between two rates, of which formats may keep seven digits."""
    exact = Fraction(target / sfreq)
    simple = exact.limit_denominator(MAX_DENOMINATOR)
    if np.isclose(float(simple), float(exact), rtol=RATE_TOLERANCE):
        return simple
    return exact.limit_denominator(20 * MAX_DENOMINATOR)
