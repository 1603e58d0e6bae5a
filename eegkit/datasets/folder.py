"""`from_folder`: trials of a folder of recordings and a table of labels."""

from __future__ import annotations

import functools
import os
import unicodedata
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated, Any, Unpack

import numpy as np
import pandas as pd

from eegkit.datasets._label_pieces import check_pieces
from eegkit.datasets._label_table import TIMES, not_used, read_labels, seconds_in
from eegkit.datasets._options import RecordingOptions, check_options, show_options
from eegkit.datasets._recordings import Recording, existing_folder
from eegkit.datasets.user_recordings import (
    Segment,
    UserRecordings,
    tell_left_out,
)
from eegkit.parameters import Length, ParameterError, check_for
from eegkit.recordings import FORMATS, companions, open_recording
from eegkit.text import count, nearest, shortlist
from eegkit.trials import Trials
from eegkit.trials_checks import METADATA_COLUMNS

if TYPE_CHECKING:
    import mne

TITLE = "from_folder"
People = Annotated[Sequence[Any], Length()]


@show_options
def from_folder(
    folder: str | os.PathLike[str],
    labels: str | os.PathLike[str] | pd.DataFrame,
    *,
    subjects: Sequence[Any] | None = None,
    **options: Unpack[RecordingOptions],
) -> Trials:
    """Trials of a folder of recordings and a table that says what their labels are.

    EDF, BDF, GDF, BrainVision (``.vhdr``), EEGLAB (``.set``, needs the extra ``eeglab``) and FIF
    files are read, by MNE.

    Parameters
    ----------
    folder : str or path-like
        Folder of the recordings; they may lie in folders within it. Those that `labels` does not
        name are not read.
    labels : str, path-like or pandas.DataFrame
        A table, or a text file of one, whose columns commas, semicolons or tabs separate. A row
        labels a file, or a piece of it. Columns:

        - ``file``: path of the recording within the folder, ``"anna/rest.edf"``,
        - ``label``,
        - ``subject``: whose it is,
        - ``session``, ``run`` (optional): by default ``"0"``, and the number of the file among
          those of its subject and session,
        - ``onset``, ``duration`` (optional): of the piece, in s from the start of the recording,
          or as timedeltas; by default the whole,
        - any other: kept in the metadata.

        Spaces around texts and names of columns are dropped. Labels that differ in nothing but
        case are refused, and people who do are told of.
    subjects : sequence of str, optional
        Only the rows of these people; all by default.
    window_s : float, optional
        Length of a trial in s. By default each row is one trial; all durations must be the same.
    overlap : float, default 0.0
        Part of a window shared with the next one, from 0 to below 1. Overlapping
        windows share samples: never let them fall on both sides of a split.
    channels : sequence of str or "common", optional
        The channels to read, in this order, or those that all files have. By default all EEG
        channels, which must be the same in all files: not those that labels or units call ECG,
        EOG, EMG, respiration, temperature, a marker or an unused input, nor an ear or mastoid
        against another (``A2-A1``).
    target_sfreq : float, optional
        Rate in Hz to resample the recordings to; needed where they differ by more than 0.02 %.
    l_freq, h_freq : float, optional
        Edges in Hz of a zero-phase band-pass on the whole recording.
    on_bad : {"skip", "raise", "keep"}, default "skip"
        What to do about trials that have a part in a pause, or in a piece that an annotation of
        the file calls bad (``BAD...``): leave them out with a warning, or stop. ``"keep"`` takes
        those that are called bad; across a pause, or a ``boundary`` of EEGLAB, no trial is cut.
    on_error : {"raise", "skip"}, default "raise"
        What to do about a recording that is broken or absent: stop, or leave it out with a
        warning.
    n_jobs : int, optional
        Recordings that are read at once, in threads; -1 for as many as there are cores.
    cache : bool or path, default False
        Keep the prepared trials in a file, and map them from there next time: True in the
        folder that ``EEGKIT_CACHE`` names (else the user's cache folder), or in a folder
        of your own.
    progress : bool, default False
        Show a progress bar.

    Returns
    -------
    Trials
        Ordered by file, as the table names them first. Metadata: ``subject``, ``session``,
        ``run``, ``recording`` (the file), the table's other columns, and ``onset`` of the trial
        in s.

    Raises
    ------
    ValueError
        The table makes no sense, names files that are not there, or not the people asked for, a
        recording is broken, or the recordings differ in channels or rate; the message names the
        files.
    FileNotFoundError
        There is no such folder or table.

    Warns
    -----
    MissingDataWarning
        Of recordings and trials left out.
    UserWarning
        Of pieces that overlap and have different labels, of names that look like one person, of
        channels left out by their labels or units, of files that say no unit, and are read as
        microvolts, of several channels of one name, and of rates that differ a little.

    Notes
    -----
    Onsets are by the clock of the recording: behind the pauses of EDF+D and BDF+D files, too. A
    sample that is NaN or infinite is a gap; the file is refused where a label needs it.
    Units are read however they are spelled; one that is no voltage is refused. EDF and BDF files
    with more bytes than they announce are refused.
    EDF, BDF, GDF and FIF files that were cut short are refused. BrainVision and EEGLAB files
    do not always announce their length.

    Examples
    --------
    >>> from eegkit.datasets import from_folder
    >>> trials = from_folder(
    ...     "recordings", "labels.csv", window_s=2, target_sfreq=128, channels="common"
    ... )  # doctest: +SKIP
    """
    return labelled_folder(folder, labels, subjects=subjects, **options).load()


def labelled_folder(
    folder: str | os.PathLike[str],
    labels: str | os.PathLike[str] | pd.DataFrame,
    *,
    subjects: Sequence[Any] | None = None,
    **options: Unpack[RecordingOptions],
) -> Folder:
    """The data set that `from_folder` loads."""
    check_options("from_folder", Folder, options)
    path = existing_folder(folder)
    rows = _rows(labels, options.get("window_s"), path)
    people = {}
    if subjects is not None:
        check_for(People).require("subjects", subjects)
        people = {"subjects": [str(subject).strip() for subject in subjects]}
        rows = _rows_of(people["subjects"], rows)
    dataset: Any = Folder(path=path, rows=rows, download=False, **options)
    if not isinstance(labels, pd.DataFrame):
        source = {"labels": Path(labels), **people, **options}
        dataset.origin = dataset._source_of(f"folder:{path}", source)
    return dataset


class Folder(UserRecordings):
    """The recordings in a folder; what `from_folder` loads.

    Parameters
    ----------
    rows : tuple of (str, Segment)
        Which pieces of which file have which label.
    """

    title = folder_name = TITLE
    url = "the table of labels"

    rows: tuple[tuple[str, Segment], ...] = ()

    def check_parameters(self) -> None:
        super().check_parameters()
        if self.subjects is not None:
            raise ParameterError(
                f"subjects is {self.subjects!r}; expected None, as rows says whose the recordings "
                "are: leave those of others out of it.",
                "subjects",
            )

    def recordings(self) -> list[Recording]:
        files = list(self._segments)
        unknown = [file for file in files if Path(file).suffix.lower() not in FORMATS]
        if unknown:
            raise ValueError(
                f"The table names {', '.join(unknown[:5])}; expected files that end with "
                f"{', '.join(FORMATS)}."
            )
        absent = [file for file in files if not (self.folder() / file).is_file()]
        if absent and (self.on_error == "raise" or len(absent) == len(files)):
            present = _present(self.folder())
            raise ValueError(
                f"The table names {count(len(absent), 'file')} not in {self.folder()}: "
                f"{', '.join(_with_hint(file, present) for file in absent[:5])}"
                f"{', ...' if len(absent) > 5 else ''}. Expected paths within that folder."
            )
        tell_left_out(self.title, absent, "not in the folder")
        return [
            Recording(segments[0].metadata["subject"], file, self.folder() / file)
            for file, segments in self._segments.items()
            if file not in absent
        ]

    def tables(self) -> list[Path]:
        return [path for file in self._segments for path in companions(self.folder() / file)]

    def open(self, recording: Recording) -> mne.io.BaseRaw:
        return open_recording(recording.path)

    def segments(self, recording: Recording) -> list[Segment]:
        return self._segments[recording.run]

    @functools.cached_property
    def _segments(self) -> dict[str, list[Segment]]:
        """The pieces of every file, in the order of the table."""
        segments: dict[str, list[Segment]] = {}
        for file, segment in self.rows:
            segments.setdefault(file, []).append(segment)
        return segments


def _present(folder: Path) -> list[str]:
    """The recordings in a folder, but hidden ones, by their paths within it."""
    paths = (path.relative_to(folder) for path in folder.rglob("*"))
    return sorted(
        path.as_posix()
        for path in paths
        if path.suffix.lower() in FORMATS and not any(part.startswith(".") for part in path.parts)
    )


def _paths_within(files: pd.Series, folder: Path) -> pd.Series:
    """One spelling for each file, that of the folder.

    Composed and decomposed letters look alike, and systems and archives exchange them. Spaces
    around are not in the table any more.
    """
    plain = {file: PurePath(os.path.normpath(file)).as_posix() for file in files.unique()}
    spellings: dict[str, list[str]] = {}
    if any(not (folder / file).is_file() for file in plain.values()):
        for path in _present(folder):
            spellings.setdefault(_looks(path), []).append(path)
    for file, path in plain.items():
        alike = spellings.get(_looks(path), [])
        if len(alike) == 1 and not (folder / path).is_file():
            plain[file] = alike[0]
    return files.map(plain)


def _looks(path: str) -> str:
    return unicodedata.normalize("NFC", path).strip()


def _with_hint(file: str, present: list[str]) -> str:
    same_name = [path for path in present if Path(path).name == Path(file).name]
    near = same_name or nearest(file, present, n=1)
    return f"{file} (there is {near[0]})" if near else file


def _rows(
    labels: str | os.PathLike[str] | pd.DataFrame, window_s: float | None, folder: Path
) -> tuple[tuple[str, Segment], ...]:
    """Which pieces of which file have which label, as the table says."""
    table, name = read_labels(labels)
    table["file"] = _paths_within(table["file"], folder)
    times = pd.DataFrame({column: seconds_in(table, column, name) for column in TIMES})
    lengths = times["duration"].unique()
    if window_s is None and (len(lengths) > 1 or np.isnan(lengths[0])):
        raise ValueError(
            f"{name} does not give all rows one duration; set window_s=, the length of a trial "
            f"in s.{not_used(table, 'duration')}"
        )
    pieces = table[["file", "label"]].join(times)
    check_pieces(pieces, name, window_s, not_used(table, "onset"))
    return tuple(
        (file, Segment(label, float(onset), None if np.isnan(duration) else duration, row))
        for file, label, onset, duration, row in zip(
            table["file"],
            table["label"].tolist(),
            times["onset"].fillna(0.0),
            times["duration"].tolist(),
            _metadata(table).to_dict("records"),
            strict=True,
        )
    )


def _rows_of(
    subjects: Sequence[str], rows: tuple[tuple[str, Segment], ...]
) -> tuple[tuple[str, Segment], ...]:
    """The rows of some people, in the order of the table."""
    known = list(dict.fromkeys(segment.metadata["subject"] for _, segment in rows))
    strange = [repr(subject) for subject in subjects if subject not in known]
    if strange:
        raise ParameterError(
            f"subjects names {', '.join(strange)}, but the table has {shortlist(known)}.",
            "subjects",
        )
    return tuple(row for row in rows if row[1].metadata["subject"] in subjects)


def _metadata(table: pd.DataFrame) -> pd.DataFrame:
    """What the trials of each row say of themselves."""
    metadata = table.drop(columns=["label", *(column for column in TIMES if column in table)])
    if "session" not in metadata:
        metadata["session"] = "0"
    if "run" not in metadata:
        files = metadata.groupby(["subject", "session"], sort=False)["file"]
        metadata["run"] = files.transform(lambda names: pd.factorize(names)[0]).astype(str)
    metadata = metadata.rename(columns={"file": "recording"})
    first = [*METADATA_COLUMNS, "recording"]
    return metadata[first + [column for column in metadata if column not in first]]
