"""Simulated motor imagery of several people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eegkit.datasets._base import Dataset
from eegkit.datasets._head import CORTEX_RADIUS, TEN_TWENTY, Head
from eegkit.datasets._recordings import choose_subjects
from eegkit.trials import Trials

Spectrum: TypeAlias = Callable[[NDArray[np.floating]], NDArray[np.floating]]

CLASSES = ("left_hand", "right_hand", "feet", "tongue")
N_BACKGROUND = 40


class _Area(NamedTuple):
    """A source of the sensorimotor rhythms."""

    below: tuple[str, ...]  # the electrodes above it
    size: float  # amplitude of its rhythms against those of a hand area
    erd: dict[str, float]  # per class, its part of the person's full desynchronisation


# Hands: contralateral, a little ipsilateral; feet: the midline, with the hand areas
# slightly synchronised; tongue: the lower, lateral areas of both sides
# (Pfurtscheller & Lopes da Silva 1999).
SENSORIMOTOR = (
    _Area(("C3",), 1.0, {"left_hand": 0.25, "right_hand": 1.0, "feet": -0.3}),
    _Area(("C4",), 1.0, {"left_hand": 1.0, "right_hand": 0.25, "feet": -0.3}),
    _Area(("Cz",), 0.7, {"left_hand": 0.1, "right_hand": 0.1, "feet": 1.0}),
    _Area(("C3", "T7"), 0.6, {"right_hand": 0.2, "tongue": 1.0}),
    _Area(("C4", "T8"), 0.6, {"left_hand": 0.2, "tongue": 1.0}),
)
POSTERIOR = (("O1", "P3"), ("O2", "P4"))


@dataclass(frozen=True)
class _Level:
    """How hard it is to tell the classes apart."""

    erd: float  # part of the rhythm's amplitude that is lost, mean over people
    erd_spread: float  # standard deviation over people
    rhythm: float  # mu rhythm at its own electrode, median over people, microvolts rms
    fluctuation: float  # standard deviation of the log amplitude over trials


LEVELS = {
    "easy": _Level(erd=0.9, erd_spread=0.03, rhythm=16.0, fluctuation=0.1),
    "medium": _Level(erd=0.68, erd_spread=0.12, rhythm=10.0, fluctuation=0.25),
    "hard": _Level(erd=0.45, erd_spread=0.15, rhythm=7.0, fluctuation=0.35),
}


class Simulated(Dataset):
    """Simulated motor imagery of several people: nothing to download, known truth.

    Dipoles in a spherical head give the electrodes a background with a 1/f spectrum,
    a posterior alpha rhythm, and over the sensorimotor areas a mu (8 to 13 Hz) and a beta
    rhythm (16 to 26 Hz), which lose power over the area of the body part whose movement is
    imagined: event-related desynchronisation (ERD) [1]_. Blinks, line noise and the
    noise of the electrodes come on top. People differ in the frequencies and strengths
    of their rhythms, in the depth of their ERD, and in the places and directions of
    their dipoles, so that what one learns from some people fits the next one only in part.

    Parameters
    ----------
    subjects : sequence of int, optional
        The people to make, of 1 to `n_people`; all by default. A person's trials are the
        same whoever else is made.
    path : None
        Not used, there are no files.
    n_people : int, default 10
        How many people there are.
    n_trials : int, default 40
        Trials per person, spread evenly over the classes, two sessions and four runs.
    n_classes : {2, 3, 4}, default 2
        The first of ``"left_hand"``, ``"right_hand"``, ``"feet"``, ``"tongue"``.
    sfreq : float, default 128.0
        Sampling rate in Hz, at least 64.
    duration : float, default 3.0
        Length of a trial from the cue on, in s, at least 1. The ERD is fully there
        from about 0.8 s.
    channels : sequence of str, optional
        Electrodes of the 10-05 system; by default the 19 of the 10-20 system.
    difficulty : {"easy", "medium", "hard"}, default "medium"
        Depth of the ERD, strength of the rhythms and their fluctuation from trial to trial.
        Logistic regression on the mu and beta power at C3 and C4, trained on nine other
        people, tells the two hands apart in about 95, 85 and 70 % of the trials.
    random_state : int, default 0
        The same number gives the same bytes. The global generators are not touched.

    Notes
    -----
    Metadata: ``subject`` (``"S01"``, ...), ``session`` (``"0"``, ``"1"``), ``run`` (``"0"``
    to ``"3"``, two per session) and ``trial`` (number within the person). Between the
    sessions the gain of every electrode changes a little.

    The potentials are those of MNE's spherical model with skin, skull, fluid and
    brain [2]_, against a reference at infinity. Line noise (50 Hz) is left out where
    `sfreq` is too low to show it.

    References
    ----------
    .. [1] Pfurtscheller, G., & Lopes da Silva, F. H. (1999). Event-related EEG/MEG
       synchronization and desynchronization: basic principles. Clinical Neurophysiology,
       110(11), 1842-1857. https://doi.org/10.1016/S1388-2457(99)00141-8
    .. [2] Berg, P., & Scherg, M. (1994). A fast method for forward computation of
       multiple-shell spherical head models. Electroencephalography and Clinical
       Neurophysiology, 90(1), 58-64. https://doi.org/10.1016/0013-4694(94)90113-9

    Examples
    --------
    >>> from eegkit.datasets import Simulated
    >>> Simulated(n_people=2, n_trials=8).load()
    <Trials: 16 trials of 2 people, 19 channels x 384 samples at 128 Hz; left_hand 8, right_hand 8>
    """

    title = "Simulated motor imagery"
    licence = "none needed"
    citation = "Pfurtscheller & Lopes da Silva (1999), doi:10.1016/S1388-2457(99)00141-8"
    url = "https://doi.org/10.1016/S1388-2457(99)00141-8"
    size_mb = 0.0
    n_subjects = 10
    n_channels = 19
    recorded_sfreq = 128.0
    classes = CLASSES[:2]
    access = "generated"
    how_to_get = "Made when it is loaded."

    n_people: int = 10
    n_trials: int = 40
    n_classes: int = 2
    sfreq: float = 128.0
    duration: float = 3.0
    channels: Sequence[str] | None = None
    difficulty: str = "medium"
    random_state: int = 0

    def load(self) -> Trials:
        """Make the trials.

        Returns
        -------
        Trials
            X is float32 in microvolts, shape (n_trials * people, n_channels,
            duration * sfreq). Ordered by person, then as "recorded".

        Raises
        ------
        ValueError
            An option makes no sense.
        """
        self._check()
        people = choose_subjects(self.subjects, range(1, self.n_people + 1), self.title)
        channels = TEN_TWENTY if self.channels is None else tuple(self.channels)
        head = Head(channels)
        signals, labels, tables = [], [], []
        for number in people:
            # A generator per person, so that nobody depends on who else is made.
            rng = np.random.default_rng([self.random_state, number])
            X, y, metadata = self._person(head, rng)
            metadata.insert(0, "subject", f"S{number:02d}")
            signals.append(X)
            labels.append(y)
            tables.append(metadata)
        info = head.info(channels, self.sfreq)
        metadata = pd.concat(tables, ignore_index=True)
        return Trials(np.concatenate(signals), np.concatenate(labels), metadata, info)

    def _check(self) -> None:
        for name, least in (("n_people", 1), ("n_trials", self.n_classes), ("random_state", 0)):
            value = getattr(self, name)
            if not isinstance(value, int | np.integer) or value < least:
                raise ValueError(f"{name} is {value!r}; expected a whole number from {least} on.")
        if self.n_classes not in (2, 3, 4):
            raise ValueError(f"n_classes is {self.n_classes!r}; expected 2, 3 or 4.")
        if not self.sfreq >= 64:
            raise ValueError(
                f"sfreq is {self.sfreq!r}; expected at least 64 Hz, which shows the beta rhythm."
            )
        if not self.duration >= 1:
            raise ValueError(
                f"duration is {self.duration!r}; expected at least 1 s, as the ERD takes 0.8 s."
            )
        if self.difficulty not in LEVELS:
            raise ValueError(
                f"difficulty is {self.difficulty!r}; expected one of {', '.join(LEVELS)}."
            )

    def _person(
        self, head: Head, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.str_], pd.DataFrame]:
        # Who somebody is comes first, so that it does not depend on the trials.
        person = _Person.draw(rng, LEVELS[self.difficulty], head)
        y, metadata = _order(rng, CLASSES[: self.n_classes], self.n_trials)
        n_times = round(self.duration * self.sfreq)
        X = person.background(rng, self.n_trials, n_times, self.sfreq)
        X += person.rhythms(rng, y, n_times, self.sfreq)
        X += person.blinks(rng, self.n_trials, n_times, self.sfreq)
        session = metadata["session"].to_numpy().astype(int)
        X += person.electrodes(rng, self.n_trials, n_times, self.sfreq)
        X *= person.session_gain[session][:, :, None]
        return X.astype(np.float32), y, metadata


def _order(
    rng: np.random.Generator, classes: Sequence[str], n_trials: int
) -> tuple[NDArray[np.str_], pd.DataFrame]:
    """Shuffled labels, balanced in every run, and when each trial happened."""
    y = np.resize(np.array(classes), n_trials)
    run = np.arange(n_trials) * 4 // n_trials
    for number in range(4):
        y[run == number] = rng.permutation(y[run == number])
    when = {"session": (run // 2).astype(str), "run": run.astype(str), "trial": range(n_trials)}
    return y, pd.DataFrame(when)


@dataclass
class _Person:
    """What distinguishes one person; the methods make this person's signals.

    Gains are shape (n_channels, n_sources), in microvolts per unit of the source.
    """

    background_gain: NDArray[np.float64]
    rhythm_gain: NDArray[np.float64]
    blink_gain: NDArray[np.float64]
    session_gain: NDArray[np.float64]
    line: NDArray[np.float64]
    slope: float
    mu: float
    beta: float
    beta_part: float
    alpha: float
    erd: float
    onset: float
    blink_rate: float
    fluctuation: float

    @classmethod
    def draw(cls, rng: np.random.Generator, level: _Level, head: Head) -> _Person:
        n_channels = len(head.picks)
        return cls(
            background_gain=_background_gain(rng, head),
            rhythm_gain=_rhythm_gain(rng, level, head),
            blink_gain=_blink_gain(rng, head),
            slope=rng.uniform(0.8, 1.3),
            mu=rng.uniform(9.0, 12.5),
            beta=rng.uniform(17.0, 25.0),
            beta_part=rng.uniform(0.3, 0.6),
            alpha=rng.uniform(8.5, 11.5),
            erd=float(np.clip(rng.normal(level.erd, level.erd_spread), 0.05, 0.95)),
            onset=rng.uniform(0.3, 0.5),
            blink_rate=rng.uniform(0.05, 0.3),
            fluctuation=level.fluctuation,
            # Last, because their number depends on the channels.
            session_gain=np.exp(rng.normal(0, 0.05, (2, n_channels))),
            line=rng.uniform(0.3, 2.0) * np.exp(rng.normal(0, 0.4, n_channels)),
        )

    def background(
        self, rng: np.random.Generator, n_trials: int, n_times: int, sfreq: float
    ) -> NDArray[np.float64]:
        """Power falling as 1/f**slope, from below 1 Hz on as flat as after a high-pass."""
        n_sources = self.background_gain.shape[1]
        sources = _noise(
            rng, (n_trials, n_sources), n_times, sfreq,
            lambda f: np.maximum(f, 1.0) ** (-self.slope / 2),
        )  # fmt: skip
        return self.background_gain @ sources

    def rhythms(
        self, rng: np.random.Generator, y: NDArray[np.str_], n_times: int, sfreq: float
    ) -> NDArray[np.float64]:
        """Mu and beta of the sensorimotor sources with their ERD, and posterior alpha."""
        n_trials, n_areas = len(y), len(SENSORIMOTOR)
        mu = _noise(rng, (n_trials, n_areas), n_times, sfreq, _bump(self.mu, 1.0))
        beta = _noise(rng, (n_trials, n_areas), n_times, sfreq, _bump(self.beta, 2.0))
        alpha = _noise(rng, (n_trials, len(POSTERIOR)), n_times, sfreq, _bump(self.alpha, 0.8))
        depth = [[area.erd.get(name, 0.0) for area in SENSORIMOTOR] for name in y]
        ramp = 1 / (1 + np.exp(-(np.arange(n_times) / sfreq - self.onset - 0.1) / 0.05))
        sources = np.concatenate([mu + self.beta_part * beta, alpha], axis=1)
        sources[:, :n_areas] *= 1 - self.erd * np.array(depth)[:, :, None] * ramp
        # Amplitudes wax and wane from trial to trial, in all sources together and in each.
        together = rng.normal(0, self.fluctuation, (n_trials, 1))
        each = rng.normal(0, self.fluctuation, sources.shape[:2])
        sources *= np.exp(together + each)[:, :, None]
        return self.rhythm_gain @ sources

    def blinks(
        self, rng: np.random.Generator, n_trials: int, n_times: int, sfreq: float
    ) -> NDArray[np.float64]:
        """In some trials one blink of about 0.3 s."""
        times = np.arange(n_times) / sfreq
        when = rng.uniform(0, times[-1], (n_trials, 1))
        blinking = rng.random((n_trials, 1)) < self.blink_rate * times[-1]
        height = blinking * np.exp(rng.normal(0, 0.2, (n_trials, 1)))
        shape = height * np.exp(-0.5 * ((times - when) / 0.07) ** 2)
        return self.blink_gain[:, None] * shape[:, None, :]

    def electrodes(
        self, rng: np.random.Generator, n_trials: int, n_times: int, sfreq: float
    ) -> NDArray[np.float64]:
        """Line noise, whose phase is the trial's, and white noise of 1 microvolt."""
        noise = rng.normal(0, 1.0, (n_trials, len(self.line), n_times))
        phase = rng.uniform(0, 2 * np.pi, (n_trials, 1, 1))
        if sfreq > 100:
            cycles = 50.0 * np.arange(n_times) / sfreq
            noise += self.line[:, None] * np.sin(2 * np.pi * cycles + phase)
        return noise


def _background_gain(rng: np.random.Generator, head: Head) -> NDArray[np.float64]:
    directions = rng.normal(size=(N_BACKGROUND, 3))
    directions[:, 2] = np.abs(directions[:, 2]) - 0.3  # the brain reaches a little below
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    gain = head.gain(directions, rng.normal(0, 1.0, directions.shape), rng.uniform(0.05, 0.07))
    rms = np.sqrt((gain[: len(TEN_TWENTY)] ** 2).sum(1))
    return gain[head.picks] * rng.uniform(10, 15) / np.median(rms)


def _rhythm_gain(rng: np.random.Generator, level: _Level, head: Head) -> NDArray[np.float64]:
    """Each source as strong, at the 10-20 electrode that sees it best, as it shall be."""
    areas = [area.below for area in SENSORIMOTOR]
    directions = np.array([head.below(*names) for names in (*areas, *POSTERIOR)])
    # About 7 mm to either side for a standard deviation of 0.1 at 70 mm.
    directions += rng.normal(0, 0.1, directions.shape)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    gain = head.gain(directions, rng.normal(0, 0.3, directions.shape), CORTEX_RADIUS)
    strength = level.rhythm * np.exp(rng.normal(0, 0.2) + rng.normal(0, 0.1, len(areas)))
    strength *= [area.size for area in SENSORIMOTOR]
    alpha = rng.uniform(4, 12) * np.ones(len(POSTERIOR))
    peak = np.abs(gain[: len(TEN_TWENTY)]).max(0)
    return gain[head.picks] * np.concatenate([strength, alpha]) / peak


def _blink_gain(rng: np.random.Generator, head: Head) -> NDArray[np.float64]:
    """A blink, in microvolts at its peak: a source below each eye's electrode."""
    directions = np.array([head.below("Fp1", "F7"), head.below("Fp2", "F8")])
    directions = directions + np.array([0.0, 0.1, -0.5])
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    gain = head.gain(directions, np.tile([0.0, 0.3, 0.3], (2, 1)), 0.075).sum(1)
    return gain[head.picks] * rng.uniform(60, 140) / gain[: len(TEN_TWENTY)].max()


def _bump(centre: float, width: float) -> Spectrum:
    return lambda f: np.exp(-0.5 * ((f - centre) / width) ** 2)


def _noise(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    n_times: int,
    sfreq: float,
    spectrum: Spectrum,
) -> NDArray[np.float64]:
    """Gaussian noise with a given amplitude spectrum and an rms of 1, (*shape, n_times).

    Made twice as long as needed: noise shaped in the frequency domain is periodic, and
    half of a period is not.
    """
    frequencies = np.fft.rfftfreq(2 * n_times, 1 / sfreq)
    amplitudes = spectrum(frequencies)
    amplitudes[0] = 0.0
    size = (*shape, len(frequencies))
    coefficients = (rng.normal(size=size) + 1j * rng.normal(size=size)) * amplitudes
    # irfft divides by its length; of every coefficient two conjugate copies count.
    scale = n_times / np.sqrt((amplitudes**2).sum())
    return np.fft.irfft(coefficients, 2 * n_times)[..., :n_times] * scale
