"""`from_bids`: trials of a BIDS data set, by its events or by who the people are."""

from __future__ import annotations

import functools
import importlib.util
import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from eegkit.datasets._base import MissingDataWarning
from eegkit.datasets._recordings import Recording, existing_folder
from eegkit.datasets.user_recordings import Segment, UserRecordings, as_channels, tell_left_out
from eegkit.parameters import ParameterError
from eegkit.recordings import FORMATS, check_whole, naming_the_file
from eegkit.trials import Trials

if TYPE_CHECKING:
    import mne
    import mne_bids

TITLE = "from_bids"
EMPTY = ("", "n/a")
ENTITIES = {"subjects": "subject", "sessions": "session", "runs": "run", "tasks": "task"}


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
    window_s: float | None = None,
    overlap: float = 0.0,
    channels: Sequence[str] | str | None = None,
    target_sfreq: float | None = None,
    l_freq: float | None = None,
    h_freq: float | None = None,
    on_error: Literal["raise", "skip"] = "raise",
    n_jobs: int | None = None,
    cache: bool | str | os.PathLike[str] = False,
    progress: bool = False,
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
    channels, target_sfreq, l_freq, h_freq, on_error, n_jobs, cache, progress
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
        would reach beyond the recording.

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
    options = dict(locals())  # the fields of the data set have the same names, but for two
    del options["root"], options["task"]
    if importlib.util.find_spec("mne_bids") is None:
        raise ImportError("from_bids needs MNE-BIDS: pip install 'eegkit[bids]'.")
    options["path"] = existing_folder(root)
    for name in ("subjects", "sessions", "runs"):
        options[name] = _texts(options[name], name)
    options["tasks"] = None if task is None else (task,)
    options["events"] = _names(events)
    options["channels"] = as_channels(channels)
    return Bids(**options, download=False).load()


class Bids(UserRecordings):
    """The EEG recordings of a BIDS data set; what `from_bids` loads.

    Parameters
    ----------
    sessions, runs, tasks : tuple of str, optional
    events : dict of str to label, optional
    event_column : str
    tmin, tmax : float
    participant_column : str, optional
        See `from_bids`.
    """

    title = folder_name = TITLE
    url = "https://bids.neuroimaging.io"

    sessions: tuple[str, ...] | None = None
    runs: tuple[str, ...] | None = None
    tasks: tuple[str, ...] | None = None
    events: dict[str, Any] | None = None
    event_column: str = "trial_type"
    tmin: float = 0.0
    tmax: float | None = None
    participant_column: str | None = None

    def folder(self) -> Path:
        return Path(self.path or ".")

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
                "a trial in s from the event, tmin below tmax.",
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
        labelled = [recording for recording in recordings if self._is_labelled(recording)]
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
        import mne_bids

        matches = mne_bids.find_matching_paths(
            self.folder(),
            datatypes="eeg",
            suffixes="eeg",
            extensions=list(FORMATS),
            ignore_nosub=True,
        )
        if not matches:
            raise ValueError(
                f"{self.folder()} holds no EEG recording of BIDS; expected files such as "
                f"sub-01/eeg/sub-01_task-rest_eeg.edf, that end with {', '.join(FORMATS)}."
            )
        return {Path(path.fpath): path for path in sorted(matches, key=lambda path: path.fpath)}

    def _is_labelled(self, recording: Recording) -> bool:
        try:
            return bool(self.segments(recording))
        except ValueError:
            if self.on_error == "raise":
                raise
            return True  # told when it is read

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
        suffixes = {".tsv", ".json", ".eeg", ".vmrk", ".fdt"}
        return sorted(p for f in within for p in f.iterdir() if p.suffix in suffixes)

    def open(self, recording: Recording) -> mne.io.BaseRaw:
        import mne_bids

        check_whole(recording.path)
        with naming_the_file(recording.path):
            return mne_bids.read_raw_bids(self._paths[recording.path], verbose="error")

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
        segments = []
        for name, onset in zip(table[self.event_column], onsets, strict=True):
            if name in EMPTY or (self.events is not None and name not in self.events):
                continue
            if not np.isfinite(onset):
                raise ValueError(f"{events_file}: an event {name!r} has no onset in s.")
            label = name if self.events is None else self.events[name]
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


def _texts(values: Sequence[str] | None, name: str) -> tuple[str, ...] | None:
    """An option that names some of all."""
    if values is None:
        return None
    if isinstance(values, str) or not len(values) or not all(isinstance(v, str) for v in values):
        raise ValueError(f"{name} is {values!r}; expected a sequence of texts, or None for all.")
    return tuple(values)


def _names(events: Sequence[str] | Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Which events, and what to call each."""
    names = _texts(list(events) if isinstance(events, Mapping) else events, "events")
    if names is None:
        return None
    return {name: events[name] if isinstance(events, Mapping) else name for name in names}


def _read_table(path: Path, columns: list[str]) -> pd.DataFrame:
    """A TSV file, as text."""
    if not path.is_file():
        raise ValueError(f"There is no {path}, which is to say {', '.join(columns)}.")
    try:
        table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{path} cannot be read as a table: {error}") from error
    lacking = [column for column in columns if column not in table]
    if lacking:
        raise ValueError(
            f"{path} has the columns {', '.join(table.columns)}; expected {', '.join(columns)} "
            "among them."
        )
    return table
