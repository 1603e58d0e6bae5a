"""What data sets of whole recordings share: finding or fetching files, reading, cutting.

The rule for missing recordings, the same for every data set that can be downloaded:

===================  =============================================================
``download``         what happens to recordings that are asked for but not there
===================  =============================================================
``None`` (default)   downloaded if no folder was given (neither ``path`` nor the
                     environment variable ``EEGKIT_DATA``), else left out: a folder
                     that was given is taken as it is
``True``             downloaded
``False``            left out
===================  =============================================================

A recording that is there is used without any access to the network. What is left
out, also because a download failed, is named in one `MissingDataWarning`; if nothing
is left, `FileNotFoundError` says what to do.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eegkit.datasets._base import DATA_VARIABLE, warn_missing
from eegkit.resampling import ratio_of, resample
from eegkit.signals import MICROVOLTS_PER_VOLT

if TYPE_CHECKING:
    import mne

# The positions of the 10-05 system on MNE's template head.
MONTAGE = "colin27_1005"


@dataclass(frozen=True)
class Recording:
    """One file of a data set: whose, which run, and where it lies or shall lie.

    Parameters
    ----------
    subject : int or str
    run : int or str
    path : pathlib.Path
    """

    subject: Any
    run: Any
    path: Path


def choose_subjects(asked: Sequence[Any] | None, known: range, title: str) -> list[int]:
    """The people asked for, all by default.

    Raises
    ------
    ValueError
        Nobody, somebody twice, or somebody the data set does not have is asked for.
    """
    if asked is None:
        return list(known)
    people = list(asked) if np.iterable(asked) and not isinstance(asked, str) else [asked]
    expected = f"expected a sequence of different numbers from {known[0]} to {known[-1]}"
    if not people:
        raise ValueError(f"subjects is empty; {expected}, or None for everybody.")
    strange = [p for p in people if isinstance(p, bool) or p not in known]
    if strange:
        raise ValueError(
            f"{title} has no subject {', '.join(map(repr, strange))}; {expected} in subjects."
        )
    if len(set(people)) < len(people):
        raise ValueError(f"subjects names somebody twice: {people}; {expected}.")
    return [int(p) for p in people]


def gather(
    wanted: Sequence[Recording],
    *,
    title: str,
    folder: Path,
    download: bool | None,
    folder_given: bool,
    fetch: Callable[[Recording], None],
    remedy: str = "download=True fetches what is missing",
) -> list[Recording]:
    """The wanted recordings that are there, once those that may be fetched are.

    Parameters
    ----------
    wanted : sequence of Recording
    title : str
        The data set's name for messages.
    folder : Path
        Where the recordings lie, for messages.
    download : bool or None
        The option, see the table at the top of this module.
    folder_given : bool
        Whether the user named a folder.
    fetch : callable
        Downloads one recording; raises OSError where it cannot.
    remedy : str
        What one does about missing recordings, for messages.

    Raises
    ------
    FileNotFoundError
        None of the recordings is there.
    """
    absent = [recording for recording in wanted if not recording.path.is_file()]
    may_download = not folder_given if download is None else download
    reason = f"not in {folder}; {remedy}"
    if absent and may_download:
        reason = _fetch_all(absent, fetch)
        absent = [recording for recording in absent if not recording.path.is_file()]
    if len(absent) == len(wanted):
        raise FileNotFoundError(
            f"{title}: none of the {len(wanted)} recordings asked for is there ({reason}). Set "
            f"path=, or the environment variable {DATA_VARIABLE}, to the folder that holds them."
        )
    warn_missing(title, name_recordings(absent, wanted), reason)
    gone = set(absent)
    return [recording for recording in wanted if recording not in gone]


def _fetch_all(absent: Iterable[Recording], fetch: Callable[[Recording], None]) -> str:
    """Fetch one after the other; the reason why some are still absent, if so."""
    for recording in absent:
        try:
            fetch(recording)
        except OSError as error:
            # One failure ends it: offline, every further file would wait for its own time-out.
            told = str(error).partition("\n")[0][:200]
            return f"the download failed: {type(error).__name__}: {told}"
    return "the download gave no file"


def name_recordings(absent: Iterable[Recording], wanted: Iterable[Recording]) -> list[str]:
    """Absent recordings in few words: ``["subject 1 run 12", "subjects 2-109"]``."""
    runs_wanted: dict[Any, set[Any]] = {}
    runs_absent: dict[Any, set[Any]] = {}
    for recordings, by_subject in ((wanted, runs_wanted), (absent, runs_absent)):
        for recording in recordings:
            by_subject.setdefault(recording.subject, set()).add(recording.run)
    whole = [s for s, runs in runs_absent.items() if runs == runs_wanted[s]]
    named = []
    for subject, runs in sorted(runs_absent.items()):
        if subject not in whole:
            plural = "s" if len(runs) > 1 else ""
            named.append(f"subject {subject} run{plural} {compact(runs)}")
    if whole:
        named.append(f"subject{'s' if len(whole) > 1 else ''} {compact(whole)}")
    return named


def compact(numbers: Iterable[Any]) -> str:
    """Numbers as ranges: ``compact([1, 3, 4, 5, 9]) == "1, 3-5, 9"``; names as they are."""
    numbers = list(numbers)
    if any(isinstance(number, str) for number in numbers):
        return ", ".join(sorted(map(str, numbers)))
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in ranges)


def check_rates(sfreq: float | None, l_freq: float | None, h_freq: float | None) -> None:
    """Raise ValueError unless rate and filter edges make sense together."""
    for name, value in (("sfreq", sfreq), ("l_freq", l_freq), ("h_freq", h_freq)):
        if value is not None and not value > 0:
            raise ValueError(f"{name} is {value!r}; expected a positive number of Hz, or None.")
    if l_freq is not None and h_freq is not None and l_freq >= h_freq:
        raise ValueError(
            f"l_freq is {l_freq:g} Hz and h_freq {h_freq:g} Hz; expected l_freq below h_freq."
        )
    for name, edge in (("l_freq", l_freq), ("h_freq", h_freq)):
        if edge is not None and sfreq is not None and edge >= sfreq / 2:
            raise ValueError(
                f"{name} is {edge:g} Hz, but at sfreq={sfreq:g} Hz no frequency from "
                f"{sfreq / 2:g} Hz on is kept; lower {name} or raise sfreq."
            )


def read_edf(path: Path, include: Sequence[str] | None = None) -> mne.io.BaseRaw:
    """Read an EDF file into memory.

    Parameters
    ----------
    path : Path
    include : sequence of str, optional
        Only these channels, all of which must be there; all by default.

    Raises
    ------
    ValueError
        The file is truncated or otherwise broken, or lacks a channel; the message names it.
    """
    import mne

    _check_whole(path)
    try:
        raw = mne.io.read_raw_edf(path, include=include, preload=True, verbose="error")
    except Exception as error:  # MNE raises whatever the broken bytes lead to.
        raise ValueError(f"{path} cannot be read as EDF ({error}); {_AGAIN}") from error
    lacking = [name for name in include or () if name not in raw.ch_names]
    if lacking:
        raise ValueError(f"{path} lacks the channels {', '.join(lacking)}; {_AGAIN}")
    if include and raw.ch_names != list(include):  # MNE copies, even where nothing moves
        raw.reorder_channels(list(include))
    return raw


_AGAIN = "remove the file and download it again."


def _check_whole(path: Path) -> None:
    """Compare the file's length with what its header announces.

    MNE itself reads a truncated file up to where it ends, with no more than a warning,
    and an interrupted copy would give fewer trials unnoticed.
    """
    seen = path.stat().st_size
    try:
        with path.open("rb") as file:
            header = file.read(256)
            n_bytes, n_records = int(header[184:192]), int(header[236:244])
            n_signals = int(header[252:256])
            file.seek(256 + 216 * n_signals)
            n_samples = sum(int(file.read(8)) for _ in range(n_signals))
    except (ValueError, OverflowError) as error:
        raise ValueError(
            f"{path} does not begin like an EDF file ({seen} bytes); {_AGAIN}"
        ) from error
    expected = n_bytes + 2 * n_records * n_samples  # EDF samples are 16 bit integers
    if seen < expected:
        raise ValueError(
            f"{path} is truncated: it has {seen} bytes, but its header announces {expected}; "
            f"{_AGAIN}"
        )


def prepare(
    raw: mne.io.BaseRaw, sfreq: float | None, l_freq: float | None, h_freq: float | None
) -> mne.io.BaseRaw:
    """A whole recording, filtered (in place) and resampled (a new one).

    The whole recording rather than its trials, so that the filters' edges fall outside
    all trials but the outermost. Resampling is polyphase, as MNE's, but by the exact factor: MNE
    takes the ratio of the two lengths.
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
        return _resampled(raw, float(sfreq))
    return raw


def _resampled(raw: mne.io.BaseRaw, sfreq: float) -> mne.io.BaseRaw:
    """MNE's own way holds Python's lock, so that threads would wait for each other."""
    import mne

    # In single precision, as trials are.
    volts = raw.get_data()
    microvolts = np.empty(volts.shape, np.float32)
    np.multiply(volts, MICROVOLTS_PER_VOLT, out=microvolts, casting="unsafe")
    data = resample(microvolts, ratio_of(raw.info["sfreq"], sfreq), "reflect")
    info = raw.info.copy()
    with info._unlock():  # as MNE's `resample` does
        info["sfreq"] = sfreq
        info["lowpass"] = min(info["lowpass"], sfreq / 2)
    made = mne.io.RawArray(data / np.float64(MICROVOLTS_PER_VOLT), info, verbose="error")
    return made.set_annotations(raw.annotations, verbose="error")


def plain_info(raw: mne.io.BaseRaw) -> mne.Info:
    """Channels, positions and rate of a recording, without what is one person's only."""
    return _info_of(tuple(raw.ch_names), raw.info["sfreq"]).copy()


@functools.cache
def _info_of(ch_names: tuple[str, ...], sfreq: float) -> mne.Info:
    """Looking up positions takes longer than reading a minute of EEG: once is enough."""
    import mne

    info = mne.create_info(list(ch_names), sfreq, "eeg", verbose="error")
    return info.set_montage(MONTAGE, match_case=False, verbose="error")


def cut(
    raw: mne.io.BaseRaw, starts: NDArray[np.float64], duration: float
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Cut windows out of a recording.

    Parameters
    ----------
    raw : mne.io.BaseRaw
    starts : ndarray, shape (n_windows,)
        Where the windows begin, in s from the start of the recording.
    duration : float
        Their length in s.

    Returns
    -------
    X : ndarray of float32, shape (n_kept, n_channels, n_times)
        In microvolts; the windows that lie wholly inside the recording.
    kept : ndarray of bool, shape (n_windows,)
        Which those are.
    """
    rate = raw.info["sfreq"]
    n_times = round(duration * rate)
    if n_times < 1:
        raise ValueError(f"A trial of {duration:g} s has no sample at {rate:g} Hz; make it longer.")
    first = np.round(np.asarray(starts, dtype=float) * rate).astype(int)
    kept = (first >= 0) & (first + n_times <= raw.n_times)
    signals = raw.get_data(verbose="error")
    X = np.empty((kept.sum(), len(signals), n_times), dtype=np.float32)
    for window, start in zip(X, first[kept], strict=True):
        window[:] = signals[:, start : start + n_times] * MICROVOLTS_PER_VOLT
    return X, kept
