"""When seizures happened in CHB-MIT: the summaries, and one clock for all files of a case."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

FILE = re.compile(r"File Name\s*:\s*(\S+)")
COUNT = re.compile(r"Number of Seizures in File\s*:\s*(\d{1,4})")
EDGE = re.compile(r"Seizure\s*\d*\s*(Start|End)(?:\s+Time)?\s*:\s*(\d{1,7})\s*(?:s|secs?|seconds)?")

Span = tuple[float, float]


def read_summary(path: Path) -> dict[str, list[Span]]:
    """The seizures of every file that a summary names.

    The published summaries differ: seizures are numbered or not, the times of day of a file
    pass 24:00, have one digit or are not told at all, and montages are listed in between.

    Parameters
    ----------
    path : Path
        ``chbNN-summary.txt``.

    Returns
    -------
    dict of str to list of (float, float)
        By name of the file, beginnings and ends in s from the start of the file.

    Raises
    ------
    ValueError
        What is said of seizures does not add up; the message names the summary.
    """
    seizures: dict[str, list[Span]] = {}
    counts: dict[str, int] = {}
    edges: dict[str, list[tuple[str, float]]] = {}
    name = ""
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        line = line.strip()
        if match := FILE.fullmatch(line):
            name = match[1]
            edges.setdefault(name, [])
        elif match := COUNT.fullmatch(line):
            counts[name] = int(match[1])
        elif match := EDGE.fullmatch(line):
            edges.setdefault(name, []).append((match[1], float(match[2])))
        elif "seizure" in line.lower():
            raise ValueError(_message(path, f"the line {line[:80]!r} cannot be understood"))
    if "" in counts or "" in edges:
        raise ValueError(_message(path, "it tells of seizures before it names a file"))
    if not edges:
        raise ValueError(_message(path, "it names no file"))
    for name, times in edges.items():
        starts = [time for edge, time in times if edge == "Start"]
        ends = [time for edge, time in times if edge == "End"]
        pairs = list(zip(starts, ends, strict=False))
        alternate = [edge for edge, _ in times] == ["Start", "End"] * len(pairs)
        if not alternate or counts.get(name, -1) != len(pairs):
            count = counts.get(name, "no number of")
            reason = f"for {name} it tells {count} seizures and {len(times)} times"
            raise ValueError(_message(path, reason))
        if any(start >= end for start, end in pairs):
            raise ValueError(_message(path, f"for {name} a seizure ends before it starts"))
        seizures[name] = pairs
    return seizures


def _message(path: Path, reason: str) -> str:
    return f"{path} is no summary of seizures: {reason}; remove the file and download it again."


def start_of(path: Path) -> datetime | None:
    """When an EDF file begins, by its header; None where that cannot be told.

    The dates are surrogates, but the time between the files of a case is as it was.
    """
    try:
        with path.open("rb") as file:
            header = file.read(184)[168:]
        return datetime.strptime(header.decode("ascii"), "%d.%m.%y%H.%M.%S")
    except (OSError, ValueError):
        return None


def seizures_around(path: Path, summary: dict[str, list[Span]]) -> dict[str, Span]:
    """The seizures of a case on the clock of one of its files.

    Parameters
    ----------
    path : Path
        The file, beside the others of the case.
    told : dict
        What `read_summary` gives.

    Returns
    -------
    dict of str to (float, float)
        By a name of the seizure, ``"chb01_03.edf:1"`` for the first in that file, beginning
        and end in s from the start of the file at `path`: below 0 for those in an earlier file.
        Files that have no date, or are not there, tell of no seizure but to themselves.
    """
    origin = start_of(path)
    around: dict[str, Span] = {}
    for name, seizures in summary.items():
        if not seizures:
            continue
        if name == path.name:
            shift = 0.0
        else:
            beginning = start_of(path.with_name(name))
            if origin is None or beginning is None:
                continue
            shift = (beginning - origin).total_seconds()
        for i, (start, end) in enumerate(seizures, 1):
            around[f"{name}:{i}"] = (start + shift, end + shift)
    return around


def without(intervals: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """What is left of intervals once the holes are cut out.

    Examples
    --------
    >>> from eegkit_clinical._chb_summary import without
    >>> without([(0, 10)], [(2, 3), (9, 12)])
    [(0, 2), (3, 9)]
    """
    left = [(a, b) for a, b in intervals if a < b]
    for low, high in holes:
        cut = [((a, min(b, low)), (max(a, high), b)) for a, b in left]
        left = [(a, b) for pair in cut for a, b in pair if a < b]
    return left
