"""`from_bids`: trials of a BIDS data set, by its events or by who the people are."""

from __future__ import annotations

import functools
import importlib.util
import inspect
import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Unpack

import numpy as np
import pandas as pd

from eegkit.datasets._base import MissingDataWarning
from eegkit.datasets._options import RecordingOptions, check_options, show_options
from eegkit.datasets._recordings import Recording, existing_folder
from eegkit.datasets._text_tables import read_table
from eegkit.datasets.user_recordings import (
    Segment,
    UserRecordings,
    tell_left_out,
)
from eegkit.libraries import install_command
from eegkit.parameters import Length, ParameterError
from eegkit.recordings import FORMATS, check_whole, is_mark, naming_the_file, open_recording
from eegkit.trials import Trials

if TYPE_CHECKING:
    import mne
    import mne_bids

TITLE = "from_bids"
EMPTY = ("", "n/a")
Texts = Annotated[Sequence[str], Length()]
ENTITIES = {"subjects": "subject", "sessions": "session", "runs": "run", "tasks": "task"}


@show_options
def from_bids(
    root: str | os.PathLike[str],
    *,
    task: str | None = None,
    subjects: Sequence[str] | None = None,
    sessions: Sequence[str] | None = None,
    runs: Sequence[str] | None = None,
    events: Sequence[str] | Mapping[str, Any] | None = None,
    event_column: str = "trial_type",
    tmin: float = 0.0,
    tmax: float | None = None,
    participant_column: str | None = None,
    **options: Unpack[RecordingOptions],
) -> Trials:
    """Trials of the EEG recordings of a BIDS data set [1]_, read by MNE-BIDS [2]_.

    Either the events are the labels: then a trial goes from `tmin` to `tmax` around each.
    Or the people are, by a column of ``participants.tsv``, a diagnosis for example: then
    `window_s` cuts each recording into trials. Needs the extra ``bids``.

    Parameters
    ----------
    root : str or path-like
        Folder of the data set.
    task : str, optional
        Only the recordings of this task.
    subjects, sessions, runs : sequence of str, optional
        Only these, without ``sub-``, ``ses-`` and ``run-``; all by default.
    events : sequence of str, or mapping of str to label, optional
        Which events become trials, or what each shall be called; all that have a name by default.
    event_column : str, default "trial_type"
        Column of ``events.tsv`` that holds the events' names.
    tmin, tmax : float
        A trial's start and end in s from the event's onset.
    participant_column : str, optional
        Column of ``participants.tsv`` that labels the people; the events are not used then.
    window_s : float, optional
        Length of a trial in s; needed with `participant_column`. With events, each stretch from
        `tmin` to `tmax` is cut into such windows.
    overlap : float, default 0.0
        Part of a window shared with the next one, from 0 to below 1. Overlapping
        windows share samples: never let them fall on both sides of a split.
    channels, target_sfreq, l_freq, h_freq, on_bad, on_error, n_jobs, cache, progress
        As for `from_folder`. EEG channels are those that ``channels.tsv`` says are; those it
        says are bad are kept.

    Returns
    -------
    Trials
        Metadata: ``subject``, ``session``, ``run`` (``"0"`` where the names of the files say
        none), ``task``, ``recording`` (the file), ``onset`` of the trial in s. A person's label
        is text.

    Raises
    ------
    ValueError
        An option makes no sense, something asked for is not in the data set, a file is broken,
        or the recordings differ in channels or rate; the message names the files.
    FileNotFoundError
        There is no such folder.
    ImportError
        MNE-BIDS is not installed.

    Warns
    -----
    MissingDataWarning
        Of recordings without any of the events or without a label, and of events whose trials
        would reach beyond the recording, or have a part in a pause or in a piece marked as bad.

    References
    ----------
    .. [1] Pernet, C. R., et al. (2019). EEG-BIDS, an extension to the brain imaging data structure
       for electroencephalography. Scientific Data, 6, 103.
    .. [2] Appelhoff, S., et al. (2019). MNE-BIDS: Organizing electrophysiological data into the
       BIDS format and facilitating their analysis. JOSS, 4(44), 1896.

    Examples
    --------
    >>> from eegkit.datasets import from_bids
    >>> trials = from_bids("ds1", task="hands", events=["left", "right"], tmax=2)  # doctest: +SKIP
    >>> trials = from_bids("ds2", participant_column="group", window_s=4)  # doctest: +SKIP
    """
    names: dict[str, Any] = {"subjects": subjects, "sessions": sessions, "runs": runs}
    labels: dict[str, Any] = {
        "events": events,
        "event_column": event_column,
        "tmin": tmin,
        "tmax": tmax,
    }
    labels |= {"participant_column": participant_column}
    return bids_recordings(root, task=task, **names, **labels, **options).load()


def bids_recordings(
    root: str | os.PathLike[str], *, task: str | None = None, **options: Any
) -> Bids:
    """The data set that `from_bids` loads."""
    if importlib.util.find_spec("mne_bids") is None:
        raise ImportError(f"from_bids needs MNE-BIDS: {install_command('eegkit[bids]')}.")
    check_options("from_bids", Bids, options)
    path = existing_folder(root)
    tasks = None if task is None else [task]
    try:
        dataset: Any = Bids(path=path, tasks=tasks, download=False, **options)
    except ParameterError:
        _recordings_in(path)  # of what is no data set, that is what is to be told
        raise
    values = {"task": task, **options}
    defaults = inspect.signature(from_bids).parameters
    differences = {n: v for n, v in values.items() if repr(v) != repr(defaults[n].default)}
    dataset.origin = dataset._source_of(f"bids:{path}", differences)
    return dataset


class Bids(UserRecordings):
    """The EEG recordings of a BIDS data set; what `from_bids` loads.

    Parameters
    ----------
    subjects, sessions, runs, tasks : sequence of str, optional
    events : sequence of str, or mapping of str to label, optional
    event_column : str
    tmin, tmax : float
    participant_column : str, optional
        See `from_bids`.
    """

    title = folder_name = TITLE
    url = "https://bids.neuroimaging.io"

    subjects: Texts | None = None
    sessions: Texts | None = None
    runs: Texts | None = None
    tasks: Texts | None = None
    events: Texts | Annotated[Mapping[str, Any], Length()] | None = None
    event_column: str = "trial_type"
    tmin: float = 0.0
    tmax: float | None = None
    participant_column: str | None = None

    def check_parameters(self) -> None:
        super().check_parameters()
        if self.participant_column is not None:
            if self.window_s is None or self.events is not None or self.tmax is not None:
                raise ParameterError(
                    "participant_column labels whole recordings: set window_s=, the length of a "
                    "trial in s, and neither events= nor tmax=.",
                    "participant_column",
                )
        elif self.tmax is None or not self.tmin < self.tmax:
            raise ParameterError(
                f"tmin is {self.tmin!r} and tmax {self.tmax!r}; expected the start and the end of "
                "a trial in s from the event, tmin below tmax; or participant_column=, where the "
                "people are the labels.",
                "tmin",
            )

    def recordings(self) -> list[Recording]:
        paths = self._paths
        selection = list(paths)
        for option, entity in ENTITIES.items():
            values = getattr(self, option)
            if values is not None:
                names = sorted({p.entities[entity] for p in paths.values()} - {None})
                strange = [repr(value) for value in values if value not in names]
                if strange:
                    raise ValueError(
                        f"{self.folder()} has no {entity} {', '.join(strange)}; it has "
                        f"{', '.join(names) or 'none'}."
                    )
                selection = [p for p in selection if paths[p].entities[entity] in values]
        recordings = [Recording(paths[path].subject, path.name, path) for path in selection]
        # Those whose labels are broken are told of when they are read.
        labelled = [r for r in recordings if self._attempt(self.segments, r)]
        if not labelled:
            raise ValueError(
                f"None of the {len(recordings)} EEG recordings asked for in {self.folder()} has a "
                f"label; {self._where()}."
            )
        without = [r.path.name for r in recordings if r not in labelled]
        tell_left_out(self.title, without, f"no label; {self._where()}")
        return labelled

    @functools.cached_property
    def _paths(self) -> dict[Path, mne_bids.BIDSPath]:
        """All EEG recordings of the data set, in order."""
        matches = _recordings_in(self.folder())
        return {Path(path.fpath): path for path in sorted(matches, key=lambda path: path.fpath)}

    def _where(self) -> str:
        """Where labels were sought, for messages."""
        if self.participant_column is not None:
            return f"sought in the column {self.participant_column!r} of participants.tsv"
        names = "any" if self.events is None else ", ".join(map(repr, self.events))
        return f"sought {names} in the column {self.event_column!r} of events.tsv"

    def tables(self) -> list[Path]:
        """All that may say something of the recordings: it applies to the folders below, too."""
        folders = {above for path in self._paths for above in path.parents}
        within = {f for f in folders if f.is_relative_to(self.folder())}
        suffixes = {".tsv", ".json", ".eeg", ".dat", ".vmrk", ".fdt"}
        return sorted(p for f in within for p in f.iterdir() if p.suffix in suffixes)

    def open(self, recording: Recording) -> mne.io.BaseRaw:
        import mne_bids

        check_whole(recording.path)
        with naming_the_file(recording.path):
            return mne_bids.read_raw_bids(self._paths[recording.path], verbose="error")

    def open_with_marks(self, recording: Recording) -> mne.io.BaseRaw:
        """MNE-BIDS puts the events of ``events.tsv`` in place of what the file says."""
        raw = self.open(recording)
        marks = open_recording(recording.path).annotations
        for mark in marks:
            if is_mark(mark["description"]):
                raw.annotations.append(mark["onset"], mark["duration"], mark["description"])
        return raw

    def segments(self, recording: Recording) -> list[Segment]:
        path = self._paths[recording.path]
        metadata = {
            "subject": path.subject,
            "session": path.session or "0",
            "run": path.run or "0",
            "task": path.task or "",
            "recording": recording.path.name,
        }
        if self.participant_column is not None:
            label = self._people.get(path.subject)
            return [] if label is None else [Segment(label, 0.0, None, metadata)]
        return self._around_events(path, metadata)

    def _around_events(self, path: mne_bids.BIDSPath, metadata: dict[str, Any]) -> list[Segment]:
        with naming_the_file(Path(path.fpath)):
            events_file = path.find_matching_sidecar("events", ".tsv", on_error="ignore")
        if events_file is None or self.tmax is None:
            return []
        table = _read_table(Path(events_file), ["onset", self.event_column])
        onsets = pd.to_numeric(table["onset"], errors="coerce").to_numpy(dtype=float)
        events = (
            self.events if isinstance(self.events, Mapping) else {e: e for e in self.events or ()}
        )
        labels = {name.strip(): label for name, label in events.items()}  # as those of the table
        segments = []
        for name, onset in zip(table[self.event_column], onsets, strict=True):
            if name in EMPTY or (self.events is not None and name not in labels):
                continue
            if not np.isfinite(onset):
                raise ValueError(f"{events_file}: an event {name!r} has no onset in s.")
            label = labels.get(name, name)
            segments.append(Segment(label, onset + self.tmin, self.tmax - self.tmin, metadata))
        return segments

    @functools.cached_property
    def _people(self) -> dict[str, str]:
        """The label of every person that has one, by name without ``sub-``."""
        column = str(self.participant_column)
        table = _read_table(self.folder() / "participants.tsv", ["participant_id", column])
        pairs = zip(table["participant_id"], table[column], strict=True)
        return {name.removeprefix("sub-"): label for name, label in pairs if label not in EMPTY}

    def leave_out(self, recording: Recording, segments: Sequence[Segment], end: float) -> None:
        warnings.warn(
            f"{self.title}: left out {len(segments)} events of {recording.path.name} (their trials "
            f"reach beyond the recording, which lasts {end:g} s).",
            MissingDataWarning,
            stacklevel=2,
        )


def _recordings_in(folder: Path) -> list[mne_bids.BIDSPath]:
    """All EEG recordings of a data set; ``ValueError`` where there is none."""
    import mne_bids

    matches = mne_bids.find_matching_paths(
        folder,
        datatypes="eeg",
        suffixes="eeg",
        extensions=list(FORMATS),
        ignore_nosub=True,
    )
    if not matches:
        raise ValueError(
            f"{folder} holds no EEG recording of BIDS; expected files such as "
            f"sub-01/eeg/sub-01_task-rest_eeg.edf, that end with {', '.join(FORMATS)}. Files of "
            "other names are read by from_folder (folder:PATH on the command line), with a table "
            "of labels."
        )
    return list(matches)


def _read_table(path: Path, columns: list[str]) -> pd.DataFrame:
    """A TSV file, as text."""
    if not path.is_file():
        raise ValueError(f"There is no {path}, which is to say {', '.join(columns)}.")
    table = read_table(path, sep="\t", dtype=str, encoding="utf-8-sig")
    lacking = [column for column in columns if column not in table]
    if lacking:
        raise ValueError(
            f"{path} has the columns {', '.join(table.columns)}; expected {', '.join(columns)} "
            "among them."
        )
    return table
