"""Layers of torch with a faster way on the CPU; everywhere else they are torch's."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.autograd import Function
from torch.nn import functional as F
from torch.nn.grad import conv2d_input

from eegkit.classifiers.layers import runs_eagerly_on_cpu

# In smaller arrays torch's gradients are as fast.
FEW_VALUES = 2**16


class Depthwise(nn.Conv2d):
    """A 'same' padded temporal filter for each map; the padding is a layer before it."""

    def __init__(self, maps: int, length: int) -> None:
        super().__init__(maps, maps, (1, length), groups=maps, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not (torch.is_grad_enabled() and runs_eagerly_on_cpu(x)):
            return super().forward(x)
        return super().forward(x) if x.numel() < FEW_VALUES else _filter(x, self.weight)

    def of_nets(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """As `forward`, of several nets: x (N, B, M, 1, T), weight (N, M, 1, 1, K)."""
        y = _filter(x.transpose(0, 1).flatten(1, 2), weight.flatten(0, 1))
        return y.unflatten(1, weight.shape[:2]).transpose(0, 1)


def _filter(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    y: torch.Tensor = _Depthwise.apply(x, weight)
    return y


class _Depthwise(Function):
    """A filter's gradient is a convolution, too: of every map of every trial with its gradient.

    Torch's own is slow.
    """

    @staticmethod
    def forward(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return F.conv2d(x, weight, groups=len(weight))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (grad,), (x, weight) = grads, ctx.saved_tensors
        of_x = of_weight = None
        if ctx.needs_input_grad[0]:
            of_x = conv2d_input(x.shape, weight, grad, groups=len(weight))
        if ctx.needs_input_grad[1]:
            n, n_times = x.shape[:2].numel(), x.shape[-1]
            each = F.conv2d(x.reshape(1, n, 1, n_times), grad.reshape(n, 1, 1, -1), groups=n)
            of_weight = each.view(len(x), *weight.shape).sum(0)
        return of_x, of_weight


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
