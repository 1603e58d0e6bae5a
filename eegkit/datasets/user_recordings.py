"""What everyone's own recordings share: one set of channels, one rate, windows with labels."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray

from eegkit.datasets._base import warn_missing
from eegkit.datasets._files import tell_broken
from eegkit.datasets._recordings import MONTAGE, Recording, check_rates, cut, prepare
from eegkit.datasets.recorded import RecordedDataset
from eegkit.trials import Trials

if TYPE_CHECKING:
    import mne

COMMON = "common"
# What float32 cannot hold in microvolts is damaged.
LARGEST_V = 1e30


@dataclass(frozen=True)
class Segment:
    """A piece of a recording that has one label.

    Parameters
    ----------
    label : object
    onset : float
        In s from the start of the recording.
    duration : float or None
        In s; None for all that follows.
    metadata : dict
        What else its trials shall say of themselves.
    """

    label: Any
    onset: float
    duration: float | None
    metadata: dict[str, Any] = field(default_factory=dict)


class OwnRecordings(RecordedDataset):
    """Recordings of one's own: made alike, and cut into windows.

    Parameters
    ----------
    window : float, optional
        Length of a trial in s; by default each segment is one.
    overlap : float, default 0.0
        Part of a window shared with the next one.
    channels : sequence of str or "common", optional
        Which channels; by default the EEG channels, which all recordings must share.
    sfreq, l_freq, h_freq : float, optional
        Rate to resample to, edges of a band-pass, in Hz.
    """

    window: float | None = None
    overlap: float = 0.0
    channels: tuple[str, ...] | str | None = None
    sfreq: float | None = None
    l_freq: float | None = None
    h_freq: float | None = None

    @abstractmethod
    def open(self, recording: Recording) -> mne.io.BaseRaw:
        """A recording whose signals need not be read yet; ``ValueError`` where it is broken."""

    @abstractmethod
    def segments(self, recording: Recording) -> list[Segment]:
        """Which pieces of it have which label."""

    def leave_out(self, recording: Recording, segments: Sequence[Segment], end: float) -> None:
        """Refuse the segments that lie partly outside the recording, or tell of them."""
        first = segments[0]
        until = "" if first.duration is None else f" to {first.onset + first.duration:g} s"
        raise ValueError(
            f"{recording.path} lasts {end:g} s, but a label is given from {first.onset:g} s{until}."
        )

    def check(self) -> None:
        if self.window is not None and not self.window > 0:
            raise ValueError(f"window is {self.window!r}; expected a positive number of seconds.")
        if not 0 <= self.overlap < 1:
            raise ValueError(
                f"overlap is {self.overlap!r}; expected a part of the window, from 0 to below 1."
            )
        check_rates(self.sfreq, self.l_freq, self.h_freq)

    def _read_all(self, recordings: Sequence[Recording]) -> tuple[Trials, bool]:
        import mne

        # For all threads at once: each call's own verbose= would set it back for the others.
        with mne.use_log_level("error"):
            self._names = self._agree(recordings)
            return super()._read_all(recordings)

    def _agree(self, recordings: Sequence[Recording]) -> list[str]:
        """The channels to read of every recording, by their headers.

        Before any signals are read, so that all that differ are told at once.
        """
        told = Parallel(self.n_jobs, prefer="threads")(
            delayed(self._header_or_tell)(recording) for recording in recordings
        )
        headers = {r.path: header for r, header in zip(recordings, told, strict=True) if header}
        if not headers:
            return []  # every recording is broken, which reading them tells
        names = [seen for seen, _ in headers.values()]
        if self.channels == COMMON:
            wanted = [name for name in names[0] if all(name in seen for seen in names)]
        elif self.channels is not None:
            wanted = list(self.channels)
        else:
            # What most have; the first of them where that leaves a choice.
            sets = Counter(frozenset(seen) for seen in names)
            usual = sets.most_common(1)[0][0]
            wanted = list(next(seen for seen in names if frozenset(seen) == usual))
        lacking = {
            path: [name for name in wanted if name not in seen]
            for path, (seen, _) in headers.items()
        }
        more = {
            path: [] if self.channels else [name for name in seen if name not in wanted]
            for path, (seen, _) in headers.items()
        }
        told_of = [
            f"{path} {_differs(lacking[path], more[path])}"
            for path in headers
            if lacking[path] or more[path]
        ]
        if told_of or not wanted:
            raise ValueError(
                f"The recordings do not share {'these' if self.channels else 'all'} channels: "
                f"{'; '.join(told_of) or 'they have none in common'}. Name those to read by "
                f"channels=, or take what all have by channels='{COMMON}'."
            )
        self._check_same_rate({str(path): rate for path, (_, rate) in headers.items()})
        return wanted

    def _check_same_rate(self, rates: dict[str, float]) -> None:
        if self.sfreq is None and len(set(rates.values())) > 1:
            usual = Counter(rates.values()).most_common(1)[0][0]
            others = [f"{path} at {rate:g} Hz" for path, rate in rates.items() if rate != usual]
            raise ValueError(
                f"Most recordings are at {usual:g} Hz, but {', '.join(others)}; set sfreq= to "
                "resample all of them."
            )

    def _header_or_tell(self, recording: Recording) -> tuple[tuple[str, ...], float] | None:
        """Names of the channels that may be read, and the rate; None where it is broken."""
        try:
            with tell_broken(recording.path):
                return self._header(recording)
        except ValueError:
            if self.on_error == "raise":
                raise
            return None  # told when it is read

    def _header(self, recording: Recording) -> tuple[tuple[str, ...], float]:
        import mne

        info = self.open(recording).info
        if self.channels is not None and self.channels != COMMON:
            return tuple(info["ch_names"]), info["sfreq"]
        picks = mne.pick_types(info, meg=False, eeg=True, exclude=())
        if not len(picks):
            raise ValueError(
                f"{recording.path} has no EEG channel, but {', '.join(info['ch_names'])}; name "
                "those to read by channels=."
            )
        return tuple(info["ch_names"][i] for i in picks), info["sfreq"]

    def read(self, recording: Recording) -> Trials:
        raw = self.open(recording)
        with tell_broken(recording.path), np.errstate(over="ignore"):
            raw.reorder_channels(self._names).load_data(verbose="error")
            _check_finite(raw, recording)
            raw = self._prepare(raw)
            X, segments, onsets = self._cut(raw, recording)
            info = _info(raw)
        metadata = pd.DataFrame([segment.metadata for segment in segments])
        metadata["onset"] = onsets
        y = np.asarray([segment.label for segment in segments])
        return Trials(X, y, metadata, info)

    def _prepare(self, raw: mne.io.BaseRaw) -> mne.io.BaseRaw:
        """The whole recording, filtered and resampled; whatever it holds counts as EEG."""
        others = {
            name: "eeg"
            for name, kind in zip(raw.ch_names, raw.get_channel_types(), strict=True)
            if kind != "eeg"
        }
        raw.set_channel_types(others, on_unit_change="ignore", verbose="error")
        return prepare(raw, self.sfreq, self.l_freq, self.h_freq)

    def _cut(
        self, raw: mne.io.BaseRaw, recording: Recording
    ) -> tuple[NDArray[np.float32], list[Segment], NDArray[np.float64]]:
        """Windows, the segment of each, and where each begins, in s."""
        rate, n_raw = raw.info["sfreq"], raw.n_times
        of: list[Segment] = []
        firsts: list[int] = []
        outside: list[Segment] = []
        length = 0.0
        for segment in self.segments(recording):
            first = round(segment.onset * rate)
            last = n_raw if segment.duration is None else first + round(segment.duration * rate)
            length = self.window or (last - first) / rate
            n_times = round(length * rate)
            if first < 0 or last > n_raw or first >= n_raw:
                outside.append(segment)
                continue
            step = max(1, round(n_times * (1 - self.overlap)))
            found = range(first, last - n_times + 1, step)
            if not found:
                raise ValueError(
                    f"{recording.path}: the segment at {segment.onset:g} s lasts "
                    f"{(last - first) / rate:g} s, less than one window of {length:g} s; make "
                    "window shorter."
                )
            of += [segment] * len(found)
            firsts += found
        if outside:
            self.leave_out(recording, outside, n_raw / rate)
        if not of:
            raise ValueError(f"{recording.path} gives no trial.")
        onsets = np.array(firsts) / rate
        return cut(raw, onsets, length)[0], of, onsets


def as_channels(channels: Sequence[str] | str | None) -> tuple[str, ...] | str | None:
    """The option `channels`, in a form that has one text.

    Raises
    ------
    ValueError
        It is one name, empty, or names one twice.
    """
    if channels is None or (isinstance(channels, str) and channels == COMMON):
        return channels
    names = () if isinstance(channels, str) else tuple(channels)
    if not names or len(set(names)) < len(names):
        raise ValueError(
            f"channels is {channels!r}; expected a sequence of different names, '{COMMON}', or "
            "None for all EEG channels."
        )
    return names


def tell_left_out(title: str, named: Sequence[Any], reason: str) -> None:
    """Name at most ten of what is left out, in one warning."""
    more = [f"and {len(named) - 10} more"] if len(named) > 10 else []
    warn_missing(title, [*named[:10], *more], reason)


def _differs(lacking: list[str], more: list[str]) -> str:
    parts = [f"lacks {', '.join(lacking)}"] if lacking else []
    return " and ".join(parts + ([f"has {', '.join(more)} besides"] if more else []))


def _check_finite(raw: mne.io.BaseRaw, recording: Recording) -> None:
    peaks = np.abs(raw.get_data(verbose="error")).max(axis=1)
    bad = ~(peaks < LARGEST_V)
    if bad.any():
        named = ", ".join(name for name, b in zip(raw.ch_names, bad, strict=True) if b)
        raise ValueError(f"{recording.path} holds NaN, infinity or too large numbers in {named}.")


def _info(raw: mne.io.BaseRaw) -> mne.Info:
    """Channels and rate, with the recording's own positions, else the template's."""
    import mne

    info = mne.create_info(raw.ch_names, raw.info["sfreq"], "eeg", verbose="error")
    own = raw.get_montage()
    known = {"match_case": False, "on_missing": "ignore", "verbose": "error"}
    return info.set_montage(MONTAGE if own is None else own, **known)
