"""Layers of torch with a faster way on the CPU; everywhere else they are torch's."""

from __future__ import annotations

import torch
from torch import nn

from eegkit.classifiers.layers import runs_eagerly_on_cpu
from eegkit_convnets._space_first import fft_length, filtered, kernel_spectrum, spectrum


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


class Pointwise(nn.Conv2d):
    """A mixture of maps, the same at every sample, as a matrix product."""

    def __init__(self, maps: int, mixtures: int) -> None:
        super().__init__(maps, mixtures, 1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not runs_eagerly_on_cpu(x):
            return super().forward(x)
        weight = self.weight[:, :, 0, 0].expand(len(x), -1, -1)
        return torch.bmm(weight, x.flatten(2)).unflatten(2, x.shape[2:])
