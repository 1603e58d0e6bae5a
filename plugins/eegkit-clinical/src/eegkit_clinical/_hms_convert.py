"""``eegkit convert hms parquet-to-npy``: recordings of which a window is read without the rest."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed

from eegkit.atomic import atomic_write
from eegkit_clinical._hms_files import read_eeg

TABLE = "train.csv"
EEGS = "train_eegs"
RECORD = "converted.jsonl"


def convert_to_npy(
    source: Path | str, target: Path | str, *, n_jobs: int = -1, progress: bool = False
) -> None:
    """Write the recordings of the HMS competition as arrays, to be mapped into memory.

    The target gets ``train.csv`` and, for each ``train_eegs/<eeg_id>.parquet``, a
    ``train_eegs/<eeg_id>.npy`` of float32, shape (20, n_times), in microvolts: give it
    to `HMS` as path. Every file is written beside its place, read back, compared and only
    then put in its place; what was done is noted in ``train_eegs/converted.jsonl``, and not done
    again as long as size and time of change of both files are as noted. The spectrograms
    stay where they are.

    Parameters
    ----------
    source : path-like
        The folder of the competition, with ``train.csv`` and ``train_eegs``.
    target : path-like
        The folder to write to; the source itself will do.
    n_jobs : int, default -1
        Files at once, in threads; -1 for as many as there are cores.
    progress : bool, default False
        Show a progress bar.

    Raises
    ------
    ValueError
        The source is not that folder, or some of its files are broken: the others are
        converted all the same.
    """
    source, target = Path(source), Path(target)
    files = sorted((source / EEGS).glob("*.parquet"))
    if not (source / TABLE).is_file() or not files:
        raise ValueError(
            f"{source} does not hold the HMS competition's {TABLE} and {EEGS}/*.parquet; expected "
            "its folder hms-harmful-brain-activity-classification."
        )
    folder = target / EEGS
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(".*.part"):  # of an interrupted run
        left.unlink(missing_ok=True)
    _copy(source / TABLE, target / TABLE)
    notes = _read_notes(folder / RECORD)
    waiting = [file for file in files if not _is_done(file, _target_of(file, folder), notes)]
    errors = []
    jobs = Parallel(n_jobs, prefer="threads", return_as="generator_unordered")(
        delayed(_convert_or_tell)(file, _target_of(file, folder)) for file in waiting
    )
    with (folder / RECORD).open("a") as record:
        for outcome in _with_progress(jobs, len(files), len(waiting), progress):
            if isinstance(outcome, ValueError):
                errors.append(outcome)
                continue
            record.write(json.dumps(outcome) + "\n")
            record.flush()
    if errors:
        raise ValueError(
            f"{len(errors)} of {len(files)} recordings are broken and were not converted; "
            f"the first: {errors[0]}"
        )


def _target_of(file: Path, folder: Path) -> Path:
    return folder / f"{file.stem}.npy"


def _convert_or_tell(file: Path, target: Path) -> dict[str, Any] | ValueError:
    try:
        return _convert(file, target)
    except ValueError as error:
        return error


def _convert(file: Path, target: Path) -> dict[str, Any]:
    """Convert one file; give what to note."""
    before = _stat(file)
    signals = read_eeg(file)
    with atomic_write(target) as part:
        with part.open("wb") as stream:
            np.save(stream, signals, allow_pickle=False)
        again = np.load(part, allow_pickle=False)
        # Bit by bit, as NaN is unequal to itself.
        if again.shape != signals.shape or (again.view("<u4") != signals.view("<u4")).any():
            raise OSError(f"{part} reads otherwise than it was written; check the disk.")
    return {
        "file": target.name,
        "source": before,
        "target": _stat(target),
        "shape": list(signals.shape),
    }


def _stat(path: Path) -> list[int]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns]


def _read_notes(record: Path) -> dict[str, dict[str, Any]]:
    """What is noted of each file, the last note of each; broken lines are passed over."""
    notes = {}
    lines = record.read_text(errors="replace").splitlines() if record.is_file() else []
    for line in lines:
        try:
            note = json.loads(line)
            notes[note["file"]] = note
        except (ValueError, TypeError, KeyError):
            continue  # written while the run was killed: that file is converted again
    if lines and not record.read_bytes().endswith(b"\n"):
        with record.open("a") as file:
            file.write("\n")
    return notes


def _is_done(file: Path, target: Path, notes: dict[str, dict[str, Any]]) -> bool:
    note = notes.get(target.name)
    if note is None or not target.is_file():
        return False
    if note.get("source") != _stat(file) or note.get("target") != _stat(target):
        return False
    try:
        return list(read_eeg(target).shape) == note.get("shape")
    except ValueError:
        return False


def _copy(source: Path, target: Path) -> None:
    if target.exists() and target.samefile(source):
        return
    with atomic_write(target) as part:
        shutil.copy2(source, part)


def _with_progress(jobs: Iterator[Any], n: int, n_waiting: int, progress: bool) -> Iterator[Any]:
    if not progress:
        return jobs
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    if n_waiting < n:
        console.print(f"{n - n_waiting} of {n} recordings are converted already.")
    return iter(track(jobs, "HMS recordings", n_waiting, console=console))
