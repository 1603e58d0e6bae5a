"""From a recording to windows: filtered and resampled as a whole, then cut."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eegkit.recordings.amplitudes import LARGEST, check_signals
from eegkit.recordings.files import at_own_rate
from eegkit.recordings.gaps import (
    Clock,
    MissingDataWarning,
    Spans,
    bad_spans,
    missing_samples,
    recorded_stretches,
    runs,
)
from eegkit.recordings.preparation import Preparation, window_onsets
from eegkit.recordings.units import check_units
from eegkit.resampling import ratio_of, resample

if TYPE_CHECKING:
    import mne

OnBad: TypeAlias = Literal["skip", "raise", "keep"]
NOWHERE = Spans.of([])


@dataclass(frozen=True)
class PreparedRecording:
    """A recording that has been filtered and resampled, and can be cut.

    Parameters
    ----------
    ch_names : tuple of str
        Its channels, in the order of the signals.
    sfreq : float
        Sampling rate in Hz.
    n_times : int
        Samples of the whole recording at that rate, gaps included.
    stretches : tuple of (float, ndarray of float32, shape (n_channels, n_stretch_times))
        Where each stretch without a gap begins, in s, and its signals in microvolts.
    bad, missing : Spans
        What annotations of the file mark as bad, and where samples are no numbers.
    missing_in : tuple of str
        The channels in which they are none.
    source : path or str
        Where it is from, for messages.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.recordings import Preparation, PreparedRecording
    >>> preparation = Preparation(window_s=2.0, sfreq=64.0)
    >>> signals = np.random.default_rng(0).normal(scale=10, size=(2, 1280))  # 10 s, in microvolts
    >>> recording = PreparedRecording.from_signals(signals, 128.0, ["C3", "C4"], preparation)
    >>> X, onsets = recording.windows(preparation, "an example")
    >>> X.shape
    (5, 2, 128)
    """

    ch_names: tuple[str, ...]
    sfreq: float
    n_times: int
    stretches: tuple[tuple[float, NDArray[np.float32]], ...]
    bad: Spans = NOWHERE
    missing: Spans = NOWHERE
    missing_in: tuple[str, ...] = ()
    source: Any = "the recording"

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
        longest = max((x.shape[1] for _, x in self.stretches), default=0)
        if longest < round(window_s * self.sfreq):
            raise ValueError(
                f"{source} lasts {longest / self.sfreq:g} s, less than one window of "
                f"{window_s:g} s; make window_s shorter."
            )
        X, inside = self.cut(onsets, window_s)
        if not len(X):
            raise ValueError(
                f"{source} has no window of {window_s:g} s without a pause or a piece that is "
                "marked as bad; make window_s shorter."
            )
        return X, onsets[inside]

    def cut(
        self,
        onsets: Sequence[float] | NDArray[np.float64],
        window_s: float,
        on_bad: OnBad = "skip",
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Cut windows at given times.

        Parameters
        ----------
        onsets : sequence of float, shape (n_windows,)
            Where they begin, in s from the start of the recording, by its clock.
        window_s : float
            Their length in s.
        on_bad : {"skip", "raise", "keep"}, default "skip"
            What to do about windows that have a part in a pause or in a piece that is marked as
            bad: leave them out with a warning, or stop. ``"keep"`` takes those marked as bad.

        Returns
        -------
        X : ndarray of float32, shape (n_inside, n_channels, n_times)
            In microvolts; the windows that lie wholly inside one stretch.
        inside : ndarray of bool, shape (n_windows,)
            Which those are.

        Raises
        ------
        ValueError
            A window has no sample, or some that are no numbers, or `on_bad` says so.

        Warns
        -----
        MissingDataWarning
            Of windows that are left out for a pause or a mark.
        """
        n_times = round(window_s * self.sfreq)
        if n_times < 1:
            raise ValueError(
                f"A window of {window_s:g} s has no sample at {self.sfreq:g} Hz; make it longer."
            )
        times = np.asarray(onsets, dtype=float)
        stretch, first = self._places(times)
        lengths = np.array([x.shape[1] for _, x in self.stretches], dtype=int)
        inside = np.zeros(len(times), dtype=bool)
        if len(lengths):
            inside = (stretch >= 0) & (first >= 0) & (first + n_times <= lengths[stretch])
        inside &= ~self._check_whole(times, window_s, inside, on_bad)
        X = np.empty((int(inside.sum()), len(self.ch_names), n_times), dtype=np.float32)
        rows = zip(X, stretch[inside], first[inside], strict=True)
        for window, i, start in rows:
            window[:] = self.stretches[i][1][:, start : start + n_times]
        return X, inside

    def _places(self, times: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The stretch that a time lies in, -1 before the first, and its sample there."""
        starts = np.array([start for start, _ in self.stretches])
        stretch = np.searchsorted(starts, times + 0.5 / self.sfreq, side="right") - 1
        since = times - (starts[stretch] if len(starts) else 0.0)
        return stretch, np.rint(since * self.sfreq).astype(np.intp)

    def _check_whole(
        self,
        times: NDArray[np.float64],
        window_s: float,
        inside: NDArray[np.bool_],
        on_bad: OnBad,
    ) -> NDArray[np.bool_]:
        """Which windows are marked as bad; refuse or tell of what is not to be cut."""
        margin = 0.25 / self.sfreq  # a span that ends where a window begins does not touch it
        starts, length = times + margin, window_s - 2 * margin
        bad = self.bad.touch(starts, length) & (on_bad != "keep")
        missing = self.missing.touch(starts, length) & ~bad
        if missing.any():
            first = float(times[missing][0])
            raise ValueError(
                f"{self.source} holds samples that are no finite numbers in "
                f"{', '.join(self.missing_in)}, in {int(missing.sum())} of {len(times)} windows of "
                f"{window_s:g} s, the first at {first:g} s. Leave that piece or channel out, or "
                "get the file again."
            )
        # What lies beyond the end is another matter.
        end = max((start + x.shape[1] / self.sfreq for start, x in self.stretches), default=0.0)
        within = (times > -margin) & (times + window_s < end + margin)
        lost = bad & inside | ~inside & within
        if lost.any():
            text = (
                f"{int(lost.sum())} of {len(times)} windows of {window_s:g} s that have a part in "
                f"a pause or in a piece marked as bad, the first at {float(times[lost][0]):g} s"
            )
            if on_bad == "raise":
                raise ValueError(f"{self.source} has {text}; on_bad='skip' leaves them out.")
            warnings.warn(f"{self.source}: left out {text}.", MissingDataWarning, stacklevel=3)
        return bad


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
        Its filter and its rate; windows are cut later.
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
        The recording holds too large numbers, or no such frequencies, or a unit that is no
        voltage. NaN and infinity are gaps, until a window is cut there.

    Warns
    -----
    UserWarning
        The file does not say a unit.

    Examples
    --------
    >>> import mne
    >>> import numpy as np
    >>> from eegkit.recordings import Preparation, match_channels, prepare_recording
    >>> signals = np.random.default_rng(0).normal(scale=1e-5, size=(2, 1280))  # 10 s, in V
    >>> info = mne.create_info(["EEG C3", "EEG C4"], 128.0, "eeg")
    >>> raw = mne.io.RawArray(signals, info, verbose="error")
    >>> channels = match_channels(["C3", "C4"], raw.ch_names)
    >>> preparation = Preparation(sfreq=64.0)
    >>> prepare_recording(raw, preparation, channels=channels, source="an example").duration
    10.0
    """
    raw = at_own_rate(raw, _recorded(channels))
    rate = raw.info["sfreq"]
    preparation.check_recorded_rate(rate, source)
    clock = Clock.of(raw)
    signals = _read(raw, channels, source)
    missing = missing_samples(signals)
    stretches = recorded_stretches(raw, signals, clock, missing)
    target = float(preparation.sfreq or rate)
    prepared = []
    for start_s, first, stop in stretches:
        signal = signals[:, first:stop]
        check_signals(signal, source, limit=limit, ch_names=list(channels))
        prepared.append((start_s, filter_and_resample(signal, rate, preparation)))
    ratio = ratio_of(rate, target)
    n_times = math.ceil(raw.n_times * ratio)
    if len(clock.firsts) > 1:
        n_times = math.ceil((clock.time(raw.n_times - 1) + 1 / rate) * target - 1e-3)
    spans = [(clock.time(first), clock.time(stop - 1) + 1 / rate) for first, stop in runs(missing)]
    return PreparedRecording(
        tuple(channels), target, n_times, tuple(prepared), bad_spans(raw, _recorded(channels)),
        Spans.of(spans), _holes(channels, signals, missing), source,
    )  # fmt: skip


def _recorded(channels: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The recorded channels that others are made of, each once."""
    return list(dict.fromkeys(name for names in channels.values() for name in names))


def _holes(
    channels: Iterable[str], signals: NDArray[Any], missing: NDArray[np.bool_]
) -> tuple[str, ...]:
    """The channels in which samples are no numbers."""
    if not missing.any():
        return ()
    return tuple(n for n, row in zip(channels, signals, strict=True) if not np.isfinite(row).all())


def _read(
    raw: mne.io.BaseRaw, channels: Mapping[str, tuple[str, ...]], source: Any
) -> NDArray[np.float64]:
    """The signals of the wanted channels in microvolts, shape (n_channels, n_times)."""
    recorded = _recorded(channels)
    signals = raw.get_data(picks=recorded, verbose="error")
    with np.errstate(over="ignore"):  # infinite then, which is refused
        signals *= check_units(raw, recorded, source)[:, None]
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
        Resampling is polyphase, by `ratio_of` the two rates, behind its own low-pass.

    Raises
    ------
    ValueError
        The signals hold no such frequencies.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.recordings import Preparation, filter_and_resample
    >>> signals = np.random.default_rng(0).normal(scale=10, size=(2, 1280))
    >>> filter_and_resample(signals, 128.0, Preparation(sfreq=64.0)).shape
    (2, 640)
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
    ratio = ratio_of(sfreq, float(preparation.sfreq or sfreq))
    return x if ratio == 1 else resample(x, ratio, "reflect")
