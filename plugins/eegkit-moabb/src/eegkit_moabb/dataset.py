"""`MOABBDataset`: the data sets of MOABB, as data sets of eegkit."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import math
import warnings
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np

from eegkit import Trials
from eegkit.datasets import Dataset, MissingDataWarning, cache_folder, kept_trials
from eegkit.parameters import Interval, NonNegative, PathLike, Positive
from eegkit_moabb import _catalogue, _reading
from eegkit_moabb._environment import download_errors, sandbox, usual_folder
from eegkit_moabb._files import file_states

# Options that change how trials are loaded, but not which.
HOW = ("accept", "cache", "download")


Finite = Annotated[float, Interval()]


class MOABBDataset(Dataset):
    """Every data set of MOABB, the Mother of all BCI Benchmarks.

    The recordings are read, filtered and cut into trials by MOABB [1]_, so these are the
    trials of MOABB's own evaluations, in microvolts. `MOABBDataset` itself is the family of
    all data sets; `MOABBDataset.member` gives the class of one.

    Parameters
    ----------
    subjects : sequence, optional
        The people to load, by MOABB's numbers; all by default.
    path : str or path-like, optional
        The folder with MOABB's files (what ``MNE_DATA`` names there); by default the
        environment variable ``EEGKIT_DATA``, else where MOABB is set up to keep them.
    paradigm : str, optional
        MOABB's paradigm: ``"MotorImagery"``, ``"LeftRightImagery"``, ``"SpeechImagery"``,
        ``"P300"``, ``"SSVEP"``, ``"CVEP"`` or ``"RestingStateToP300Adapter"``; by default
        the first of them that the data set belongs to.
    events : sequence of str, optional
        The classes to load; by default those of the paradigm.
    tmin, tmax : float, optional
        Where a trial begins and ends, in s from the beginning of the task as MOABB defines it
        for the data set; by default the paradigm's, mostly the whole task.
    l_freq, h_freq : float, optional
        Edges in Hz of the band-pass on the whole recording; by default the paradigm's,
        8 to 32 Hz for motor imagery. ``l_freq=0`` is no high-pass, ``h_freq=math.inf`` (in the
        terminal ``h_freq=1e999``) no low-pass.
    channels : sequence of str, optional
        The EEG channels to load, in that order; all by default.
    target_sfreq : float, optional
        Rate in Hz to resample the trials to; by default the paradigm's, mostly the recorded.
    download : bool, default False
        Download recordings that are not there. Otherwise MOABB is kept off the network, and
        who is not there is left out with a warning.
    accept : bool, default False
        Accept the licence of the recordings, where MOABB asks for that before it downloads them.
    cache : bool or path, default False
        Keep the prepared trials in a file, and map them from there next time: True in the
        folder that ``EEGKIT_CACHE`` names (else the user's cache folder), or in a folder
        of your own.

    Notes
    -----
    Metadata: MOABB's ``subject``, ``session`` and ``run``. The last sample of a trial is that
    at `tmax`, as in MOABB, so 4 s at 250 Hz are 1001 samples.

    Licence, citation and whatever else is told of the recordings comes from MOABB.

    References
    ----------
    .. [1] Jayaram, V., & Barachant, A. (2018). MOABB: trustworthy algorithm benchmarking for
       BCIs. Journal of Neural Engineering, 15(6), 066011.
       https://doi.org/10.1088/1741-2552/aadea0

    Examples
    --------
    >>> from eegkit import load_dataset
    >>> trials = load_dataset("moabb:FakeDataset", subjects=[1, 2], events=["fake1", "fake2"])
    >>> trials
    <Trials: 320 trials of 2 people, 3 channels x 385 samples at 128 Hz; fake1 160, fake2 160>
    """

    code: ClassVar[str]
    task: ClassVar[str]
    how_to_get: ClassVar[str] = (
        "download=True fetches what is missing (eegkit evaluate: --option download=True)"
    )

    paradigm: str | None = None
    events: Sequence[str] | None = None
    tmin: Finite | None = None
    tmax: Finite | None = None
    l_freq: NonNegative | None = None
    h_freq: Annotated[float, Interval(gt=0, finite=False)] | None = None
    channels: Sequence[str] | None = None
    target_sfreq: Positive | None = None
    download: bool = False
    accept: bool = False
    cache: bool | PathLike = False

    def __post_init__(self) -> None:
        if not hasattr(self, "code"):
            raise ValueError(
                "MOABBDataset is the family of all; expected one of its members, such as "
                "MOABBDataset.member('BNCI2014_001')."
            )
        super().__post_init__()

    @classmethod
    def member_names(cls) -> list[str]:
        """The names of all data sets, those of the classes in ``moabb.datasets``."""
        return _catalogue.names()

    @classmethod
    def member(cls, name: str) -> type[MOABBDataset]:
        """The class of one data set.

        Parameters
        ----------
        name : str
            One of `member_names`.

        Raises
        ------
        ValueError
            MOABB has no such data set.
        """
        if name not in _catalogue.names():
            raise ValueError(f"MOABB {version('moabb')} has no data set {name!r}.")
        return _member(name)

    @classmethod
    def facts(cls) -> dict[str, Any]:
        """The facts about the data set, in the order to show them; the paradigm, too."""
        facts = super().facts()
        if math.isnan(cls.size_mb):
            facts["size"] = "not told by MOABB"
        return {"title": facts.pop("title"), "paradigm": cls.task} | facts

    def load(self) -> Trials:
        """Read the recordings of the people asked for, person by person.

        Returns
        -------
        Trials
            X is float32 in microvolts, shape (n_trials, n_channels, n_times); with `cache`
            a read-only memmap. Ordered by person, session and run.

        Raises
        ------
        ValueError
            An option makes no sense, or a recording is broken.
        FileNotFoundError
            Nobody who was asked for is there, and may not or cannot be downloaded.
        """
        dataset = _catalogue.make(self.code)
        if self.accept and hasattr(dataset, "accept"):
            dataset.accept = True
        people = self._people(dataset)
        with sandbox(self.root(), download=True):
            paradigm = _reading.make_paradigm(self, dataset)
        if self.cache is False:
            return self._read_all(dataset, paradigm, people)[0]
        return self._from_cache(dataset, paradigm, people)

    def _people(self, dataset: Any) -> list[Any]:
        people = list(dataset.subject_list)
        if self.subjects is None:
            return people
        single = isinstance(self.subjects, str) or not np.iterable(self.subjects)
        request = [self.subjects] if single else list(self.subjects)
        strange = [person for person in request if isinstance(person, bool) or person not in people]
        if strange or not request or len(set(request)) < len(request):
            first = f"{people[0]!r} to {people[-1]!r}, {len(people)} in all"
            raise ValueError(
                f"subjects is {self.subjects!r}; expected different people of {self.code} "
                f"({first})" + (f", not {', '.join(map(repr, strange))}." if strange else ".")
            )
        return [people[people.index(person)] for person in request]

    def _read_all(self, dataset: Any, paradigm: Any, people: list[Any]) -> tuple[Trials, bool]:
        """The trials of all people, and whether nobody is missing."""
        parts: dict[Any, Trials] = {}
        absent: list[Any] = []
        reason = ""
        for person in people:
            try:
                parts[person] = self._read(dataset, paradigm, person)
            except FileNotFoundError as error:
                absent.append(person)
                reason = reason or str(error)
        if not parts:
            raise FileNotFoundError(
                f"{self.code}: none of the people asked for is there ({reason})."
            )
        if absent:
            listing = ", ".join(map(str, absent))
            warnings.warn(
                f"{self.code}: left out {'people' if len(absent) > 1 else 'person'} {listing} "
                f"({reason}).",
                MissingDataWarning,
                stacklevel=3,
            )
        self._check_alike(parts)
        return Trials.concatenate(list(parts.values())), not absent

    def _read(self, dataset: Any, paradigm: Any, person: Any) -> Trials:
        """One person's trials, from what is there, else downloaded if that is allowed."""
        folder = self.root()
        failure: Exception | None = None
        with sandbox(folder, download=False) as hosts:
            # The mirror that MOABB would look at first, whether the files are there or not.
            dataset._prefetch_nemar_sourcedata = lambda *args, **kwargs: None
            try:
                trials = _reading.read(dataset, paradigm, person)
            except Exception as error:  # MOABB raises whatever a missing or broken file leads to.
                failure = error
            finally:
                del dataset._prefetch_nemar_sourcedata
        if failure is None and not hosts:
            return trials
        where = folder or usual_folder()
        if not hosts and not isinstance(failure, FileNotFoundError):
            raise ValueError(f"{self.code}, person {person}: {failure}") from failure
        if not self.download:
            raise FileNotFoundError(f"not in {where}; {self.how_to_get}") from failure
        where.mkdir(parents=True, exist_ok=True)
        failures: tuple[type[Exception], ...] = (OSError, *download_errors())
        with sandbox(folder, download=True):
            try:
                return _reading.read(dataset, paradigm, person)
            except failures as error:
                message = str(error).partition("\n")[0][:200]
                raise FileNotFoundError(
                    f"the download to {where} failed: {type(error).__name__}: {message}"
                ) from error
            except Exception as error:
                raise ValueError(f"{self.code}, person {person}: {error}") from error

    def _check_alike(self, parts: dict[Any, Trials]) -> None:
        """Say what to do where people were not recorded alike."""
        channels = {person: part.ch_names for person, part in parts.items()}
        first, names = next(iter(channels.items()))
        for person, ch_names in channels.items():
            if ch_names != names:
                common = [name for name in names if all(name in c for c in channels.values())]
                raise ValueError(
                    f"{self.code}: person {first} has {len(names)} channels, and person {person} "
                    f"{len(ch_names)}, or in another order; set channels= to some that everybody "
                    f"has: {', '.join(common) or 'there are none, so load them one by one'}."
                )
        rates = {person: part.sfreq for person, part in parts.items()}
        if len(set(rates.values())) > 1:
            listing = ", ".join(f"{rate:g}" for rate in sorted(set(rates.values())))
            raise ValueError(
                f"{self.code}: people are recorded at different rates ({listing} Hz); "
                "set target_sfreq= to resample all."
            )

    def _from_cache(self, dataset: Any, paradigm: Any, people: list[Any]) -> Trials:
        """The kept trials; read, and kept for the next time, where there are none."""
        path = (
            cache_folder(self.cache) / f"moabb_{self.code.lower()}-{self._key(people)}.safetensors"
        )
        files: dict[str, list[int]] = {}

        def make() -> tuple[Trials, bool]:
            trials, whole = self._read_all(dataset, paradigm, people)
            with sandbox(self.root(), download=False):
                files.update(file_states(dataset, people))
            return trials, whole

        return kept_trials(path, self.title, make, files)

    def _key(self, people: list[Any]) -> str:
        """A digest of all that the trials depend on: versions, options, people and folder."""
        options = {
            field.name: repr(getattr(self, field.name))
            for field in dataclasses.fields(self)
            if field.name not in (*HOW, "subjects", "path")
        }
        versions = [version(name) for name in ("eegkit", "eegkit-moabb", "moabb", "mne")]
        folder = str(Path(self.root() or usual_folder()).resolve())
        content = [versions, self.code, options, [str(person) for person in people], folder]
        return hashlib.blake2b(json.dumps(content).encode(), digest_size=20).hexdigest()


@functools.cache
def _member(code: str) -> type[MOABBDataset]:
    """The class of a data set, with the parameters of `MOABBDataset` in its docstring."""
    facts = _catalogue.facts_about(code)
    rest = (MOABBDataset.__doc__ or "").partition("\n")[2]
    facts |= {"__doc__": f"{facts['__doc__']}\n{rest}", "__module__": "eegkit_moabb.members"}
    return type(code, (MOABBDataset,), facts)
