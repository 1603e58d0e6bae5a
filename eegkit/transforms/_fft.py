"""FFTs, products and logarithms of float32 by torch, several times as fast as scipy's and numpy's.

Products too, since the threads of two libraries that wait for work take it from each other. torch
is imported when the first is computed.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

# Bins in which the spectrum of a taper is below this part of its largest are none of its own.
ROUNDING = 1e-7


def framed_rfft(
    signals: NDArray[np.float32],
    padding: tuple[int, int],
    taper: NDArray[np.float32],
    hop: int,
    n: int,
    detrend: str | None,
    scale: float = 1.0,
) -> NDArray[np.complex64]:
    """Spectra of tapered frames of padded signals, shape (..., n_frames, n // 2 + 1).

    Where they are detrended, the mean of the trial goes before it is padded, so that an offset
    makes no step at its ends; then what that of every frame adds to its spectrum, which is in few
    bins for most tapers.
    """
    import torch

    x = _tensor(signals)
    if detrend is not None:
        x = x - x.mean(-1, keepdim=True)
    if any(padding):
        x = torch.nn.functional.pad(x, padding)
    spectra = torch.fft.rfft(x.unfold(-1, len(taper), hop) * (_tensor(taper) * scale), n)
    if detrend is not None:
        leak = leak_of(taper.tobytes(), n)
        offsets = _frame_means(x, len(taper), hop)[..., None]
        part = torch.view_as_real(spectra[..., : len(leak)])
        part.addcmul_(offsets, torch.view_as_real(_tensor(leak)), value=-scale)
    return spectra.numpy()


@functools.lru_cache(8)
def leak_of(taper: bytes, n: int) -> NDArray[np.complex64]:
    """The spectrum of a tapered frame of ones, up to the last bin in which it is not rounding."""
    spectrum = scipy.fft.rfft(np.frombuffer(taper, np.float32), n)
    size = np.abs(spectrum)
    return spectrum[: np.flatnonzero(size > ROUNDING * size.max())[-1] + 1]


def _frame_means(x: Any, length: int, hop: int) -> Any:
    """The mean of every frame, shape (..., n_frames, 1), from those of the parts they share."""
    part = math.gcd(length, hop)
    end = x.shape[-1] - (x.shape[-1] - length) % hop
    parts = x[..., :end].unflatten(-1, (-1, part)).mean(-1)
    return parts.unfold(-1, length // part, hop // part).mean(-1, keepdim=True)


def squared_magnitude(
    spectra: NDArray[np.complex64], bins: slice = slice(None)
) -> NDArray[np.float32]:
    """The power of some bins of spectra."""
    import torch

    part = torch.from_numpy(spectra)[..., bins]
    return torch.addcmul(part.real.square(), part.imag, part.imag).numpy()


def weighted(power: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sums along the last axis, (..., n), with every row of weights, (n_sums, n)."""
    return (_tensor(power) @ _tensor(weights).T).numpy()


def log(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """The natural logarithm, in place."""
    import torch

    torch.from_numpy(power).log_()
    return power


def ifft(spectra: NDArray[np.complex64]) -> NDArray[np.complex64]:
    """The inverse of the FFT along the last axis."""
    import torch

    return torch.fft.ifft(_tensor(spectra)).numpy()


def bins_of(signals: NDArray[np.float32], n: int, first: int, stop: int) -> NDArray[np.complex64]:
    """Spectra along the last axis, padded to n, at the bins first to stop, counted modulo n."""
    import torch

    spectrum = torch.fft.fft(_tensor(signals), n).numpy()
    return np.take(spectrum, np.arange(first, stop), axis=-1, mode="wrap")


def _tensor(array: NDArray[Any]) -> Any:
    import torch

    # torch warns of memory that must not be written, and refuses negative strides, which even
    # a contiguous array has along an axis of length 1 that was turned round.
    flat = np.require(array, requirements=["C", "W"]).reshape(-1)
    return torch.from_numpy(flat.reshape(array.shape))
