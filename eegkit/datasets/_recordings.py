"""What data sets of whole recordings share: finding, choosing and naming recordings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True)
class Recording:
    """One file of a data set: whose, which run, and where it lies or shall lie.

    Parameters
    ----------
    subject : int or str
        Whose, by the data set's own numbers or names.
    run : int or str
        Which of that subject.
    path : pathlib.Path
        The file.

    See Also
    --------
    WindowedDataset : with an example of a data set of one's own.
    """

    subject: Any
    run: Any
    path: Path

    def metadata(self, subject: str, onsets: NDArray[np.float64]) -> pd.DataFrame:
        """What its trials say of themselves; onsets in s from the start of the recording."""
        values = {"subject": subject, "session": "0", "run": str(self.run), "onset": onsets}
        return pd.DataFrame(values | {"recording": self.path.name})


def existing_folder(folder: str | os.PathLike[str]) -> Path:
    """The folder as a path; ``FileNotFoundError`` where there is none, ``ValueError`` of a list."""
    if not isinstance(folder, (str, os.PathLike)):
        raise ValueError(f"The folder is {folder!r:.60}; expected the path of one.")
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise FileNotFoundError(f"There is no folder {path}.")
    return path


def choose_subjects(asked: Sequence[Any] | None, known: range, title: str) -> list[int]:
    """The people asked for, all by default.

    Parameters
    ----------
    asked : sequence of int, int, or None
        The option `subjects` of a data set.
    known : range
        The numbers of all its people.
    title : str
        Of the data set, for messages.

    Returns
    -------
    list of int
        In the order in which they were asked for.

    Raises
    ------
    ValueError
        Nobody, somebody twice, or somebody the data set does not have is asked for.

    Examples
    --------
    >>> from eegkit.datasets import choose_subjects
    >>> choose_subjects([3, 1], range(1, 10), "An example")
    [3, 1]
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
