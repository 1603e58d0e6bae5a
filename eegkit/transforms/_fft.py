"""FFTs of float32 signals by torch, whose FFT library is several times as fast as scipy's.

torch is imported when the first is computed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def framed_rfft(
    signals: NDArray[np.float32],
    padding: tuple[int, int],
    taper: NDArray[np.float32],
    hop: int,
    n: int,
    detrend: str | None,
) -> NDArray[np.complex64]:
    """Spectra of tapered frames of padded signals, shape (..., n_frames, n // 2 + 1).

    Where they are detrended, the mean of the trial goes before it is padded, so that an offset
    makes no step at its ends, then that of every frame.
    """
    import torch

    x = _tensor(signals)
    if detrend is not None:
        x = x - x.mean(-1, keepdim=True)
    frames = torch.nn.functional.pad(x, padding).unfold(-1, len(taper), hop)
    if detrend is not None:
        frames = frames - frames.mean(-1, keepdim=True)
    return torch.fft.rfft(frames * _tensor(taper), n).numpy()


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
