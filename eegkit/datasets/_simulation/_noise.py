"""Gaussian noise of a given spectrum: backgrounds and rhythms."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Spectrum: TypeAlias = Callable[[NDArray[np.floating]], NDArray[np.floating]]


def bump(centre: float, width: float) -> Spectrum:
    """A rhythm: a peak of amplitude at `centre` Hz."""
    return lambda f: np.exp(-0.5 * ((f - centre) / width) ** 2)


def noise(
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
