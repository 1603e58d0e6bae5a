"""Identity: resting EEG whose spectrum and topography are the person's own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eegkit.datasets._head import Head
from eegkit.datasets._simulation._body import POSTERIOR, Body, cortical_gain
from eegkit.datasets._simulation._noise import bump, noise
from eegkit.datasets._simulation._plan import Condition, Plan, Simulated, schedule, session_of

AREAS = (*POSTERIOR, ("C3",), ("C4",), ("Fz",))
N_ALPHA = len(POSTERIOR)
USUAL = np.array([12.0, 12.0, 6.0, 6.0, 5.0])  # microvolts rms
THETA = 6.0  # Hz, the frontal midline's rhythm


@dataclass(frozen=True)
class _Level:
    """How hard it is to tell people apart, and to know them again."""

    spread: float  # standard deviation over people of each area's log amplitude
    alpha_range: float  # half the range of the peak of alpha over people, Hz
    drift: float  # standard deviation of the log amplitude between the sessions
    alpha_drift: float  # standard deviation of the peak of alpha between the sessions, Hz
    fluctuation: float  # standard deviation of the log amplitude over trials
    session_change: float  # standard deviation of the electrodes' log gain


LEVELS = {
    "easy": _Level(0.5, 2.0, 0.05, 0.05, 0.1, 0.03),
    "medium": _Level(0.35, 2.0, 0.15, 0.15, 0.3, 0.15),
    "hard": _Level(0.2, 1.2, 0.3, 0.3, 0.4, 0.3),
}


def simulate(rng: np.random.Generator, head: Head, plan: Plan) -> Simulated:
    """Signals, labels and metadata of one person."""
    person = _Person.draw(rng, LEVELS[plan.difficulty], head)
    y = np.full(plan.n_trials, plan.subject)
    _, metadata = schedule(plan.n_trials)
    metadata["alpha_hz"] = person.alpha
    session = session_of(metadata)
    X = person.body.background(rng, plan.n_trials, plan.n_times, plan.sfreq)
    for number in (0, 1):
        rows = session == number
        X[rows] += person.rest(rng, number, int(rows.sum()), plan.n_times, plan.sfreq)
    return person.body.recorded(rng, X, session, plan.sfreq), y, metadata


CONDITION = Condition((), 0, simulate)


@dataclass
class _Person:
    """What distinguishes one person at rest; arrays with a row per session."""

    body: Body
    gain: NDArray[np.float64]
    alpha: float
    alpha_width: float
    mu: float
    beta: float
    alpha_of_session: NDArray[np.float64]
    drift: NDArray[np.float64]
    fluctuation: float

    @classmethod
    def draw(cls, rng: np.random.Generator, level: _Level, head: Head) -> _Person:
        gain, peak = cortical_gain(rng, head, AREAS)
        strength = USUAL * np.exp(rng.normal(0, level.spread, len(AREAS)))
        alpha = 10.0 + level.alpha_range * rng.uniform(-1, 1)
        return cls(
            gain=gain * strength / peak,
            alpha=alpha,
            alpha_width=rng.uniform(0.5, 1.0),
            mu=rng.uniform(9.0, 12.5),
            beta=rng.uniform(17.0, 25.0),
            alpha_of_session=alpha + rng.normal(0, level.alpha_drift, 2),
            drift=rng.normal(0, level.drift, (2, len(AREAS))),
            fluctuation=level.fluctuation,
            body=Body.draw(rng, head, (0.7, 1.6), level.session_change),
        )

    def rest(
        self, rng: np.random.Generator, session: int, n_trials: int, n_times: int, sfreq: float
    ) -> NDArray[np.float64]:
        """Alpha behind, mu and beta in the middle, theta in front."""
        peak = self.alpha_of_session[session]
        alpha = noise(rng, (n_trials, N_ALPHA), n_times, sfreq, bump(peak, self.alpha_width))
        mu = noise(rng, (n_trials, 2), n_times, sfreq, bump(self.mu, 1.0))
        beta = noise(rng, (n_trials, 2), n_times, sfreq, bump(self.beta, 2.0))
        theta = noise(rng, (n_trials, 1), n_times, sfreq, bump(THETA, 0.7))
        sources = np.concatenate([alpha, mu + 0.5 * beta, theta], axis=1)
        log_amplitude = self.drift[session] + rng.normal(0, self.fluctuation, (n_trials, 1))
        log_amplitude = log_amplitude + rng.normal(0, self.fluctuation, sources.shape[:2])
        sources *= np.exp(log_amplitude)[:, :, None]
        return self.gain @ sources
