"""Layers of torch with a faster way on the CPU; everywhere else they are torch's."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.autograd import Function

from eegkit_convnets._space_first import (
    Filter,
    Spectrum,
    fft_length,
    kernel_spectrum,
    runs_eagerly_on_cpu,
)


class _FastELU(Function):
    """exp(x) - 1 is vectorised, torch's expm1 is not; they differ by rounding, 6e-8."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: torch.Tensor) -> torch.Tensor:
        return torch.maximum(x, x.clamp(max=0).exp_().sub_(1))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> torch.Tensor:
        (output,) = ctx.saved_tensors
        return (output.clamp(max=0) + 1) * grads[0]


class ELU(nn.ELU):
    """With alpha = 1."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not runs_eagerly_on_cpu(x):
            return super().forward(x)
        return _FastELU.apply(x) if torch.is_grad_enabled() else _FastELU.forward(x)


class AvgPool(nn.AvgPool2d):
    """Average of `length` samples, as a product with a vector."""

    def __init__(self, length: int) -> None:
        super().__init__((1, length))
        self.length = length

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not runs_eagerly_on_cpu(x):
            return super().forward(x)
        n = x.shape[-1] // self.length
        x = x[..., : n * self.length].unflatten(-1, (n, self.length))
        return x @ x.new_full((self.length,), 1 / self.length)


class Dropout(nn.Dropout):
    """The mask drawn as uniform numbers: torch's Bernoulli numbers take four times as long."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not (self.training and 0 < self.p < 1 and runs_eagerly_on_cpu(x)):
            return super().forward(x)
        return x * (torch.rand_like(x) >= self.p).to(x.dtype).div_(1 - self.p)


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
        return Filter.apply(Spectrum.apply(x, n), W, n, x.shape[-1] - K + 1)


class Pointwise(nn.Conv2d):
    """A mixture of maps, the same at every sample, as a matrix product."""

    def __init__(self, maps: int, mixtures: int) -> None:
        super().__init__(maps, mixtures, 1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not runs_eagerly_on_cpu(x):
            return super().forward(x)
        weight = self.weight[:, :, 0, 0].expand(len(x), -1, -1)
        return torch.bmm(weight, x.flatten(2)).unflatten(2, x.shape[2:])
