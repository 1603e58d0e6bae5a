"""Emotion: frontal alpha asymmetry, temporal beta, posterior alpha."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eegkit.datasets._head import Head
from eegkit.datasets._simulation._body import POSTERIOR, Body, cortical_gain
from eegkit.datasets._simulation._noise import bump, noise
from eegkit.datasets._simulation._plan import Condition, Plan, Simulated, session_of, shuffled

CLASSES = ("negative", "positive", "neutral")
FRONTAL = (("F3",), ("F4",))
TEMPORAL = (("T7",), ("T8",))
AREAS = (*FRONTAL, *POSTERIOR, *TEMPORAL)
N_ALPHA = len(FRONTAL) + len(POSTERIOR)

# Change of every area's log amplitude, in parts of the person's full response. Approach
# activates the left, withdrawal the right frontal cortex, and an active cortex has less alpha
# (Davidson 1992). Positive films bring more temporal beta, neutral ones more posterior alpha
# (Zheng & Lu 2015).
RESPONSE = {
    "negative": np.array([0.5, -0.5, 0.0, 0.0, 0.0, 0.0]),
    "positive": np.array([-0.5, 0.5, 0.0, 0.0, 0.7, 0.7]),
    "neutral": np.array([0.0, 0.0, 0.8, 0.8, 0.0, 0.0]),
}


@dataclass(frozen=True)
class _Level:
    """How hard it is to tell the emotions apart."""

    response: float  # full change of the log amplitude, mean over people
    trait: float  # standard deviation over people of each area's own log amplitude
    fluctuation: float  # standard deviation of the log amplitude over trials


LEVELS = {
    "easy": _Level(response=1.6, trait=0.1, fluctuation=0.1),
    "medium": _Level(response=0.9, trait=0.15, fluctuation=0.25),
    "hard": _Level(response=0.5, trait=0.25, fluctuation=0.35),
}


def simulate(rng: np.random.Generator, head: Head, plan: Plan) -> Simulated:
    """Signals, labels and metadata of one person."""
    person = _Person.draw(rng, LEVELS[plan.difficulty], head)
    y, metadata = shuffled(rng, plan.classes, plan.n_trials)
    X = person.body.background(rng, plan.n_trials, plan.n_times, plan.sfreq)
    X += person.rhythms(rng, y, plan.n_times, plan.sfreq)
    return person.body.recorded(rng, X, session_of(metadata), plan.sfreq), y, metadata


CONDITION = Condition(CLASSES, 3, simulate)


@dataclass
class _Person:
    """What distinguishes one person who watches films."""

    body: Body
    gain: NDArray[np.float64]
    alpha: float
    beta: float
    response: float
    fluctuation: float

    @classmethod
    def draw(cls, rng: np.random.Generator, level: _Level, head: Head) -> _Person:
        gain, peak = cortical_gain(rng, head, AREAS)
        usual = np.repeat([6.0, 8.0, 4.0], 2)  # microvolts rms: frontal, posterior, temporal
        strength = usual * np.exp(rng.normal(0, level.trait, len(AREAS)))
        return cls(
            gain=gain * strength / peak,
            alpha=rng.uniform(8.5, 11.5),
            beta=rng.uniform(18.0, 24.0),
            response=level.response * np.exp(rng.normal(0, 0.2)),
            fluctuation=level.fluctuation,
            body=Body.draw(rng, head),
        )

    def rhythms(
        self, rng: np.random.Generator, y: NDArray[np.str_], n_times: int, sfreq: float
    ) -> NDArray[np.float64]:
        alpha = noise(rng, (len(y), N_ALPHA), n_times, sfreq, bump(self.alpha, 0.8))
        beta = noise(rng, (len(y), len(TEMPORAL)), n_times, sfreq, bump(self.beta, 3.0))
        sources = np.concatenate([alpha, beta], axis=1)
        log_amplitude = self.response * np.array([RESPONSE[name] for name in y])
        log_amplitude += rng.normal(0, self.fluctuation, (len(y), 1))
        log_amplitude += rng.normal(0, self.fluctuation, log_amplitude.shape)
        sources *= np.exp(log_amplitude)[:, :, None]
        return self.gain @ sources
