"""What data sets of whole recordings share: finding or fetching files.

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

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eegkit.datasets._base import DATA_VARIABLE, warn_missing


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


def existing_folder(folder: str | os.PathLike[str]) -> Path:
    """The folder as a path; ``FileNotFoundError`` where there is none."""
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise FileNotFoundError(f"There is no folder {path}.")
    return path


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
    recordings: Sequence[Recording],
    *,
    title: str,
    folder: Path,
    download: bool | None,
    folder_given: bool,
    fetch: Callable[[Recording], None],
    remedy: str = "download=True fetches what is missing",
) -> list[Recording]:
    """The recordings that are there, once those that may be fetched are.

    Parameters
    ----------
    recordings : sequence of Recording
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
    absent = [recording for recording in recordings if not recording.path.is_file()]
    may_download = not folder_given if download is None else download
    reason = f"not in {folder}; {remedy}"
    if absent and may_download:
        reason = _fetch_all(absent, fetch)
        absent = [recording for recording in absent if not recording.path.is_file()]
    if len(absent) == len(recordings):
        raise FileNotFoundError(
            f"{title}: none of the {len(recordings)} recordings asked for is there ({reason}). Set "
            f"path=, or the environment variable {DATA_VARIABLE}, to the folder that holds them."
        )
    warn_missing(title, name_recordings(absent, recordings), reason)
    missing = set(absent)
    return [recording for recording in recordings if recording not in missing]


def _fetch_all(absent: Iterable[Recording], fetch: Callable[[Recording], None]) -> str:
    """Fetch one after the other; the reason why some are still absent, if so."""
    for recording in absent:
        try:
            fetch(recording)
        except OSError as error:
            # One failure ends it: offline, every further file would wait for its own time-out.
            message = str(error).partition("\n")[0][:200]
            return f"the download failed: {type(error).__name__}: {message}"
    return "the download gave no file"


def name_recordings(absent: Iterable[Recording], recordings: Iterable[Recording]) -> list[str]:
    """Absent recordings in few words: ``["subject 1 run 12", "subjects 2-109"]``."""
    runs_wanted: dict[Any, set[Any]] = {}
    runs_absent: dict[Any, set[Any]] = {}
    for group, by_subject in ((recordings, runs_wanted), (absent, runs_absent)):
        for recording in group:
            by_subject.setdefault(recording.subject, set()).add(recording.run)
    whole = [s for s, runs in runs_absent.items() if runs == runs_wanted[s]]
    descriptions = []
    for subject, runs in sorted(runs_absent.items()):
        if subject not in whole:
            plural = "s" if len(runs) > 1 else ""
            descriptions.append(f"subject {subject} run{plural} {compact(runs)}")
    if whole:
        descriptions.append(f"subject{'s' if len(whole) > 1 else ''} {compact(whole)}")
    return descriptions


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
