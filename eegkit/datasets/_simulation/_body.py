"""What every condition has in common: a person's background, blinks and electrodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eegkit.datasets._head import CORTEX_RADIUS, TEN_TWENTY, Head
from eegkit.datasets._simulation._plan import Plan

N_BACKGROUND = 40
# The electrodes above the sources of the posterior alpha rhythm.
POSTERIOR = (("O1", "P3"), ("O2", "P4"))


@dataclass
class Body:
    """One person's EEG but for what the condition brings.

    Gains are shape (n_channels, n_sources), in microvolts per unit of the source.
    """

    background_gain: NDArray[np.float64]
    blink_gain: NDArray[np.float64]
    slope: float
    blink_rate: float
    session_gain: NDArray[np.float64]
    line: NDArray[np.float64]

    @classmethod
    def draw(
        cls,
        rng: np.random.Generator,
        head: Head,
        slope: tuple[float, float] = (0.8, 1.3),
        session_change: float = 0.05,
    ) -> Body:
        return cls(
            background_gain=background_gain(rng, head),
            blink_gain=blink_gain(rng, head),
            slope=rng.uniform(*slope),
            blink_rate=rng.uniform(0.05, 0.3),
            session_gain=session_gain(rng, head, session_change),
            line=line_gain(rng, head),
        )

    def background(self, rng: np.random.Generator, plan: Plan) -> NDArray[np.float64]:
        """Power falling as 1/f**slope, from below 1 Hz on as flat as after a high-pass."""
        n_sources = self.background_gain.shape[1]
        sources = plan.noise(rng, n_sources, lambda f: np.maximum(f, 1.0) ** (-self.slope / 2))
        return self.background_gain @ sources

    def recorded(
        self,
        rng: np.random.Generator,
        X: NDArray[np.float64],
        metadata: pd.DataFrame,
        sfreq: float,
    ) -> NDArray[np.float32]:
        """What the amplifier gives of the potentials X: blinks and electrodes come on top."""
        times = np.arange(X.shape[2]) / sfreq
        X += self._blinks(rng, len(X), times)
        X += rng.normal(0, 1.0, X.shape)  # the electrodes' white noise, in microvolts
        # Line noise, whose phase is the trial's.
        phase = rng.uniform(0, 2 * np.pi, (len(X), 1, 1))
        if sfreq > 100:
            X += self.line[:, None] * np.sin(2 * np.pi * 50.0 * times + phase)
        X *= self.session_gain[metadata["session"].astype(int)][:, :, None]
        return X.astype(np.float32)

    def _blinks(
        self, rng: np.random.Generator, n_trials: int, times: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """In some trials one blink of about 0.3 s."""
        when = rng.uniform(0, times[-1], (n_trials, 1))
        blinking = rng.random((n_trials, 1)) < self.blink_rate * times[-1]
        height = blinking * np.exp(rng.normal(0, 0.2, (n_trials, 1)))
        shape = height * np.exp(-0.5 * ((times - when) / 0.07) ** 2)
        return self.blink_gain[:, None] * shape[:, None, :]


def background_gain(rng: np.random.Generator, head: Head) -> NDArray[np.float64]:
    """Many sources everywhere, together 10 to 15 microvolts rms at the median electrode."""
    directions = rng.normal(size=(N_BACKGROUND, 3))
    directions[:, 2] = np.abs(directions[:, 2]) - 0.3  # the brain reaches a little below
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    gain = head.gain(directions, rng.normal(0, 1.0, directions.shape), rng.uniform(0.05, 0.07))
    rms = np.sqrt((gain[: len(TEN_TWENTY)] ** 2).sum(1))
    return gain[head.picks] * rng.uniform(10, 15) / np.median(rms)


def blink_gain(rng: np.random.Generator, head: Head) -> NDArray[np.float64]:
    """A blink, in microvolts at its peak: a source below each eye's electrode."""
    directions = np.array([head.below("Fp1", "F7"), head.below("Fp2", "F8")])
    directions = directions + np.array([0.0, 0.1, -0.5])
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    gain = head.gain(directions, np.tile([0.0, 0.3, 0.3], (2, 1)), 0.075).sum(1)
    return gain[head.picks] * rng.uniform(60, 140) / gain[: len(TEN_TWENTY)].max()


def session_gain(rng: np.random.Generator, head: Head, change: float) -> NDArray[np.float64]:
    """The gain of every electrode in both sessions, shape (2, n_channels)."""
    return np.exp(rng.normal(0, change, (2, len(head.picks))))


def line_gain(rng: np.random.Generator, head: Head) -> NDArray[np.float64]:
    """Line noise at every electrode, in microvolts."""
    return rng.uniform(0.3, 2.0) * np.exp(rng.normal(0, 0.4, len(head.picks)))


def cortical_gain(
    rng: np.random.Generator, head: Head, areas: Sequence[Sequence[str]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sources in the cortex below electrodes, about where everybody has them.

    Also what each is worth at the 10-20 electrode that sees it best: divide by it.
    """
    directions = np.array([head.below(*names) for names in areas])
    # About 7 mm to either side for a standard deviation of 0.1 at 70 mm.
    directions += rng.normal(0, 0.1, directions.shape)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    gain = head.gain(directions, rng.normal(0, 0.3, directions.shape), CORTEX_RADIUS)
    return gain[head.picks], np.abs(gain[: len(TEN_TWENTY)]).max(0)
