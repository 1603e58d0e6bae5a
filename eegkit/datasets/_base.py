"""The base of every data set."""

from __future__ import annotations

import dataclasses
import functools
import os
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from eegkit.parameters import Parametrized, PathLike
from eegkit.recordings import MissingDataWarning as MissingDataWarning
from eegkit.trials import Trials
from eegkit.trials_source import TrialsSource

DATA_VARIABLE = "EEGKIT_DATA"
GIVE_PATH = "give path=, the folder that holds the recordings"
DOWNLOAD = "download=True fetches what is missing"


class Dataset(Parametrized, ABC):
    """A data set: facts about it, options as fields, and `load`, which gives `Trials`.

    A data set of your own is a subclass with the facts below as class variables, its
    options as annotated fields (they become keyword arguments), and `load`.
    One entry-point line in the group ``eegkit.datasets`` gives it a name.

    Parameters
    ----------
    subjects : sequence, optional
        The people to load, by the data set's own numbers; all by default.
    path : str or path-like, optional
        Folder that holds, or shall hold, the recordings; by default the environment
        variable ``EEGKIT_DATA``, else the data set's usual place. `load` asks `root` for it.

    Attributes
    ----------
    title, licence, citation, url : str
        Full name, licence of the recordings, the paper to cite, home page.
    size_mb : float
        Size of the whole download in MB; 0 where nothing is downloaded.
    n_subjects, n_channels : int
        People and EEG channels in the whole data set.
    recorded_sfreq : float
        Sampling rate of the recordings in Hz (`load` may resample).
    classes : tuple of str
        The labels `load` gives by default.
    availability : {"open", "on request", "competition", "generated"}
        Who may have the recordings.
    how_to_get : str
        What one does to get them, and where the files belong; by default to give the folder, or,
        where the class has a `fetch` or an option ``download`` of its own, to download them.
    conversions : mapping of str to callable
        What ``eegkit convert DATASET NAME SOURCE TARGET`` can make of the published files:
        ``function(source, target, n_jobs=..., progress=...)``, paths and how to work.

    Raises
    ------
    ParameterError
        An option makes no sense; a ``ValueError``.

    See Also
    --------
    eegkit.datasets.WindowedDataset : of recordings in files, with an example.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit import Dataset, Trials
    >>> class Noise(Dataset):
    ...     n_trials: int = 8
    ...     def load(self):
    ...         X = np.random.default_rng(0).normal(scale=10, size=(self.n_trials, 3, 256))
    ...         y = np.arange(self.n_trials) % 2
    ...         return Trials.from_arrays(X, y, sfreq=128.0, subject="S1")
    >>> len(Noise(n_trials=12).load())
    12
    """

    title: ClassVar[str]
    licence: ClassVar[str]
    citation: ClassVar[str]
    url: ClassVar[str]
    size_mb: ClassVar[float]
    n_subjects: ClassVar[int]
    n_channels: ClassVar[int]
    recorded_sfreq: ClassVar[float]
    classes: ClassVar[tuple[str, ...]]
    availability: ClassVar[str] = "open"
    how_to_get: ClassVar[str] = GIVE_PATH
    conversions: ClassVar[Mapping[str, Callable[..., None]]] = {}

    subjects: Sequence[Any] | None = None
    path: PathLike | None = None

    # The name that `make_dataset` was given.
    registered_name: ClassVar[str | None] = None
    # How recordings of the user's own are loaded again.
    origin: ClassVar[TrialsSource | None] = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = vars(cls)
        if "how_to_get" not in own and ("fetch" in own or "download" in own["__annotations__"]):
            cls.how_to_get = DOWNLOAD
        if "load" in own:
            cls.load = _with_source(cls.load)  # type: ignore[assignment, method-assign]

    def __post_init__(self) -> None:
        self.check_parameters()

    @abstractmethod
    def load(self) -> Trials:
        """Read (and where necessary download) the recordings and cut them into trials.

        Returns
        -------
        Trials
            X is float32 in microvolts, shape (n_trials, n_channels, n_times).

        Raises
        ------
        ValueError
            An option makes no sense, or a recording is broken.
        FileNotFoundError
            Nothing that was asked for is there, and it cannot be downloaded.
        """

    def root(self) -> Path | None:
        """The folder that the user named.

        Returns
        -------
        pathlib.Path or None
            `path` or, without, the environment variable ``EEGKIT_DATA``; None where neither is
            set.
        """
        folder = self.path if self.path is not None else os.environ.get(DATA_VARIABLE) or None
        return None if folder is None else Path(folder).expanduser()

    @classmethod
    def facts(cls) -> dict[str, Any]:
        """The facts about the data set, in the order to show them."""
        return {
            "title": cls.title,
            "people": cls.n_subjects,
            "channels": cls.n_channels,
            "rate": f"{cls.recorded_sfreq:g} Hz",
            "classes": ", ".join(cls.classes),
            "size": f"{cls.size_mb:g} MB" if cls.size_mb else "nothing to download",
            "availability": cls.availability,
            "how to get it": cls.how_to_get,
            "licence": cls.licence,
            "citation": cls.citation,
            "url": cls.url,
        }

    def _source(self) -> TrialsSource:
        """How the trials are loaded again."""
        if self.origin is not None:
            return self.origin
        values = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.init and repr(getattr(self, field.name)) != repr(field.default)
        }
        return self._source_of(self.registered_name, values)

    def _source_of(self, name: str | None, options: Mapping[str, Any]) -> TrialsSource:
        target = f"{type(self).__module__}:{type(self).__qualname__}"
        texts = {option: repr(_literal(value)) for option, value in options.items()}
        return TrialsSource(name, target, texts)


def _with_source(load: Callable[[Any], Trials]) -> Callable[[Any], Trials]:
    """The same `load`, whose trials know how they were loaded."""

    @functools.wraps(load)
    def load_with_source(self: Dataset) -> Trials:
        trials = load(self)
        trials.source = self._source()
        return trials

    return load_with_source


def warn_missing(title: str, missing: Sequence[Any], reason: str) -> None:
    """Tell once what of a data set is not used, naming it."""
    if missing:
        names = ", ".join(map(str, missing))
        warnings.warn(f"{title}: left out {names} ({reason}).", MissingDataWarning, stacklevel=3)


def _literal(value: Any) -> Any:
    """An option as what Python prints so that `ast.literal_eval` reads it again."""
    if isinstance(value, range):
        return list(value)
    return os.fspath(value) if isinstance(value, os.PathLike) else value
