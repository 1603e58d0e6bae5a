"""`RecordedDataset`: data sets of recordings in files, read in parallel and kept prepared.

The rule for missing recordings, the same for every data set that can be downloaded:

===================  =============================================================
``download``         what happens to recordings that are asked for but not there
===================  =============================================================
``None`` (default)   downloaded if no folder was given (neither ``path`` nor the
                     environment variable ``EEGKIT_DATA``) and the data set has a
                     `fetch`, else left out: a folder that was given is taken as it is
``True``             downloaded
``False``            left out
===================  =============================================================

A recording that is there is used without any access to the network. What is left
out, also because a download failed, is named in one `MissingDataWarning`; if nothing
is left, `FileNotFoundError` says what to do.
"""

from __future__ import annotations

import dataclasses
import functools
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from eegkit.datasets._base import DATA_VARIABLE, GIVE_PATH, Dataset, warn_missing
from eegkit.datasets._kept import cache_folder, kept_trials
from eegkit.datasets._recordings import Recording, name_recordings
from eegkit.datasets._unreachable import why_it_failed
from eegkit.identity import UnidentifiableError, identify
from eegkit.kept_files import state_of
from eegkit.parameters import PathLike, Positive, Proportion
from eegkit.recordings import Preparation
from eegkit.trials import Trials

# Options that change how trials are loaded, but not which.
HOW = ("cache", "download", "n_jobs", "on_error", "path", "progress", "subjects")


class RecordedDataset(Dataset):
    """A data set of recordings in files.

    A data set of your own says which recordings there are (`recordings`) and makes trials of
    one (`read`); finding or fetching the files, reading them in parallel, skipping broken
    ones, keeping what was prepared and joining it is done here.

    Parameters
    ----------
    subjects, path
        See `eegkit.Dataset`.
    download : bool, optional
        Download recordings that are not there. By default only if no folder was given,
        by `path` or ``EEGKIT_DATA``; what is not there is left out with a warning.
    on_error : {"raise", "skip"}, default "raise"
        What to do about a recording that is broken: stop, or leave it out with a warning.
    n_jobs : int, optional
        Recordings that are read at once, in threads; -1 for as many as there are cores.
    cache : bool or path, default False
        Keep the prepared trials in a file, and map them from there next time: True in the
        folder that ``EEGKIT_CACHE`` names (else the user's cache folder), or in a folder
        of your own.
    progress : bool, default False
        Show a progress bar.

    See Also
    --------
    WindowedDataset : with an example of a data set of one's own.
    """

    folder_name: ClassVar[str]
    how_to_get = GIVE_PATH  # of a class that has no `fetch`

    download: bool | None = None
    on_error: Literal["raise", "skip"] = "raise"
    n_jobs: int | None = None
    cache: bool | PathLike = False
    progress: bool = False

    @abstractmethod
    def recordings(self) -> Sequence[Recording]:
        """All recordings that are asked for, whether their files are there or not."""

    @abstractmethod
    def read(self, recording: Recording) -> Trials:
        """The trials of one recording; ``ValueError`` where it is broken."""

    def fetch(self, recording: Recording) -> None:
        """Download one recording; ``OSError`` where that cannot be done."""
        raise OSError(f"{self.title} cannot be downloaded by a program; see {self.url}")

    def tables(self) -> Sequence[Path]:
        """Files beside the recordings that the trials depend on, too."""
        return ()

    def complete(self, trials: Trials) -> Trials:
        """Add what is known of all trials together, from a table of people, say."""
        return trials

    def holds_recordings(self, folder: Path) -> bool:
        """Whether a folder that was given is the data set's own, not the one around it."""
        return folder.name == self.folder_name

    def folder(self) -> Path:
        """Where the recordings lie or shall lie."""
        root = self.root()
        if root is None:
            return self.usual_folder()
        return root if self.holds_recordings(root) else root / self.folder_name

    def usual_folder(self) -> Path:
        """Where the recordings go if nobody names a folder."""
        import pooch

        return Path(pooch.os_cache("eegkit")) / self.folder_name

    def load(self) -> Trials:
        """Read the recordings, or what was kept of them, and join their trials.

        Returns
        -------
        Trials
            X is float32 in microvolts, shape (n_trials, n_channels, n_times); with `cache`
            a read-only memmap. Ordered as the recordings are.

        Raises
        ------
        ValueError
            An option makes no sense, or a recording is broken.
        FileNotFoundError
            None of the recordings is there, and they cannot be downloaded.
        """
        self.check_parameters()
        recordings = self._available(self.recordings())
        if self.cache is False:
            return self._read_all(recordings)[0]
        return self._from_cache(recordings)

    def _available(self, recordings: Sequence[Recording]) -> list[Recording]:
        """The recordings that are there, once those that may be fetched are."""
        absent = [recording for recording in recordings if not recording.path.is_file()]
        may_download = self.download
        if may_download is None:
            may_download = self.root() is None and type(self).fetch is not RecordedDataset.fetch
        reason = f"not in {self.folder()}"
        if self.how_to_get != GIVE_PATH:  # else said below
            reason += f"; {self.how_to_get}"
        if absent and may_download:
            reason = self._fetch_all(absent)
            absent = [recording for recording in absent if not recording.path.is_file()]
        if len(absent) == len(recordings):
            raise FileNotFoundError(
                f"{self.title}: none of the {len(recordings)} recordings asked for is there "
                f"({reason}). Set path=, or the environment variable {DATA_VARIABLE}, to the "
                "folder that holds them."
            )
        warn_missing(self.title, name_recordings(absent, recordings), reason)
        missing = set(absent)
        return [recording for recording in recordings if recording not in missing]

    def _fetch_all(self, absent: Sequence[Recording]) -> str:
        """Fetch one after the other; the reason why some are still absent, if so."""
        for recording in absent:
            try:
                self.fetch(recording)
            except OSError as error:
                # One failure ends it: offline, every further file would wait for its own time-out.
                return f"the download failed: {why_it_failed(error)}"
        return "the download gave no file"

    def _read_all(self, recordings: Sequence[Recording]) -> tuple[Trials, bool]:
        """The trials of all recordings, and whether none had to be left out."""
        # Products of matrices are small here; further threads for them get in each other's way.
        with threadpool_limits(1, user_api="blas"):
            jobs = Parallel(self.n_jobs, prefer="threads", return_as="generator")(
                delayed(self._attempt)(self._read_one, recording) for recording in recordings
            )
            parts: list[Trials] = []
            errors: list[str] = []
            results = self._with_progress(jobs, len(recordings))
            for recording, result in zip(recordings, results, strict=True):
                if isinstance(result, ValueError):
                    errors.append(str(result))
                    continue
                if not parts:
                    first = recording
                elif result.sfreq != parts[0].sfreq:
                    raise ValueError(
                        f"{recording.path.name} is recorded at {result.sfreq:g} Hz, but "
                        f"{first.path.name} at {parts[0].sfreq:g} Hz; set target_sfreq= to "
                        "resample both, or leave one out by subjects=."
                    )
                parts.append(result)
        if not parts:
            raise ValueError(f"{self.title}: every recording is broken; the first: {errors[0]}")
        warn_missing(self.title, errors, "broken")
        return self.complete(Trials.concatenate(parts)), not errors

    def _read_one(self, recording: Recording) -> Trials:
        """The trials of a recording; an answer that cannot be they is refused."""
        trials: Any = self.read(recording)
        if not isinstance(trials, Trials):
            raise TypeError(
                f"{type(self).__name__}.read gives a {type(trials).__name__} for "
                f"{recording.path.name}; expected Trials, which Trials.from_arrays makes."
            )
        return trials

    def _attempt(self, function: Callable[[Recording], Any], recording: Recording) -> Any:
        """What a function says of a recording, or its error where such are skipped."""
        try:
            return function(recording)
        except ValueError as error:
            if self.on_error == "raise":
                raise
            return error

    def _with_progress(self, jobs: Iterator[Any], n: int) -> Iterator[Any]:
        if not self.progress:
            yield from jobs
            return
        from rich import progress
        from rich.console import Console

        title = progress.TextColumn("{task.description}", markup=False)
        _, *columns = progress.Progress.get_default_columns()
        with progress.Progress(title, *columns, console=Console(stderr=True)) as bar:
            yield from bar.track(jobs, n, description=self.title)

    @functools.cached_property
    def files_read(self) -> dict[str, list[int]]:
        """The states of files that reading recordings led to, besides those that are named."""
        return {}

    def _from_cache(self, recordings: Sequence[Recording]) -> Trials:
        """The kept trials; read, and kept for the next time, where there are none."""
        name = f"{type(self).__name__.lower()}-{self._key(recordings)}.safetensors"
        path = cache_folder(self.cache) / name
        self.files_read.clear()
        return kept_trials(path, self.title, lambda: self._read_all(recordings), self.files_read)

    def _key(self, recordings: Sequence[Recording]) -> str:
        """A digest of all that the trials depend on: code, options and files."""
        fields = [field.name for field in dataclasses.fields(self) if field.name not in HOW]
        options = {name: getattr(self, name) for name in fields}
        files = [recording.path for recording in recordings] + list(self.tables())
        states = [(str(file.resolve()), state_of(file)) for file in files]
        try:
            return identify(type(self), options, states, files=False)
        except UnidentifiableError as error:
            raise ValueError(
                f"What {type(self).__name__} makes cannot be kept, as nobody could tell it from "
                f"what another edition of it makes: {error} Change that, or set cache=False."
            ) from error


class PreparedDataset(RecordedDataset):
    """A data set whose recordings are filtered and resampled as a whole.

    Parameters
    ----------
    subjects, path, download, on_error, n_jobs, cache, progress
        See `RecordedDataset`.
    target_sfreq : float, optional
        Rate in Hz to resample the recordings to; by default the recorded one.
    l_freq, h_freq : float, optional
        Edges in Hz of a zero-phase band-pass on the whole recording; by default none.

    See Also
    --------
    WindowedDataset : with an example of a data set of one's own.
    """

    target_sfreq: Positive | None = None
    l_freq: Positive | None = None
    h_freq: Positive | None = None

    @property
    def preparation(self) -> Preparation:
        """What the recordings go through; ``ParameterError`` where that makes no sense."""
        return Preparation(sfreq=self.target_sfreq, l_freq=self.l_freq, h_freq=self.h_freq)

    def check_parameters(self) -> None:
        super().check_parameters()
        Preparation(sfreq=self.target_sfreq, l_freq=self.l_freq, h_freq=self.h_freq)


class WindowedDataset(PreparedDataset):
    """A data set whose recordings are cut into windows.

    Parameters
    ----------
    subjects, path, download, on_error, n_jobs, cache, progress
        See `RecordedDataset`.
    target_sfreq, l_freq, h_freq
        See `PreparedDataset`.
    window_s : float, optional
        Length of a trial in s; by default a trial is the whole piece that `read` cuts: a labelled
        one, or, of `read_windows`, the recording. Where labels depend on the onset, give it a
        default in your class, ``window_s: Positive = 2.0``.
    overlap : float, default 0.0
        Part of a window shared with the next one, from 0 to below 1. Overlapping
        windows share samples: never let them fall on both sides of a split.

    Examples
    --------
    Two recordings in files of NumPy, in microvolts at 128 Hz:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from eegkit import Trials
    >>> from eegkit.datasets import Recording, WindowedDataset
    >>> from eegkit.recordings import PreparedRecording
    >>> class Example(WindowedDataset):
    ...     title, folder_name, recorded_sfreq = "Example", "example", 128.0
    ...     def recordings(self):
    ...         return [Recording(s, 0, self.folder() / f"{s}.npy") for s in (1, 2)]
    ...     def read(self, recording):
    ...         signals, names = np.load(recording.path), ["C3", "C4"]
    ...         whole = PreparedRecording.from_signals(signals, 128.0, names, self.preparation)
    ...         X, onsets = whole.windows(self.preparation, recording.path)
    ...         y = np.where(onsets < 5, "rest", "task")
    ...         facts = {"sfreq": whole.sfreq, "ch_names": names, "subject": str(recording.subject)}
    ...         return Trials.from_arrays(X, y, **facts)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     own = Path(folder) / "example"
    ...     own.mkdir()
    ...     for subject in (1, 2):
    ...         noise = np.random.default_rng(subject).normal(scale=10, size=(2, 1280))
    ...         np.save(own / f"{subject}.npy", noise)
    ...     Example(path=folder, window_s=2.0, target_sfreq=64.0).load().X.shape
    (10, 2, 128)
    """

    window_s: Positive | None = None
    overlap: Proportion = 0.0

    @property
    def preparation(self) -> Preparation:
        return dataclasses.replace(
            super().preparation, window_s=self.window_s, overlap=self.overlap
        )
