"""Frequencies of raw trials: Fourier's transform as a layer in front of a net.

Attributions of what the layer reads are those of frequencies. Since it is linear and turns trials
back without loss, the net answers as before, and what adds up over samples adds up over frequencies
(J. Vielhaben et al. (2024), Explainable AI for time series via virtual inspection layers, Pattern
Recognition 150, 110309).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from eegkit.explanation.reading import Reading, bins
from eegkit.parameters import ParameterError


def spectra(x: torch.Tensor) -> torch.Tensor:
    """Cosines from 0 Hz on, then sines, of the length and size of the trials.

    Parameters
    ----------
    x : Tensor, shape ``(..., n_times)``
    """
    spectrum = torch.fft.rfft(x, norm="ortho") * _sizes(x.shape[-1], x.device)
    return torch.cat([spectrum.real, spectrum.imag[..., _sines(x.shape[-1])]], dim=-1)


class FromSpectrum(nn.Module):
    """Trials of their `spectra`."""

    def __init__(self, n_times: int) -> None:
        super().__init__()
        self.n_times = n_times

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n_freqs = self.n_times // 2 + 1
        cosines, sines = x[..., :n_freqs], x[..., n_freqs:]
        sines = nn.functional.pad(sines, (1, n_freqs - 1 - sines.shape[-1]))
        spectrum = torch.complex(cosines, sines) / _sizes(self.n_times, x.device)
        return torch.fft.irfft(spectrum, self.n_times, norm="ortho")


def by_frequency(values: NDArray[Any]) -> NDArray[Any]:
    """The sum of cosine and sine of each frequency.

    Parameters
    ----------
    values : ndarray, shape ``(..., n_times)``
        Of `spectra`.

    Returns
    -------
    ndarray, shape ``(..., n_times // 2 + 1)``
    """
    n_times = values.shape[-1]
    n_freqs = n_times // 2 + 1
    total = values[..., :n_freqs].copy()
    total[..., _sines(n_times)] += values[..., n_freqs:]
    return total


def frequencies(reading: Reading) -> NDArray[np.float64] | None:
    """In Hz; None where the sampling rate is unknown.

    Raises
    ------
    ParameterError
        The trials are no signals over time.
    """
    if reading.axes != ("channel", "time"):
        raise ParameterError(
            f"space is 'spectrum', but the decoder reads {' x '.join(reading.axes)}, no signals "
            "over time; use space='input'.",
            "space",
        )
    return bins(reading)


def _sines(n_times: int) -> slice:
    """The frequencies that have a sine: neither 0 Hz nor half the sampling rate."""
    return slice(1, 1 + (n_times - 1) // 2)


def _sizes(n_times: int, device: torch.device) -> torch.Tensor:
    """Of a frequency with a sine both sides of the spectrum count."""
    sizes = torch.ones(n_times // 2 + 1, device=device)
    sizes[_sines(n_times)] = math.sqrt(2)
    return sizes
