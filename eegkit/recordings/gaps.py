"""What of a recording is there: its stretches between gaps, and the pieces marked as bad."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eegkit.recordings.edf import read_header, record_onsets

if TYPE_CHECKING:
    import mne

# How formats and MNE mark that a recording was paused: FIF's skipped buffers, which last, and
# points in time where two pieces meet (of MNE, EEGLAB and BrainVision, and by number in older
# EEGLAB files and in GDF).
PAUSE = "bad_acq_skip"
JOINTS = ("edge boundary", "bad boundary", "boundary", "new segment/")
JOINT_NUMBERS = {".set": ("-99", "-99.0"), ".fdt": ("-99", "-99.0"), ".gdf": ("32766",)}
# MNE's rule for annotations of what is not to be used.
BAD = "bad"
# Fewer zeros at the end may have been recorded.
MIN_FILLING = 8


class MissingDataWarning(UserWarning):
    """Part of a data set is not there; the warning names it and the rest is used.

    See Also
    --------
    eegkit.datasets.RecordedDataset : when parts are left out.
    eegkit.datasets.WindowedDataset : such a data set, with an example.
    """


class Stretch(NamedTuple):
    """Samples without a gap: when the first was recorded, its index, and one after the last."""

    start_s: float
    first: int
    stop: int


@dataclass(frozen=True)
class Spans:
    """Pieces of time, in order, none of which touch each other.

    Parameters
    ----------
    starts, stops : ndarray, shape (n_spans,)
        In s from the start of the recording.
    """

    starts: NDArray[np.float64]
    stops: NDArray[np.float64]

    @classmethod
    def of(cls, pairs: Iterable[tuple[float, float]]) -> Spans:
        """Spans from starts and stops in any order."""
        ordered = np.array(sorted(pairs), dtype=float).reshape(-1, 2)
        reach = np.maximum.accumulate(ordered[:, 1]) if len(ordered) else ordered[:, 1]
        opens = np.append(True, ordered[1:, 0] > reach[:-1])[: len(ordered)]
        closes = np.append(opens[1:], True)[: len(ordered)]
        return cls(ordered[opens, 0], reach[closes])

    def touch(self, onsets: NDArray[np.float64], length_s: float) -> NDArray[np.bool_]:
        """Which windows of that length have a part in one of them."""
        if not len(self.starts):
            return np.zeros(len(onsets), dtype=bool)
        later = np.searchsorted(self.stops, onsets, side="right")
        beginning = np.append(self.starts, np.inf)[later]
        return beginning < onsets + length_s


@dataclass(frozen=True)
class Clock:
    """When the samples of a recording were recorded.

    Parameters
    ----------
    rate : float
        In Hz.
    firsts : ndarray of int, shape (n_pieces,)
        The first sample of every piece between two pauses that the file leaves out.
    starts_s : ndarray, shape (n_pieces,)
        When it was recorded, in s from the start.
    """

    rate: float
    firsts: NDArray[np.int64]
    starts_s: NDArray[np.float64]

    @classmethod
    def of(cls, raw: mne.io.BaseRaw) -> Clock:
        """The clock of a recording; ValueError where that of an EDF+D or BDF+D file is broken."""
        rate = float(raw.info["sfreq"])
        path = Path(raw.filenames[0] or "")
        if path.suffix.lower() not in (".edf", ".bdf"):
            return cls(rate, np.zeros(1, dtype=int), np.zeros(1))
        with path.open("rb") as file:
            header = read_header(file)
        if not header.subtype[3:].startswith("+D"):
            return cls(rate, np.zeros(1, dtype=int), np.zeros(1))
        pieces = list(_pieces(record_onsets(path, header), header.record_s, 1 / rate, path))
        per_record = round(header.record_s * rate)
        firsts = np.array([record * per_record for record, _ in pieces])
        return cls(rate, firsts, np.array([start for _, start in pieces]))

    def time(self, sample: int) -> float:
        """When a sample was recorded, in s."""
        piece = int(np.searchsorted(self.firsts, sample, side="right")) - 1
        return float(self.starts_s[piece] + (sample - self.firsts[piece]) / self.rate)

    def sample(self, time_s: float) -> int:
        """The first sample from a time on; half-way times of EEGLAB lie between two."""
        piece = max(int(np.searchsorted(self.starts_s, time_s, side="right")) - 1, 0)
        sample = self.firsts[piece] + math.ceil((time_s - self.starts_s[piece]) * self.rate - 0.25)
        end = self.firsts[piece + 1] if piece + 1 < len(self.firsts) else sample
        return int(min(sample, end))


def _pieces(
    onsets: NDArray[np.float64], record_s: float, sample_s: float, path: Path
) -> Iterator[tuple[int, float]]:
    """The records, and their onsets, that do not go on from the one before."""
    first, start = 0, -np.inf
    for record, onset in enumerate(onsets.tolist()):
        late = onset - (start + (record - first) * record_s)
        if late < -sample_s:
            raise ValueError(
                f"{path} has pauses, but its record {record + 1} begins at {onset:g} s, before "
                "the one ahead of it ends; expected records in the order of time."
            )
        if late > sample_s:
            first, start = record, onset
            yield record, onset


def recorded_stretches(
    raw: mne.io.BaseRaw, signals: NDArray[Any], clock: Clock, missing: NDArray[np.bool_]
) -> list[Stretch]:
    """Where samples were recorded without a gap, in the order of time.

    Parameters
    ----------
    raw : mne.io.BaseRaw
    signals : ndarray, shape (n_channels, n_times)
        All of its samples. Where all channels end with zeros, these only fill up the last
        record of the file.
    clock : Clock
    missing : ndarray of bool, shape (n_times,)
        Which samples are no numbers.

    Returns
    -------
    list of Stretch
    """
    end = _end(signals)
    gaps = [(int(first), int(first)) for first in clock.firsts[1:]]
    gaps = sorted([*gaps, *_gaps(raw, clock), *runs(missing)])
    starts = np.maximum.accumulate([0, *(stop for _, stop in gaps)]).tolist()
    stops = [*(min(start, end) for start, _ in gaps), end]
    pairs = zip(starts, stops, strict=True)
    return [Stretch(clock.time(start), start, stop) for start, stop in pairs if start < stop]


def missing_samples(signals: NDArray[Any]) -> NDArray[np.bool_]:
    """Which samples are NaN or infinite in some channel, shape (n_times,)."""
    missing = np.zeros(signals.shape[1], dtype=bool)
    for row in signals:
        missing |= ~np.isfinite(row)
    return missing


def runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where a mask is true: first sample of every run, and the one after its last."""
    edges = np.flatnonzero(np.diff(mask.astype(np.int8), prepend=0, append=0))
    return [(int(first), int(stop)) for first, stop in edges.reshape(-1, 2)]


def bad_spans(raw: mne.io.BaseRaw, ch_names: Sequence[str]) -> Spans:
    """The pieces that annotations of the file mark as bad, of these channels or of all."""
    pairs = [
        (onset, onset + max(duration, 1 / raw.info["sfreq"]))
        for onset, duration, name, channels in _annotations(raw)
        if name.startswith(BAD)
        and not name.startswith((PAUSE, *JOINTS))
        and (not channels or set(channels) & set(ch_names))
    ]
    return Spans.of(pairs)


def is_mark(description: str) -> bool:
    """Whether an annotation says something of the signals, and is no event."""
    name = description.strip().lower()
    return name.startswith(BAD) or name in JOINTS


def _end(signals: NDArray[Any]) -> int:
    """One after the last sample that is not filling."""
    n_times = signals.shape[1]
    # Looked at from the end, as most recordings have no filling.
    if n_times < MIN_FILLING or signals[:, -MIN_FILLING:].any():
        return n_times
    recorded = np.flatnonzero(signals.any(axis=0))
    return int(recorded[-1]) + 1 if len(recorded) else n_times


def _gaps(raw: mne.io.BaseRaw, clock: Clock) -> list[tuple[int, int]]:
    suffix = Path(raw.filenames[0] or "").suffix.lower()
    joints = JOINTS + JOINT_NUMBERS.get(suffix, ())
    gaps = []
    for onset, duration, name, _ in _annotations(raw):
        start = int(np.clip(clock.sample(onset), 0, raw.n_times))
        if name.startswith(PAUSE):
            gaps.append((start, start + round(duration * clock.rate)))
        elif name in joints:
            gaps.append((start, start))
    return gaps


def _annotations(raw: mne.io.BaseRaw) -> Iterator[tuple[float, float, str, Sequence[str]]]:
    """Onset and duration in s from the start, name in small letters, and channels."""
    marks = raw.annotations
    parts = zip(marks.onset, marks.duration, marks.description, marks.ch_names, strict=True)
    for onset, duration, description, channels in parts:
        length = float(duration) if np.isfinite(duration) else 0.0
        yield float(onset) - raw.first_time, length, str(description).strip().lower(), channels
