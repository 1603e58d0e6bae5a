"""Transforms as torch modules: what a decoder needs outside of Python."""

from __future__ import annotations

import math
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
        taper: NDArray[np.float32],
        hop: int,
        padding: tuple[int, int],
        n_fft: int,
        bins: slice,
        scale: NDArray[np.float32],
    ) -> None:
        super().__init__()
        k, t = np.arange(n_fft // 2 + 1)[bins, None], np.arange(len(taper))
        angle = 2 * math.pi * k * t / n_fft
        waves = np.stack([np.cos(angle), np.sin(angle)]) * taper * np.sqrt(scale[bins])[:, None]
        kernel = torch.tensor(waves.reshape(-1, 1, len(taper)), dtype=torch.float32)
        self.register_buffer("kernel", kernel)
        self.hop, self.padding, self.n_bins = hop, padding, len(k)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n_channels, n_times = x.shape[1:]
        x = F.pad(x.reshape(-1, 1, n_times), self.padding)  # (B*C, 1, T)
        kernel: Any = self.kernel
        x = F.conv1d(x, kernel, stride=self.hop).square()  # (B*C, 2*F, n_frames)
        power = x[:, : self.n_bins] + x[:, self.n_bins :]
        return power.reshape(-1, n_channels, self.n_bins, power.shape[-1])


class Mixed(nn.Module):
    """Weighted sums over the last axis but one, of channels or of frequencies."""

    def __init__(self, weights: NDArray[Any]) -> None:
        super().__init__()
        self.register_buffer("weights", torch.tensor(weights, dtype=torch.float32))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weights: Any = self.weights
        return weights @ x


class Resize(nn.Module):
    """Images resized by a matrix for each axis."""

    def __init__(self, rows: NDArray[np.float32], columns: NDArray[np.float32]) -> None:
        super().__init__()
        self.register_buffer("rows", torch.tensor(rows))
        self.register_buffer("columns", torch.tensor(columns))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows: Any = self.rows
        columns: Any = self.columns
        return rows @ (x @ columns)


class Padded(nn.Module):
    """Zeros at the end of every axis, up to a shape."""

    def __init__(self, shape: tuple[int, ...], padded: tuple[int, ...]) -> None:
        super().__init__()
        missing = [n - size for n, size in zip(padded, shape, strict=True)]
        self.sides = [side for n in reversed(missing) for side in (0, n)]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.pad(x, self.sides) if any(self.sides) else x


class CropModule(nn.Module):
    """Samples from one to another."""

    def __init__(self, part: slice) -> None:
        super().__init__()
        self.part = part

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[..., self.part]


class Output(nn.Module):
    """Power as it is, its root, its natural logarithm or decibels."""

    def __init__(self, output: str, amin: float) -> None:
        super().__init__()
        self.output, self.amin = output, amin

    def forward(self, power: torch.Tensor) -> torch.Tensor:
        if self.output == "power":
            return power
        if self.output == "magnitude":
            return power.sqrt()
        log = power.clamp_min(self.amin).log()
        return log * (10 / math.log(10)) if self.output == "db" else log


class Affine(nn.Module):
    """Subtract, then divide, by what was learned from the training trials."""

    def __init__(self, centre: NDArray[np.float32], spread: NDArray[np.float32]) -> None:
        super().__init__()
        self.register_buffer("centre", torch.from_numpy(np.array(centre, dtype=np.float32)))
        self.register_buffer("spread", torch.from_numpy(np.array(spread, dtype=np.float32)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        centre: Any = self.centre
        spread: Any = self.spread
        return (x - centre) / spread


class TrialStandardizer(nn.Module):
    """Zero mean and unit standard deviation over some axes of every trial.

    A spread below `eps` counts as that; without it, one of zero counts as one.
    """

    def __init__(self, axes: tuple[int, ...], eps: float | None = None) -> None:
        super().__init__()
        self.axes, self.eps = axes, eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x - x.mean(self.axes, keepdim=True)
        spread = x.square().mean(self.axes, keepdim=True).sqrt()
        if self.eps is not None:
            return x / spread.clamp_min(self.eps)
        return x / torch.where(spread > 0, spread, torch.ones_like(spread))
