"""Transforms as torch modules: what a decoder needs outside of Python."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F


class Spectrogram(nn.Module):
    """Power of the frames' spectra, by convolution with tapered sines and cosines.

    Maps (n_trials, n_channels, n_times) to (n_trials, n_channels, n_bins, n_frames).
    """

    def __init__(
        self,
        padding: tuple[int, int],
        taper: NDArray[np.float32],
        hop: int,
        n_fft: int,
        bins: slice,
        scale: NDArray[np.float32],
        detrend: str | None,
    ) -> None:
        super().__init__()
        k, t = np.arange(n_fft // 2 + 1)[bins, None], np.arange(len(taper))
        angle = 2 * math.pi * k * t / n_fft
        waves = np.stack([np.cos(angle), np.sin(angle)]) * taper * np.sqrt(scale[bins])[:, None]
        if detrend is not None:  # a wave without a mean sees none of the frame's
            waves -= waves.mean(axis=-1, keepdims=True)
        kernel = torch.tensor(waves.reshape(-1, 1, len(taper)), dtype=torch.float32)
        self.register_buffer("kernel", kernel)
        self.hop, self.padding, self.n_bins, self.detrend = hop, padding, len(k), detrend

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n_channels, n_times = x.shape[1:]
        if self.detrend is not None:
            x = x - x.mean(-1, keepdim=True)
        x = F.pad(x.reshape(-1, 1, n_times), self.padding)  # (B*C, 1, T)
        kernel: Any = self.kernel
        x = F.conv1d(x, kernel, stride=self.hop).square()  # (B*C, 2*F, n_frames)
        power = x[:, : self.n_bins] + x[:, self.n_bins :]
        return power.reshape(-1, n_channels, self.n_bins, power.shape[-1])


class Formula(nn.Module):
    """What a function makes of X and of some arrays, which are its buffers."""

    def __init__(self, function: Callable[..., torch.Tensor], *arrays: NDArray[Any]) -> None:
        super().__init__()
        self.function = function
        self.names = [f"array_{i}" for i in range(len(arrays))]
        for name, array in zip(self.names, arrays, strict=True):
            self.register_buffer(name, torch.tensor(array, dtype=torch.float32))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x, *(getattr(self, name) for name in self.names))


def mixed(weights: NDArray[Any]) -> Formula:
    """Weighted sums over the last axis but one, of channels or of frequencies."""
    return Formula(lambda x, weights: weights @ x, weights)


def resized(rows: NDArray[np.float32], columns: NDArray[np.float32]) -> Formula:
    """Images resized by a matrix for each axis."""
    return Formula(lambda x, rows, columns: rows @ (x @ columns), rows, columns)


def padded(shape: tuple[int, ...], target: tuple[int, ...]) -> Formula:
    """Zeros at the end of every axis, up to a shape."""
    missing = [n - size for n, size in zip(target, shape, strict=True)]
    sides = [side for n in reversed(missing) for side in (0, n)]
    return Formula(lambda x: F.pad(x, sides) if any(sides) else x)


def affine(centre: NDArray[np.float32], spread: NDArray[np.float32]) -> Formula:
    """Subtract, then divide, by what was learned from the training trials."""
    return Formula(lambda x, centre, spread: (x - centre) / spread, centre, spread)


def output(kind: str, amin: float) -> Formula:
    """Power as it is, its root, its natural logarithm or decibels."""
    formulas: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "power": lambda power: power,
        "magnitude": torch.sqrt,
        "log": lambda power: power.clamp_min(amin).log(),
        "db": lambda power: power.clamp_min(amin).log() * (10 / math.log(10)),
    }
    return Formula(formulas[kind])


def standardized(axes: tuple[int, ...], eps: float | None = None) -> Formula:
    """Zero mean and unit standard deviation over some axes of every trial.

    A spread below `eps` counts as that; without it, one of zero counts as one.
    """

    def scores(x: torch.Tensor) -> torch.Tensor:
        x = x - x.mean(axes, keepdim=True)
        spread = x.square().mean(axes, keepdim=True).sqrt()
        if eps is not None:
            return x / spread.clamp_min(eps)
        return x / torch.where(spread > 0, spread, torch.ones_like(spread))

    return Formula(scores)
