"""Identity: resting EEG whose spectrum and topography are the person's own."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from eegkit.datasets._head import Head
from eegkit.datasets._simulation import _plan
from eegkit.datasets._simulation._body import POSTERIOR, Body, cortical_gain

AREAS = (*POSTERIOR, ("C3",), ("C4",), ("Fz",))
N_ALPHA = len(POSTERIOR)
USUAL = np.array([12.0, 12.0, 6.0, 6.0, 5.0])  # microvolts rms
THETA = 6.0  # Hz, the frontal midline's rhythm


class _Level(NamedTuple):
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


def simulate(rng: np.random.Generator, head: Head, plan: _plan.Plan) -> _plan.Simulated:
    """Signals, labels and metadata of one person at rest."""
    level = LEVELS[plan.difficulty]
    gain, peak = cortical_gain(rng, head, AREAS)
    gain *= USUAL * np.exp(rng.normal(0, level.spread, len(AREAS))) / peak
    alpha_hz = 10.0 + level.alpha_range * rng.uniform(-1, 1)
    alpha_width = rng.uniform(0.5, 1.0)
    mu_hz, beta_hz = rng.uniform(9.0, 12.5), rng.uniform(17.0, 25.0)
    # A row for each session.
    alpha_of_session = alpha_hz + rng.normal(0, level.alpha_drift, 2)
    drift = rng.normal(0, level.drift, (2, len(AREAS)))
    body = Body.draw(rng, head, (0.7, 1.6), level.session_change)
    run, metadata = _plan.schedule(plan)
    metadata["alpha_hz"] = alpha_hz
    X = body.background(rng, plan)
    for session in (0, 1):
        rows = np.flatnonzero(run // 2 == session)
        part = plan._replace(n_trials=len(rows))
        alpha = part.noise(rng, N_ALPHA, _plan.bump(alpha_of_session[session], alpha_width))
        mu = part.noise(rng, 2, _plan.bump(mu_hz, 1.0))
        beta = part.noise(rng, 2, _plan.bump(beta_hz, 2.0))
        theta = part.noise(rng, 1, _plan.bump(THETA, 0.7))
        usual = np.tile(drift[session], (len(rows), 1))
        amplitude = _plan.fluctuating(rng, usual, level.fluctuation)
        X[rows] += gain @ (amplitude * np.concatenate([alpha, mu + 0.5 * beta, theta], axis=1))
    y = np.full(plan.n_trials, plan.subject)
    return body.recorded(rng, X, metadata, plan.sfreq), y, metadata


CONDITION = _plan.Condition((), 0, simulate)
