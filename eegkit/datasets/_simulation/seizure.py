"""Seizures: a rhythm that evolves and spreads, at the end of every run."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eegkit.datasets._head import TEN_TWENTY, Head
from eegkit.datasets._simulation import _plan
from eegkit.datasets._simulation._body import POSTERIOR, Body, cortical_gain

CLASSES = ("background", "seizure", "preictal")
IN_TIME = ("background", "preictal", "seizure")

FOCI = ("F7", "F8", "T7", "T8", "F3", "F4", "P7", "P8")
NO_FOCUS = "generalised"
P_FOCAL = 0.7
# Before a seizure, single discharges come so many times as often.
PREICTAL_RATE = 5.0
# How much later in its cycle a place one radian from the focus discharges, in radians.
LAG = 0.4


class _Level(NamedTuple):
    """How hard it is to see a seizure."""

    amplitude: float  # at its height where it is largest, median over people, microvolts
    at_onset: float  # part of that amplitude with which it begins
    rate: float  # single discharges per s in the background
    slowing: float  # slow waves that are no seizure, microvolts rms, median over trials


LEVELS = {
    "easy": _Level(amplitude=150.0, at_onset=0.6, rate=0.02, slowing=3.0),
    "medium": _Level(amplitude=90.0, at_onset=0.35, rate=0.1, slowing=6.0),
    "hard": _Level(amplitude=50.0, at_onset=0.2, rate=0.2, slowing=8.0),
}


def simulate(rng: np.random.Generator, head: Head, plan: _plan.Plan) -> _plan.Simulated:
    """Signals, labels and metadata of one person; the trials of a run are one recording."""
    person = _Person(rng, LEVELS[plan.difficulty], head)
    y = np.resize(np.array(plan.classes), plan.n_trials)
    run, metadata = _plan.schedule(plan)
    n_channels = len(head.picks)
    X = np.empty((plan.n_trials, n_channels, plan.n_times))
    for number in np.unique(run):
        rows = np.flatnonzero(run == number)
        y[rows] = sorted(y[rows], key=IN_TIME.index)
        recording = person.run(rng, y[rows], plan)
        X[rows] = recording.reshape(n_channels, len(rows), -1).transpose(1, 0, 2)
    metadata["focus"] = person.focus
    return person.body.recorded(rng, X, metadata, plan.sfreq), y, metadata


CONDITION = _plan.Condition(CLASSES, 2, simulate)


class _Person:
    """What distinguishes one person with epilepsy.

    The sources of the discharges lie below the 10-20 electrodes; arrays have one entry for each.
    """

    def __init__(self, rng: np.random.Generator, level: _Level, head: Head) -> None:
        focal = rng.random() < P_FOCAL
        focus = str(rng.choice(FOCI))
        sites = np.array([head.below(name) for name in TEN_TWENTY])
        angle = np.arccos(np.clip(sites @ head.below(focus if focal else "Fz"), -1, 1))
        gain, peak = cortical_gain(rng, head, [(name,) for name in TEN_TWENTY])
        # A focal seizure reaches the other side late and weakly, a generalised one at once.
        pattern = gain * np.exp(-angle / (0.9 if focal else 1.5)) / peak
        amplitude = level.amplitude * np.exp(rng.normal(0, 0.2))
        self.level = level
        self.discharge_gain = pattern * amplitude / np.abs(pattern.sum(1)).max()
        self.rhythm_gain = _rhythm_gain(rng, head, level)  # slow waves and alpha
        self.focus = focus if focal else NO_FOCUS
        # When the seizure gets there, in parts of its duration, and radians behind the focus.
        self.delay = rng.uniform(0.5, 0.9) * angle / np.pi * focal
        self.lag = LAG * angle * focal
        focal_hz = rng.uniform(5.0, 7.0), rng.uniform(2.5, 3.5)
        generalised_hz = rng.uniform(3.2, 3.8), rng.uniform(2.6, 3.0)
        self.from_hz, self.to_hz = focal_hz if focal else generalised_hz
        self.spike = 0.4 if focal else 1.0  # its height against that of the wave
        self.alpha_hz = rng.uniform(8.5, 11.5)
        self.body = Body.draw(rng, head)

    def run(
        self, rng: np.random.Generator, y: NDArray[np.str_], plan: _plan.Plan
    ) -> NDArray[np.float64]:
        """One recording: background, then a seizure; shape (n_channels, len(y) * n_times)."""
        state = np.repeat(y, plan.n_times)
        recording = plan._replace(n_trials=1, n_times=len(state))
        X = self.body.background(rng, recording)[0]
        slow = recording.noise(rng, len(POSTERIOR), _plan.bump(2.5, 1.0))[0]
        # Slow waves wax and wane over some 3 s, whatever the state.
        slow *= np.exp(0.6 * recording.noise(rng, 1, lambda f: np.exp(-f / 0.1))[0])
        alpha = recording.noise(rng, len(POSTERIOR), _plan.bump(self.alpha_hz, 0.8))[0]
        X += self.rhythm_gain @ np.concatenate([slow, alpha])
        strength = np.exp(rng.normal(0, 0.15))
        X += self.discharge_gain @ self._single(rng, state, plan.sfreq)
        ictal = state == "seizure"
        if ictal.any():
            seizure = self._seizure(rng, recording._replace(n_times=ictal.sum()))
            X[:, ictal] += strength * (self.discharge_gain @ seizure)
        return X

    def _seizure(self, rng: np.random.Generator, plan: _plan.Plan) -> NDArray[np.float64]:
        """The rhythm slows down, grows, and reaches one place after the other."""
        progress = np.arange(plan.n_times) / plan.n_times
        hz = self.from_hz + (self.to_hz - self.from_hz) * progress
        hz = hz * (1 + 0.05 * plan.noise(rng, 1, lambda f: np.exp(-f))[0, 0])
        phase = 2 * np.pi * np.cumsum(hz) / plan.sfreq
        growth = self.level.at_onset + (1 - self.level.at_onset) * progress
        spread = 1 / (1 + np.exp(-(progress - self.delay[:, None]) / 0.05))
        cycle = self._spike_and_wave(np.linspace(0, 2 * np.pi, 100, endpoint=False))
        # Amplifiers keep no constant: the rhythm has a mean of zero.
        rhythm = self._spike_and_wave(phase - self.lag[:, None]) - cycle.mean()
        return growth * spread * rhythm

    def _single(
        self, rng: np.random.Generator, state: NDArray[np.str_], sfreq: float
    ) -> NDArray[np.float64]:
        """Single discharges between seizures: a spike and its wave at the places reached first."""
        rate = self.level.rate * np.where(state == "preictal", PREICTAL_RATE, 1.0)
        starts = np.flatnonzero((rng.random(len(state)) < rate / sfreq) & (state != "seizure"))
        train = np.zeros(len(state))
        length = round(sfreq / 3)
        shape = self._spike_and_wave(2 * np.pi * np.arange(length) / length)
        for start, height in zip(starts, np.exp(rng.normal(0, 0.2, len(starts))), strict=True):
            part = train[start : start + length]
            part += height * shape[: len(part)]
        return np.exp(-self.delay / 0.2)[:, None] * train

    def _spike_and_wave(self, phase: NDArray[np.float64]) -> NDArray[np.float64]:
        """A negative spike of about 60 ms at 3 Hz, then a slow wave; between -1 and 1."""
        turn = np.mod(phase, 2 * np.pi)
        spike = np.exp(-0.5 * ((turn - 0.9) / 0.35) ** 2)
        wave = 0.5 * (1 - np.cos(np.clip(turn - 1.2, 0, None) * 2 * np.pi / (2 * np.pi - 1.2)))
        return (wave - self.spike * spike) / max(1.0, self.spike)


def _rhythm_gain(rng: np.random.Generator, head: Head, level: _Level) -> NDArray[np.float64]:
    """Frontal slow waves and posterior alpha."""
    gain, peak = cortical_gain(rng, head, [("F3",), ("F4",), *POSTERIOR])
    strength = np.concatenate([np.full(2, level.slowing), np.full(2, rng.uniform(4, 12))])
    return gain * strength * np.exp(rng.normal(0, 0.15, 4)) / peak
