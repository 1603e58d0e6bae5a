"""Convolution, batch norm, maximum and activation, in less time on the CPU.

Images with more rows than columns are turned: torch's convolution works along a row.

Predicted, images with few columns are convolved as matrices: the filters, moved along a row, are a
band matrix, and the rows that they reach over, of all images, stand below one another. With the
images last in memory that is one large product for each group of maps. Under running statistics the
batch norm is a part of the filters.

Shapes: B images of M maps of H x W, which lie as (M, W, H, B); G groups of maps.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import Any, NamedTuple, cast

import torch
from torch import nn
from torch.nn import functional as F

from eegkit.classifiers.layers import has_hooks, is_stacked, runs_eagerly_on_cpu

__all__ = ["ConvBlocks"]

N_LAYERS = 4
# Fewer images are left to torch: numbers are copied in runs of as many.
FEW_IMAGES = 8
# So many times a filter's width, or fewer, images may be wide: the rest of a band is zeros.
WIDEST = 3
# Filters that read more maps each keep torch's convolution busy.
MOST_MAPS = 16


class Block(NamedTuple):
    """Four layers that follow one another."""

    conv: nn.Conv2d
    norm: nn.BatchNorm2d
    pool: nn.MaxPool2d
    activation: nn.Module


class ConvBlocks(nn.Sequential):
    """Blocks of convolution, batch norm, max pooling and activation, as ``nn.Sequential``.

    Weights and their names, outputs and gradients are those of ``nn.Sequential`` with the same
    layers, up to rounding. On the CPU images with more rows than columns take less time, and
    predictions less still, if images have few columns (three times the filters' at most), maps come
    in several groups, and a filter reads 16 maps at most, as in nets for spectrograms of short
    trials. Compiled, exported, in low precision, on another device, with hooks on a layer, and
    where several nets train at once, it is ``nn.Sequential``.

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
        if is_stacked() or not runs_eagerly_on_cpu(x) or has_hooks(*self):
            return cast(torch.Tensor, super().forward(x))
        predicts = not (torch.is_grad_enabled() or any(b.norm.training for b in self.blocks()))
        if predicts and self._suits_products(x):
            return self._products(x)
        if x.shape[2] <= x.shape[3]:
            return cast(torch.Tensor, super().forward(x))
        x = x.transpose(2, 3).contiguous(memory_format=torch.channels_last)
        for block in self.blocks():
            x = _turned(x, block, predicts)
        return x.transpose(2, 3)

    def _products(self, x: torch.Tensor) -> torch.Tensor:
        n_images, n_maps, height, width = x.shape
        x = x.flatten(1).T.contiguous().view(n_maps, height, width, n_images).transpose(1, 2)
        for block in self.blocks():
            x = block.activation(_predicted(x, block))
        x = x.transpose(1, 2)
        return x.flatten(0, 2).T.contiguous().view(n_images, *x.shape[:3])

    def _suits_products(self, x: torch.Tensor) -> bool:
        convs = [block.conv for block in self.blocks()]
        narrowest = min(conv.kernel_size[1] for conv in convs)
        most_maps = max(conv.in_channels // conv.groups for conv in convs)
        is_narrow = x.shape[3] <= WIDEST * narrowest and most_maps <= MOST_MAPS
        has_groups = all(conv.groups > 1 for conv in convs)
        return len(x) >= FEW_IMAGES and is_narrow and has_groups


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
    weight, bias = _with_norm(conv, norm) if predicts else (conv.weight, None)
    weight = weight.transpose(2, 3).contiguous(memory_format=torch.channels_last)
    padding = conv.padding if isinstance(conv.padding, str) else conv.padding[::-1]
    y = F.conv2d(x, weight, bias, padding=padding, groups=conv.groups)
    y = y if predicts else norm(y)
    return cast(torch.Tensor, activation(F.max_pool2d(y, _sizes(pool))))


def _with_norm(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[torch.Tensor, torch.Tensor]:
    """Weight and bias of the convolution and, under running statistics, of the batch norm."""
    mean, var = cast(torch.Tensor, norm.running_mean), cast(torch.Tensor, norm.running_var)
    scale = norm.weight * (var + norm.eps).rsqrt()
    return conv.weight * _over_maps(scale), norm.bias - scale * mean


def _predicted(x: torch.Tensor, block: Block) -> torch.Tensor:
    conv, norm, pool, _ = block
    z = _convolve(x, conv, *_with_norm(conv, norm))
    columns, rows = _sizes(pool)
    return _maximum(_maximum(z, 1, columns), 2, rows)


def _over_maps(x: torch.Tensor) -> torch.Tensor:
    """A number for each map, to be broadcast over the three other axes."""
    return x[:, None, None, None]


def _sizes(pool: nn.MaxPool2d) -> tuple[int, int]:
    """Columns and rows of a window."""
    size = pool.kernel_size
    rows, columns = (size, size) if isinstance(size, int) else size
    return columns, rows


def _padding(conv: nn.Conv2d) -> tuple[int, int, int, int]:
    """Zeros to the left, to the right, above and below."""
    rows, columns = (size - 1 for size in conv.kernel_size)
    if conv.padding == "same":
        return columns // 2, columns - columns // 2, rows // 2, rows - rows // 2
    rows, columns = (0, 0) if isinstance(conv.padding, str) else conv.padding
    return columns, columns, rows, rows


def _convolve(
    x: torch.Tensor, conv: nn.Conv2d, weight: torch.Tensor, bias: torch.Tensor
) -> torch.Tensor:
    """(M, W, H, B) to (M', W', H', B)."""
    band = _band(conv, weight, x.shape[1])
    n_groups, n_maps, n_columns, _ = band.shape
    rows = _rows(x, n_groups, conv.kernel_size[0], _padding(conv)[2:])
    offset = bias.view(n_groups, n_maps, 1).expand(-1, -1, n_columns).reshape(n_groups, -1, 1)
    z = torch.baddbmm(offset, band.flatten(1, 2), rows)
    return z.view(n_groups * n_maps, n_columns, -1, x.shape[-1])


def _band(conv: nn.Conv2d, weight: torch.Tensor, width: int) -> torch.Tensor:
    """What every column of the output takes of the rows below it: (G, M'/G, W', k * M/G * W)."""
    left, right, *_ = _padding(conv)
    size = conv.kernel_size[1]
    n_columns = width + left + right - size + 1
    shift = torch.arange(width) - torch.arange(n_columns)[:, None] + left
    taps = (shift == torch.arange(size)[:, None, None]).to(weight.dtype)  # (size, W', W)
    filters = weight.unflatten(0, (conv.groups, -1)).movedim(3, 2)  # (G, M'/G, k, M/G, size)
    band = (filters.flatten(0, 3) @ taps.flatten(1)).view(*filters.shape[:4], n_columns, width)
    return band.movedim(4, 2).flatten(3)


def _spans(height: int, n: int, pad: tuple[int, int]) -> Iterator[tuple[slice, slice]]:
    """For each of a filter's n rows, what it reads of an image, and for which output rows."""
    above, below = pad
    for i in range(n):
        start, stop = max(0, above - i), min(height + above + below - n + 1, height + above - i)
        yield slice(start + i - above, stop + i - above), slice(start, stop)


def _rows(x: torch.Tensor, n_groups: int, n: int, pad: tuple[int, int]) -> torch.Tensor:
    """(M, W, H, B) to (G, n * M/G * W, H' * B)."""
    *_, height, n_images = x.shape
    x = x.reshape(n_groups, -1, height, n_images)
    rows = x.new_empty(n_groups, n, x.shape[1], height + sum(pad) - n + 1, n_images)
    for i, (read, span) in enumerate(_spans(height, n, pad)):
        rows[:, i, :, : span.start] = 0
        rows[:, i, :, span.stop :] = 0
        rows[:, i, :, span] = x[:, :, read]
    return rows.flatten(1, 2).flatten(2)


def _maximum(x: torch.Tensor, axis: int, size: int) -> torch.Tensor:
    """The largest values of windows along an axis."""
    n = x.shape[axis] // size
    windows = x.narrow(axis, 0, n * size).unflatten(axis, (n, size))
    return reduce(torch.maximum, windows.unbind(axis + 1))
