"""Emotion: frontal alpha asymmetry, temporal beta, posterior alpha."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from eegkit.datasets._head import Head
from eegkit.datasets._simulation import _plan
from eegkit.datasets._simulation._body import POSTERIOR, Body, cortical_gain

CLASSES = ("negative", "positive", "neutral")
FRONTAL = (("F3",), ("F4",))
TEMPORAL = (("T7",), ("T8",))
AREAS = (*FRONTAL, *POSTERIOR, *TEMPORAL)
N_ALPHA = len(FRONTAL) + len(POSTERIOR)
USUAL = np.repeat([6.0, 8.0, 4.0], 2)  # microvolts rms: frontal, posterior, temporal

# Change of every area's log amplitude, in parts of the person's full response. Approach
# activates the left, withdrawal the right frontal cortex, and an active cortex has less alpha
# (Davidson 1992). Positive films bring more temporal beta, neutral ones more posterior alpha
# (Zheng & Lu 2015).
RESPONSE = {
    "negative": np.array([0.5, -0.5, 0.0, 0.0, 0.0, 0.0]),
    "positive": np.array([-0.5, 0.5, 0.0, 0.0, 0.7, 0.7]),
    "neutral": np.array([0.0, 0.0, 0.8, 0.8, 0.0, 0.0]),
}


class _Level(NamedTuple):
    """How hard it is to tell the emotions apart."""

    response: float  # full change of the log amplitude, mean over people
    trait: float  # standard deviation over people of each area's own log amplitude
    fluctuation: float  # standard deviation of the log amplitude over trials


LEVELS = {
    "easy": _Level(response=1.6, trait=0.1, fluctuation=0.1),
    "medium": _Level(response=0.9, trait=0.15, fluctuation=0.25),
    "hard": _Level(response=0.5, trait=0.25, fluctuation=0.35),
}


def simulate(rng: np.random.Generator, head: Head, plan: _plan.Plan) -> _plan.Simulated:
    """Signals, labels and metadata of one person who watches films."""
    level = LEVELS[plan.difficulty]
    gain, peak = cortical_gain(rng, head, AREAS)
    gain *= USUAL * np.exp(rng.normal(0, level.trait, len(AREAS))) / peak
    alpha_hz, beta_hz = rng.uniform(8.5, 11.5), rng.uniform(18.0, 24.0)
    response = level.response * np.exp(rng.normal(0, 0.2))
    body = Body.draw(rng, head)
    y, metadata = _plan.shuffled(rng, plan)
    X = body.background(rng, plan)
    alpha = plan.noise(rng, N_ALPHA, _plan.bump(alpha_hz, 0.8))
    beta = plan.noise(rng, len(TEMPORAL), _plan.bump(beta_hz, 3.0))
    change = response * np.array([RESPONSE[name] for name in y])
    amplitude = _plan.fluctuating(rng, change, level.fluctuation)
    X += gain @ (amplitude * np.concatenate([alpha, beta], axis=1))
    return body.recorded(rng, X, metadata, plan.sfreq), y, metadata


CONDITION = _plan.Condition(CLASSES, 3, simulate)
