"""Motor imagery: rhythms of the sensorimotor areas that lose power."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eegkit.datasets._head import Head
from eegkit.datasets._simulation import _body, _plan

CLASSES = ("left_hand", "right_hand", "feet", "tongue")


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


class _Level(NamedTuple):
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


def simulate(rng: np.random.Generator, head: Head, plan: _plan.Plan) -> _plan.Simulated:
    """Signals, labels and metadata of one person who imagines movements."""
    level = LEVELS[plan.difficulty]
    # Who somebody is comes first, so that it does not depend on the trials. The order of the
    # draws is part of what a seed stands for.
    background_gain = _body.background_gain(rng, head)
    gain = _rhythm_gain(rng, level, head)
    blink_gain = _body.blink_gain(rng, head)
    slope = rng.uniform(0.8, 1.3)
    mu_hz, beta_hz = rng.uniform(9.0, 12.5), rng.uniform(17.0, 25.0)
    beta_part = rng.uniform(0.3, 0.6)
    alpha_hz = rng.uniform(8.5, 11.5)
    erd = float(np.clip(rng.normal(level.erd, level.erd_spread), 0.05, 0.95))
    onset = rng.uniform(0.3, 0.5)
    blink_rate = rng.uniform(0.05, 0.3)
    # Last, because their number depends on the channels.
    session_gain = _body.session_gain(rng, head, 0.05)
    line = _body.line_gain(rng, head)
    body = _body.Body(background_gain, blink_gain, slope, blink_rate, session_gain, line)
    y, metadata = _plan.shuffled(rng, plan)
    X = body.background(rng, plan)
    # Mu and beta of the sensorimotor sources with their ERD, and posterior alpha.
    mu = plan.noise(rng, len(SENSORIMOTOR), _plan.bump(mu_hz, 1.0))
    beta = plan.noise(rng, len(SENSORIMOTOR), _plan.bump(beta_hz, 2.0))
    alpha = plan.noise(rng, len(_body.POSTERIOR), _plan.bump(alpha_hz, 0.8))
    depth = np.array([[area.erd.get(name, 0.0) for area in SENSORIMOTOR] for name in y])
    ramp = 1 / (1 + np.exp(-(np.arange(plan.n_times) / plan.sfreq - onset - 0.1) / 0.05))
    rhythms = (mu + beta_part * beta) * (1 - erd * depth[:, :, None] * ramp)
    sources = np.concatenate([rhythms, alpha], axis=1)
    sources *= _plan.fluctuating(rng, np.zeros(sources.shape[:2]), level.fluctuation)
    X += gain @ sources
    return body.recorded(rng, X, metadata, plan.sfreq), y, metadata


CONDITION = _plan.Condition(CLASSES, 2, simulate)


def _rhythm_gain(rng: np.random.Generator, level: _Level, head: Head) -> NDArray[np.float64]:
    """Each source as strong, at the 10-20 electrode that sees it best, as it shall be."""
    areas = [area.below for area in SENSORIMOTOR]
    gain, peak = _body.cortical_gain(rng, head, [*areas, *_body.POSTERIOR])
    strength = level.rhythm * np.exp(rng.normal(0, 0.2) + rng.normal(0, 0.1, len(areas)))
    strength *= [area.size for area in SENSORIMOTOR]
    alpha = rng.uniform(4, 12) * np.ones(len(_body.POSTERIOR))
    return gain * np.concatenate([strength, alpha]) / peak
