"""DEAP, GAMEEMO and SEED-IV as one data set."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np

from eegkit import Dataset, Trials
from eegkit.datasets import MissingDataWarning
from eegkit.parameters import Interval, PathLike, Positive
from eegkit.recordings import Preparation, plain_name
from eegkit_emotion._shared import EmotionDataset
from eegkit_emotion.deap import DEAP
from eegkit_emotion.gameemo import GAMEEMO
from eegkit_emotion.harmonize import COMMON, harmonize
from eegkit_emotion.seed_iv import SEEDIV

PARTS: dict[str, type[Any]] = {"deap": DEAP, "gameemo": GAMEEMO, "seed_iv": SEEDIV}
# The data sets whose labels tell of arousal, too.
SCHEMES = {"valence": tuple(PARTS), "arousal": ("deap", "gameemo")}
PERSON = re.compile(rf"({'|'.join(PARTS)})/[sS]?0*(\d+)")


class Emotion(Dataset):
    """High against low valence in DEAP, GAMEEMO and SEED-IV together, 75 people.

    The three data sets, as far as they are there, brought to the same channels, rate, length
    and labels by `harmonize`. Leaving one person out then trains on people of all three.

    Parameters
    ----------
    subjects : sequence of str, optional
        The people to load, as ``"deap/s01"``, ``"gameemo/S01"`` or ``"seed_iv/S01"``; all by
        default.
    path : str or path-like, optional
        The folder that holds the folders ``DEAP``, ``GAMEEMO`` and ``SEED_IV``; by default
        the environment variable ``EEGKIT_DATA``.
    deap, gameemo, seed_iv : str or path-like, optional
        The folders of the single data sets, as their `path`; by default those in `path`.
    label : {"valence", "arousal"}, default "valence"
        What to decode, as ``"low"`` or ``"high"``. Arousal is not known of SEED-IV.
    threshold : float, default 5.0
        Ratings of DEAP above it are ``"high"``.
    window_s : float, default 4.0
        Length of a trial in s. The trials of a recording lie end to end.
    channels : {"common", "interpolate"} or sequence of str, default "common"
        See `harmonize`. Common to all three are the 14 channels of GAMEEMO.
    target_sfreq : float, default 128.0
        Rate in Hz to resample all recordings to.
    l_freq, h_freq : float, optional
        Edges in Hz of a zero-phase band-pass on whole recordings; by default none. DEAP is
        published filtered from 4 to 45 Hz and SEED-IV from 1 to 75 Hz: ``l_freq=4,
        h_freq=45`` makes them alike.
    scale : {"dataset"}, optional
        See `harmonize`.
    on_error, n_jobs
        See `RecordedDataset`.

    Notes
    -----
    Metadata: ``subject`` (``"deap/s01"`` and so on), ``session``, ``run``, ``onset``,
    ``recording`` and ``dataset``.

    Labels: DEAP's own ratings against `threshold`; of GAMEEMO the games (calm and funny high,
    boring and horror low); of SEED-IV the clips (happy high, sad and fear low, neutral left
    out). So a label means what a person felt in one and what a stimulus was chosen for in the
    others, and the classes are not equally frequent (of SEED-IV two thirds are low): a
    classifier gains by telling the data sets apart. Look at the balanced accuracy, and at
    each data set by itself.

    The data sets differ in how many trials they have of a person; nothing is weighted for it.
    In DEAP and SEED-IV everybody saw the same clips, so a person left out still meets clips
    that were trained on.

    References
    ----------
    See `DEAP`, `GAMEEMO` and `SEEDIV`.

    Examples
    --------
    >>> from eegkit import load_dataset
    >>> trials = load_dataset("emotion", path="~/data", l_freq=4, h_freq=45)  # doctest: +SKIP
    """

    title = "DEAP, GAMEEMO and SEED-IV"
    licence = "those of the three data sets"
    citation = f"{DEAP.citation}; {GAMEEMO.citation}; {SEEDIV.citation}"
    url = f"{DEAP.url}, {GAMEEMO.url}, {SEEDIV.url}"
    size_mb = DEAP.size_mb + GAMEEMO.size_mb + SEEDIV.size_mb
    n_subjects = DEAP.n_subjects + GAMEEMO.n_subjects + SEEDIV.n_subjects
    n_channels = GAMEEMO.n_channels
    recorded_sfreq = 128.0
    classes = ("low", "high")
    availability = "on request"
    how_to_get = (
        "Get the data sets deap, gameemo and seed_iv, or some of them (see each), and pass their "
        "folders as deap, gameemo and seed_iv, or the folder around them as path."
    )

    deap: PathLike | None = None
    gameemo: PathLike | None = None
    seed_iv: PathLike | None = None
    label: Literal["valence", "arousal"] = "valence"
    threshold: Annotated[float, Interval(ge=1, lt=9)] = 5.0
    window_s: Positive = 4.0
    channels: str | Sequence[str] = COMMON
    target_sfreq: Positive = 128.0
    l_freq: Positive | None = None
    h_freq: Positive | None = None
    scale: Literal["dataset"] | None = None
    on_error: Literal["raise", "skip"] = "raise"
    n_jobs: int | None = None

    def check_parameters(self) -> None:
        super().check_parameters()
        edges: dict[str, Any] = {"l_freq": self.l_freq, "h_freq": self.h_freq}
        Preparation(sfreq=self.target_sfreq, **edges).check_recorded_rate(128.0)

    def load(self) -> Trials:
        """Read the data sets that are there and harmonise them.

        Returns
        -------
        Trials
            X is float32, in microvolts unless scaled, shape (n_trials, n_channels, n_times).
            DEAP comes first, then GAMEEMO and SEED-IV.

        Raises
        ------
        ValueError
            An option makes no sense, or a recording is broken.
        FileNotFoundError
            None of the three is there.
        """
        self.check_parameters()
        people = self._people()
        folders = self._folders(people)
        channels = self._common(folders)
        parts = {
            name: self._make(name, folder, people.get(name), channels).load()
            for name, folder in folders.items()
        }
        return harmonize(
            parts,
            channels=self.channels,
            target_sfreq=self.target_sfreq,
            window_s=self.window_s,
            scale=self.scale,
        )

    def _people(self) -> dict[str, list[int]]:
        """The people asked for by data set; empty where all are."""
        if self.subjects is None:
            return {}
        names = self.subjects
        names = list(names) if np.iterable(names) and not isinstance(names, str) else [names]
        people: dict[str, list[int]] = {}
        for person in names:
            match = PERSON.fullmatch(person) if isinstance(person, str) else None
            if match is None:
                raise ValueError(
                    f"{self.title} have no subject {person!r}; expected such as 'deap/s01', "
                    "'gameemo/S01' or 'seed_iv/S01' in subjects."
                )
            people.setdefault(match[1], []).append(int(match[2]))
        if not people:
            raise ValueError("subjects is empty; expected names such as 'deap/s01', or None.")
        unfit = [name for name in people if name not in SCHEMES[self.label]]
        if unfit:
            raise ValueError(f"subjects names {', '.join(unfit)}, where no {self.label} is known.")
        return {name: people[name] for name in PARTS if name in people}

    def _folders(self, people: dict[str, list[int]]) -> dict[str, Path]:
        """Where the data sets lie that are wanted and there; a warning names those that are not.

        One that was given by its own option is taken to be there, so that its own error tells
        what is wrong.
        """
        root = self.root()
        folders: dict[str, Path] = {}
        absent = []
        for name, loader in PARTS.items():
            if people and name not in people:
                continue
            folder = getattr(self, name)
            if name not in SCHEMES[self.label]:
                if folder is not None:
                    raise ValueError(
                        f"{name} is given, but no {self.label} is known of {loader.title}; leave "
                        "it out, or take label='valence'."
                    )
                continue
            if folder is not None:
                folders[name] = Path(folder).expanduser()
            elif root is not None and (root / loader.folder_name).is_dir():
                folders[name] = root / loader.folder_name
            else:
                absent.append(name)
        if not folders:
            raise FileNotFoundError(
                f"None of {', '.join(absent)} is there; set {', '.join(f'{n}=' for n in absent)} "
                "to their folders, or path= or the environment variable EEGKIT_DATA to the folder "
                "around them."
            )
        # Asked for by nobody in particular, one that no folder was given for is no surprise.
        if absent and (people or root is not None):
            warnings.warn(
                f"{self.title}: left out {', '.join(absent)} (no folder of theirs is there).",
                MissingDataWarning,
                stacklevel=3,
            )
        return folders

    def _common(self, names: Sequence[str] | dict[str, Any]) -> list[str] | None:
        """The channels that are in all of them, so that no others need be read."""
        if self.channels != COMMON:
            return None
        caps = [PARTS[name].recorded_channels for name in names]
        sets = [set(map(plain_name, cap)) for cap in caps]
        smallest = min(caps, key=len)  # and in its order
        return [channel for channel in smallest if all(plain_name(channel) in s for s in sets)]

    def _make(
        self, name: str, folder: Path, people: list[int] | None, channels: list[str] | None
    ) -> EmotionDataset:
        options: dict[str, Any] = {"threshold": self.threshold} if name == "deap" else {}
        return PARTS[name](
            path=folder,
            subjects=people,
            label=self.label,
            window_s=self.window_s,
            channels=channels,
            target_sfreq=self.target_sfreq,
            l_freq=self.l_freq,
            h_freq=self.h_freq,
            on_error=self.on_error,
            n_jobs=self.n_jobs,
            **options,
        )
