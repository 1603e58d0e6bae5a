"""Layers of torch with a faster way on the CPU; everywhere else they are torch's."""

from __future__ import annotations

from typing import cast

import torch
from torch import nn

from eegkit.classifiers.layers import runs_eagerly_on_cpu
from eegkit_convnets._space_first import (
    Filter,
    Spectrum,
    fft_length,
    filtered,
    kernel_spectrum,
    spectrum,
)


class Depthwise(nn.Conv2d):
    """A 'same' padded temporal filter for each map; the padding is a layer before it.

    The gradient of torch's convolution is slow, that of the Fourier transform is not.
    """

    def __init__(self, maps: int, length: int) -> None:
        super().__init__(maps, maps, (1, length), groups=maps, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not (torch.is_grad_enabled() and runs_eagerly_on_cpu(x)):
            return super().forward(x)
        K = self.kernel_size[1]
        n = fft_length(x.shape[-1])
        W = kernel_spectrum(self.weight[:, 0], n, before=0)
        return filtered(spectrum(x, n), W, n, x.shape[-1] - K + 1)

    def of_nets(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """As `forward`, of several nets: x (N, B, M, 1, T), weight (N, M, 1, 1, K)."""
        n = fft_length(x.shape[-1])
        W = kernel_spectrum(weight[:, :, 0], n, before=0)
        x = x.transpose(1, 2)
        y = Filter.apply(Spectrum.apply(x, n), W[:, :, None], n, x.shape[-1] - weight.shape[-1] + 1)
        return cast(torch.Tensor, y.transpose(1, 2))


class Pointwise(nn.Conv2d):
    """A mixture of maps, the same at every sample, as a matrix product."""

    def __init__(self, maps: int, mixtures: int) -> None:
        super().__init__(maps, mixtures, 1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not runs_eagerly_on_cpu(x):
            return super().forward(x)
        weight = self.weight[:, :, 0, 0].expand(len(x), -1, -1)
        return torch.bmm(weight, x.flatten(2)).unflatten(2, x.shape[2:])

    def of_nets(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """As `forward`, of several nets: x (N, B, M, 1, T), weight (N, mixtures, M, 1, 1)."""
        x = x.transpose(1, 2)
        y = torch.bmm(weight.flatten(2), x.flatten(2)).unflatten(2, x.shape[2:])
        return y.transpose(1, 2)
