"""What is asked of a condition, when every trial happens, and noise of a given spectrum."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eegkit.datasets._head import Head

N_RUNS = 4  # two in each session

Simulated: TypeAlias = tuple[NDArray[np.float32], NDArray[np.str_], pd.DataFrame]
Spectrum: TypeAlias = Callable[[NDArray[np.floating]], NDArray[np.floating]]


class Plan(NamedTuple):
    """One person's part of a data set."""

    subject: str
    classes: tuple[str, ...]
    n_trials: int
    n_times: int
    sfreq: float
    difficulty: str

    def noise(
        self, rng: np.random.Generator, n_sources: int, spectrum: Spectrum
    ) -> NDArray[np.float64]:
        """Gaussian noise of sources in all trials, shape (n_trials, n_sources, n_times).

        It has a given amplitude spectrum and an rms of 1. Made twice as long as needed: noise
        shaped in the frequency domain is periodic, and half of a period is not.
        """
        frequencies = np.fft.rfftfreq(2 * self.n_times, 1 / self.sfreq)
        amplitudes = spectrum(frequencies)
        amplitudes[0] = 0.0
        size = (self.n_trials, n_sources, len(frequencies))
        coefficients = (rng.normal(size=size) + 1j * rng.normal(size=size)) * amplitudes
        # irfft divides by its length; of every coefficient two conjugate copies count.
        scale = self.n_times / np.sqrt((amplitudes**2).sum())
        return np.fft.irfft(coefficients, 2 * self.n_times)[..., : self.n_times] * scale


class Condition(NamedTuple):
    """A condition: its classes, how many of them are usual, and what makes a person's trials.

    The label is the person where there are no classes.
    """

    classes: tuple[str, ...]
    n_classes: int
    simulate: Callable[[np.random.Generator, Head, Plan], Simulated]


def schedule(plan: Plan) -> tuple[NDArray[np.intp], pd.DataFrame]:
    """The run of every trial, and metadata that say so and when in its run each trial began."""
    trial = np.arange(plan.n_trials)
    run = trial * N_RUNS // plan.n_trials
    onset = (trial - np.searchsorted(run, run)) * plan.n_times / plan.sfreq
    when = {"session": (run // 2).astype(str), "run": run.astype(str)}
    return run, pd.DataFrame(when | {"trial": trial, "onset": onset})


def shuffled(rng: np.random.Generator, plan: Plan) -> tuple[NDArray[np.str_], pd.DataFrame]:
    """Shuffled labels, balanced in every run, and when each trial happened."""
    y = np.resize(np.array(plan.classes), plan.n_trials)
    run, metadata = schedule(plan)
    for number in range(N_RUNS):
        y[run == number] = rng.permutation(y[run == number])
    return y, metadata


def bump(centre: float, width: float) -> Spectrum:
    """A rhythm: a peak of amplitude at `centre` Hz."""
    return lambda f: np.exp(-0.5 * ((f - centre) / width) ** 2)


def fluctuating(
    rng: np.random.Generator, log_amplitude: NDArray[np.float64], fluctuation: float
) -> NDArray[np.float64]:
    """Amplitudes that wax and wane over trials, in all sources together and in each.

    `log_amplitude` has shape (n_trials, n_sources), what is returned (n_trials, n_sources, 1).
    """
    log_amplitude = log_amplitude + rng.normal(0, fluctuation, (len(log_amplitude), 1))
    log_amplitude += rng.normal(0, fluctuation, log_amplitude.shape)
    return np.exp(log_amplitude)[:, :, None]
