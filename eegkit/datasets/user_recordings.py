"""What everyone's own recordings share: one set of channels, one rate, windows with labels."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray

from eegkit.datasets._base import warn_missing
from eegkit.datasets._recordings import Recording
from eegkit.datasets._shared_channels import COMMON, Header, check_shared
from eegkit.datasets.recorded import WindowedDataset
from eegkit.kept_files import state_of
from eegkit.notice import warn
from eegkit.parameters import Length, Predicate
from eegkit.recordings import (
    PreparedRecording,
    canonical_names,
    companions,
    eeg_channels,
    make_info,
    match_channels,
    naming_the_file,
    numbered_names,
    plain_name,
    prepare_recording,
    reference_of,
    units_of,
    window_onsets,
)
from eegkit.recordings.edf import rate_of
from eegkit.text import shortlist
from eegkit.trials import Trials

if TYPE_CHECKING:
    import mne

# Formats whose labels may begin with a type, and parts by which the clocks of amplifiers differ.
TYPED_FORMATS = (".edf", ".bdf")
SAME_RATE = 2e-4
Distinct = Predicate(lambda names: len(set(names)) == len(names), "that differ")
Channels = Annotated[Sequence[str], Distinct, Length()]


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


class UserRecordings(WindowedDataset):
    """Recordings of the user's: brought to the same channels and rate, and cut into windows.

    Parameters
    ----------
    channels : sequence of str or "common", optional
        Which channels; by default the EEG channels, which all recordings must share.
    on_bad : {"skip", "raise", "keep"}, default "skip"
        What to do about trials that have a part in a pause or in a piece that is marked as bad:
        leave them out with a warning, or stop. ``"keep"`` takes those that are marked as bad.
    """

    channels: Channels | Literal["common"] | None = None
    on_bad: Literal["skip", "raise", "keep"] = "skip"

    def folder(self) -> Path:
        return Path(self.path or ".")

    @abstractmethod
    def open(self, recording: Recording) -> mne.io.BaseRaw:
        """A recording whose signals need not be read yet; ``ValueError`` where it is broken."""

    def open_with_marks(self, recording: Recording) -> mne.io.BaseRaw:
        """The same with all that the file says of pauses and of what is bad."""
        return self.open(recording)

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

    def _read_all(self, recordings: Sequence[Recording]) -> tuple[Trials, bool]:
        import mne

        # For all threads at once: each call's own verbose= would set it back for the others.
        with mne.use_log_level("error"):
            self._names = self._agree(recordings)
            return super()._read_all(recordings)

    def _agree(self, recordings: Sequence[Recording]) -> tuple[str, ...]:
        """The channels to read of every recording, by their headers.

        Before any signals are read, so that all that differ are told at once.
        """
        read = Parallel(self.n_jobs, prefer="threads")(
            delayed(self._attempt)(self._header, recording) for recording in recordings
        )
        pairs = zip(recordings, read, strict=True)
        headers = {r.path: header for r, header in pairs if isinstance(header, Header)}
        if not headers:
            return ()  # every recording is broken, which reading them tells
        channels = self._channels_to_read(list(headers.values()))
        check_shared(headers, channels, named=bool(self.channels))
        rates = {str(path): header.sfreq for path, header in headers.items()}
        self._rate = self.target_sfreq or self._common_rate(rates)
        self._tell_numbered(headers, channels)
        self._tell_references(headers, channels)
        self._tell_other_signals(headers.values())
        return channels

    def _channels_to_read(self, headers: list[Header]) -> tuple[str, ...]:
        """The channels that are asked for, in their canonical spelling unless named by the user."""
        if self.channels == COMMON:
            shared = set.intersection(*(header.plain_names for header in headers))
            first = headers[0].ch_names
            return canonical_names([name for name in first if plain_name(name) in shared])
        if self.channels is not None:
            return tuple(self.channels)
        # What most have; the first of them where that leaves a choice.
        sets = Counter(frozenset(header.plain_names) for header in headers)
        usual = sets.most_common(1)[0][0]
        return canonical_names(next(h.ch_names for h in headers if h.plain_names == usual))

    def _common_rate(self, rates: dict[str, float]) -> float:
        """The rate that most have; others are refused, or brought to it where it is the same."""
        usual = Counter(rates.values()).most_common(1)[0][0]
        other = {path: rate for path, rate in rates.items() if rate != usual}
        deviations = [f"{path} at {rate:.10g} Hz" for path, rate in other.items()]
        if any(abs(rate - usual) > SAME_RATE * usual for rate in other.values()):
            raise ValueError(
                f"Most recordings are at {usual:g} Hz, but {', '.join(deviations)}; "
                "set target_sfreq= to resample all of them."
            )
        if other:
            largest = max(abs(rate - usual) / usual for rate in other.values())
            warn(
                f"{self.title}: most recordings are at {usual:.10g} Hz, to which are resampled "
                f"{', '.join(deviations[:10])}{', ...' if len(other) > 10 else ''} (at most "
                f"{largest:.2g} away, as clocks of amplifiers differ).",
            )
        return usual

    def _tell_numbered(self, headers: Mapping[Path, Header], channels: Sequence[str]) -> None:
        """Tell of channels that had one name until MNE numbered them, where they are read."""
        several = {
            path: {
                name: numbers
                for name, numbers in numbered_names(header.ch_names).items()
                if self.channels in (None, COMMON) and set(canonical_names(numbers)) & set(channels)
            }
            for path, header in headers.items()
        }
        texts = [
            f"{path.name} has {len(numbers)} channels called {name}, read as {', '.join(numbers)}"
            for path, names in several.items()
            for name, numbers in names.items()
        ]
        if texts:
            warn(
                f"{self.title}: {'; '.join(texts[:10])}{'; ...' if len(texts) > 10 else ''}. Name "
                "the channels to read by channels= if one of them is not meant.",
            )

    def _tell_other_signals(self, headers: Iterable[Header]) -> None:
        """Tell of channels that are not read, by what their labels say alone."""
        names = dict.fromkeys(name for header in headers for name in header.other_names)
        others = [name for name in names if re.search("[a-z]", name, re.IGNORECASE)]  # not "-"
        if others:
            warn(
                f"{self.title}: left out {shortlist(others)}, which by label or unit "
                f"{'is' if len(others) == 1 else 'are'} no scalp EEG. Name the channels to read by "
                "channels=, these among them if they are meant.",
            )

    def _tell_references(self, headers: Mapping[Path, Header], channels: Sequence[str]) -> None:
        """Tell of recordings that have one channel against different references."""
        by_channel: dict[str, dict[str, list[str]]] = {}
        for path, header in headers.items():
            for name in header.ch_names:
                reference = "a computed one" if header.rereferenced else reference_of(name)
                files = by_channel.setdefault(plain_name(name), {})
                files.setdefault(reference, []).append(path.name)
        computed = any(header.rereferenced for header in headers.values())
        for name in channels:
            # A label without a reference says nothing of it, but beside one that was computed.
            files = {r: f for r, f in by_channel.get(plain_name(name), {}).items() if r or computed}
            if len(files) > 1:
                references = "; ".join(
                    f"{reference or 'that of the recording'} in {len(names)} of them ({names[0]})"
                    for reference, names in files.items()
                )
                warn(
                    f"{self.title}: recordings have {name} against different references: "
                    f"{references}. Bring them to one, the average for one, or read those of one.",
                )
                return

    def _header(self, recording: Recording) -> Header:
        import mne

        with naming_the_file(recording.path):
            raw = self.open(recording)
        info = raw.info
        if self.channels is not None and self.channels != COMMON:
            rate = self._rate_of(raw, recording.path)
            return Header(tuple(info["ch_names"]), rate, bool(info["custom_ref_applied"]))
        picks = mne.pick_types(info, meg=False, eeg=True, exclude=())
        units = dict.fromkeys((info["ch_names"][i] for i in picks), "")
        units |= {name: unit for name, (unit, _) in units_of(raw).items() if name in units}
        names = eeg_channels(units, typed=recording.path.suffix.lower() in TYPED_FORMATS)
        if not names:
            raise ValueError(
                f"{recording.path} has no EEG channel, but {', '.join(info['ch_names'])}; name "
                "those to read by channels=."
            )
        others = tuple(name for name in units if name not in names)
        return Header(tuple(names), rate_of(raw, names), bool(info["custom_ref_applied"]), others)

    def _rate_of(self, raw: Any, path: Path) -> float:
        """The rate of the channels that are named; lacking ones are told when it is read."""
        try:
            channels = match_channels(self.channels or (), raw.ch_names, path, on_several="first")
        except ValueError:
            return float(raw.info["sfreq"])
        return rate_of(raw, {name for names in channels.values() for name in names})

    def read(self, recording: Recording) -> Trials:
        raw = self.open_with_marks(recording)
        files = [*companions(recording.path), *(name for name in raw.filenames if name)]
        self.files_read.update({str(file): state_of(file) for file in files})
        with naming_the_file(recording.path):
            channels = match_channels(self._names, raw.ch_names, recording.path)
            montage = _renamed_montage(raw, channels)
            preparation = self.preparation
            recorded = {name for names in channels.values() for name in names}
            if rate_of(raw, recorded) != self._rate:
                preparation = replace(preparation, sfreq=self._rate)
            continuous = prepare_recording(
                raw, preparation, channels=channels, source=recording.path
            )
            X, segments, onsets = self._cut(continuous, recording)
            info = make_info(self._names, continuous.sfreq, montage)
        metadata = pd.DataFrame([segment.metadata for segment in segments])
        metadata["onset"] = onsets
        y = np.asarray([segment.label for segment in segments])
        return Trials(X, y, metadata, info, self.preparation)

    def _cut(
        self, continuous: PreparedRecording, recording: Recording
    ) -> tuple[NDArray[np.float32], list[Segment], NDArray[np.float64]]:
        """Windows, the segment of each, and where each begins, in s."""
        rate, n_times = continuous.sfreq, continuous.n_times
        window_s = 0.0
        owners: list[Segment] = []
        starts: list[float] = []
        outside: list[Segment] = []
        for segment in self.segments(recording):
            first = round(segment.onset * rate)
            duration = segment.duration
            last = n_times if duration is None else first + round(duration * rate)
            if first < 0 or last > n_times or first >= n_times:
                outside.append(segment)
                continue
            length = (last - first) / rate
            window_s = self.window_s or length
            onsets = window_onsets(first / rate, last / rate, window_s, self.overlap, rate)
            if not len(onsets):
                raise ValueError(
                    f"{recording.path}: the segment at {segment.onset:g} s lasts {length:g} s, "
                    f"less than one window of {window_s:g} s; make window_s shorter."
                )
            owners += [segment] * len(onsets)
            starts += onsets.tolist()
        if outside:
            self.leave_out(recording, outside, continuous.duration)
        if not owners:
            raise ValueError(f"{recording.path} gives no trial.")
        X, inside = continuous.cut(starts, window_s, self.on_bad)
        if not len(X):
            raise ValueError(
                f"{recording.path} gives no trial without a pause, or a piece marked as bad, in it."
            )
        return X, [owners[i] for i in np.flatnonzero(inside)], np.array(starts)[inside]


def tell_left_out(title: str, names: Sequence[Any], reason: str) -> None:
    """Name at most ten of what is left out, in one warning."""
    more = [f"and {len(names) - 10} more"] if len(names) > 10 else []
    warn_missing(title, [*names[:10], *more], reason)


def _renamed_montage(raw: mne.io.BaseRaw, channels: Mapping[str, tuple[str, ...]]) -> Any:
    """The recording's own positions, by the names of the trials; None where it has none."""
    montage = raw.get_montage()
    if montage is None:
        return None
    positions = set(montage.ch_names)
    names = {
        sources[0]: name
        for name, sources in channels.items()
        if len(sources) == 1 and sources[0] in positions and sources[0] != name
    }
    return montage.rename_channels(names) if names else montage
