"""Convolution, batch norm, maximum and activation, in less time on the CPU.

Torch's convolution works along a row, so images with more rows than columns, such as spectrograms
of short trials, are turned. Under running statistics the batch norm is a part of the filters;
while it learns, it normalises the maxima instead of what they are maxima of.

Shapes: B images of M maps of H x W.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import Any, NamedTuple, cast

import torch
from torch import nn
from torch.nn import functional as F

from eegkit.classifiers._norm_and_pool import norm_and_pool
from eegkit.classifiers.layers import has_hooks, is_stacked, runs_eagerly_on_cpu

__all__ = ["ConvBlocks"]

N_LAYERS = 4
# Of fewer, torch's own batch norm and pooling take less time.
FEW_VALUES = 2**20


class Block(NamedTuple):
    """Four layers that follow one another."""

    conv: nn.Conv2d
    norm: nn.BatchNorm2d
    pool: nn.MaxPool2d
    activation: nn.Module


class ConvBlocks(nn.Sequential):
    """Blocks of convolution, batch norm, max pooling and activation, as ``nn.Sequential``.

    Weights and their names, outputs and gradients are those of ``nn.Sequential`` with the same
    layers, up to rounding. On the CPU images with more rows than columns take less time. Compiled,
    exported, in low precision, on another device, with hooks on a layer, and where several nets
    train at once, it is ``nn.Sequential``.

    Parameters
    ----------
    *layers : nn.Module
        Again and again ``nn.Conv2d``, ``nn.BatchNorm2d``, ``nn.MaxPool2d`` and an activation that
        works on every value by itself. Convolutions have no bias and no stride, windows of the
        pooling do not overlap.

    Raises
    ------
    ValueError
        The layers are others.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from eegkit.classifiers.conv_blocks import ConvBlocks
    >>> conv = nn.Conv2d(1, 4, 3, padding="same", bias=False)
    >>> blocks = ConvBlocks(conv, nn.BatchNorm2d(4), nn.MaxPool2d(2), nn.ReLU())
    >>> blocks(torch.zeros(8, 1, 20, 6)).shape
    torch.Size([8, 4, 10, 3])
    """

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__(*layers)
        if len(layers) % N_LAYERS or not all(map(_fits, self.blocks())):
            raise ValueError(
                f"ConvBlocks got {layers}, but a block is a Conv2d without bias, stride and "
                "dilation, a BatchNorm2d with running statistics, a MaxPool2d without overlap "
                "and padding, and an activation. Use nn.Sequential for other layers."
            )

    def blocks(self) -> Iterator[Block]:
        """The layers, four by four."""
        layers: list[Any] = list(self)
        for start in range(0, len(layers), N_LAYERS):
            yield Block(*layers[start : start + N_LAYERS])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Go through the blocks: (B, M, H, W) to (B, M', H', W')."""
        if not self._is_faster(x):
            return cast(torch.Tensor, super().forward(x))
        predicts = not (torch.is_grad_enabled() or any(b.norm.training for b in self.blocks()))
        x = x.transpose(2, 3).contiguous(memory_format=torch.channels_last)
        for block in self.blocks():
            x = _turned(x, block, predicts)
        return x.transpose(2, 3).contiguous(memory_format=torch.channels_last)

    def _is_faster(self, x: torch.Tensor) -> bool:
        if is_stacked() or not runs_eagerly_on_cpu(x) or has_hooks(*self):
            return False
        return x.shape[2] > x.shape[3]


def _fits(block: Block) -> bool:
    conv, norm, pool, _ = block
    return (
        isinstance(conv, nn.Conv2d)
        and isinstance(norm, nn.BatchNorm2d)
        and isinstance(pool, nn.MaxPool2d)
        and conv.bias is None
        and (conv.stride, conv.dilation, conv.padding_mode) == ((1, 1), (1, 1), "zeros")
        and norm.affine
        and norm.track_running_stats
        and pool.stride == pool.kernel_size
        and (pool.padding, pool.dilation, pool.ceil_mode) == (0, 1, False)
    )


def _turned(x: torch.Tensor, block: Block, predicts: bool) -> torch.Tensor:
    """(B, M, W, H) to (B, M', W', H')."""
    conv, norm, pool, activation = block
    size = pool.kernel_size
    size = (size, size) if isinstance(size, int) else size[::-1]
    if predicts:
        y = _maxima(_convolve(x, conv, *_with_norm(conv, norm)), size)
        return cast(torch.Tensor, F.relu_(y) if type(activation) is nn.ReLU else activation(y))
    smallest = _smallest_scale(x, block)
    if smallest == 0:
        y = F.max_pool2d(norm(_convolve(x, conv, conv.weight)), size)
    elif smallest > 0:
        y = norm_and_pool(_convolve(x, conv, conv.weight), norm, size)
    else:
        sign = norm.weight.detach().sign()
        y = _convolve(x, conv, conv.weight * sign[:, None, None, None])
        y = norm_and_pool(y, norm, size, sign)
    return cast(torch.Tensor, activation(y))


def _convolve(
    x: torch.Tensor, conv: nn.Conv2d, weight: torch.Tensor, bias: torch.Tensor | None = None
) -> torch.Tensor:
    weight = weight.transpose(2, 3).contiguous(memory_format=torch.channels_last)
    padding = conv.padding if isinstance(conv.padding, str) else conv.padding[::-1]
    return F.conv2d(x, weight, bias, padding=padding, groups=conv.groups)


def _smallest_scale(x: torch.Tensor, block: Block) -> float:
    """That of the norm; 0 as well where torch's own layers are as fast, or something else."""
    conv, norm, *_ = block
    is_usual = type(norm) is nn.BatchNorm2d and norm.training and norm.momentum is not None
    if not is_usual or x.numel() * conv.out_channels < FEW_VALUES * conv.in_channels:
        return 0.0
    scale = norm.weight.detach()
    # All maxima of a scale of 0 are the first of their windows.
    return scale.min().item() if scale.all() else 0.0


def _maxima(x: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """As `F.max_pool2d`, which finds out where the maxima were, too."""
    for axis, length in zip((2, 3), size, strict=True):
        n = x.shape[axis] // length
        if n == 0:
            return F.max_pool2d(x, size)  # torch's error
        windows = x.narrow(axis, 0, n * length).unflatten(axis, (n, length))
        x = reduce(torch.maximum, windows.unbind(axis + 1))
    return x


def _with_norm(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[torch.Tensor, torch.Tensor]:
    """Weight and bias of the convolution and, under running statistics, of the batch norm."""
    mean, var = cast(torch.Tensor, norm.running_mean), cast(torch.Tensor, norm.running_var)
    scale = norm.weight * (var + norm.eps).rsqrt()
    return conv.weight * scale[:, None, None, None], norm.bias - scale * mean
