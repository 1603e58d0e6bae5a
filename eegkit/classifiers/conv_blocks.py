"""Convolution, batch norm, maximum and activation, in less time on the CPU.

Images with few columns are convolved as matrices: the filters, moved along a row, are a band
matrix, and the rows that they reach over, of all images, stand below one another. With the images
last in memory that is one large product for each group of maps.

Of a convolution's output z, the scale a and the shift b of a batch norm, with a >= 0,

    max(a z + b)  =  a max(z) + b

so that only the largest values are scaled, not all. A filter whose scale is negative is turned
over first. Of R values, the gradient g goes to where the maxima m are, and the statistics take
their share of it:

    dz  =  a spread(g) - a / R (sum(g) + n(z) sum(g n(m)))      n(z) = (z - mean) / deviation

The mean of z is left out of the product, as the batch norm takes it away; it is that of the rows,
filtered.

Shapes: B images of M maps of H x W, which lie as (M, W, H, B); G groups of maps.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import Any, NamedTuple, cast

import torch
from torch import nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from eegkit.classifiers.layers import has_hooks, is_stacked, runs_eagerly_on_cpu

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

    Weights and their names, outputs, gradients and running statistics are those of
    ``nn.Sequential`` with the same layers. On the CPU they come sooner, if images have few
    columns (three times the filters' at most) and a filter reads 16 maps at most, as in nets for
    spectrograms of short trials. Compiled, exported, in mixed precision, on another device, with
    hooks on a layer, and where several nets train at once, it is ``nn.Sequential``.

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
        n_images, n_maps, height, width = x.shape
        x = _Transposed.apply(x.flatten(1)).view(n_maps, height, width, n_images).transpose(1, 2)
        for block in self.blocks():
            y = _trained(x, block) if block.norm.training else _folded(x, block)
            x = block.activation(y)
        x = x.transpose(1, 2)
        return cast(torch.Tensor, _Transposed.apply(x.flatten(0, 2)).view(n_images, *x.shape[:3]))

    def _is_faster(self, x: torch.Tensor) -> bool:
        if is_stacked() or not runs_eagerly_on_cpu(x) or has_hooks(*self):
            return False
        convs = [block.conv for block in self.blocks()]
        narrowest = min(conv.kernel_size[1] for conv in convs)
        most_maps = max(conv.in_channels // conv.groups for conv in convs)
        is_narrow = x.shape[3] <= WIDEST * narrowest and most_maps <= MOST_MAPS
        return len(x) >= FEW_IMAGES and is_narrow


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


def _folded(x: torch.Tensor, block: Block) -> torch.Tensor:
    """Under running statistics a batch norm is a part of the convolution."""
    conv, norm, pool, _ = block
    mean, var = _running(norm)
    scale = norm.weight * (var + norm.eps).rsqrt()
    z, _ = _convolve(x, conv, conv.weight * _over_maps(scale), norm.bias - scale * mean)
    columns, rows = _sizes(pool)
    if z.requires_grad:
        # Where several values are the largest, torch's gradient goes to the first one.
        return F.max_pool2d(z.permute(3, 0, 2, 1), (rows, columns)).permute(1, 3, 2, 0)
    return _maximum(_maximum(z, 1, columns), 2, rows)


def _trained(x: torch.Tensor, block: Block) -> torch.Tensor:
    """Under the statistics of the batch, which the running ones follow."""
    conv, norm, pool, _ = block
    turn = torch.where(norm.weight < 0, -1.0, 1.0).to(x.dtype)
    weight = conv.weight * _over_maps(turn)
    z, mean = _convolve(x, conv, weight, None)
    n = z[0].numel()
    with torch.no_grad():
        var = torch.linalg.vector_norm(z.flatten(1), dim=1).square() / n
    _follow(norm, turn * mean, var, n)
    inverse = (var + norm.eps).rsqrt()
    y = _NormMax.apply(z, norm.weight * turn, norm.bias, inverse, _sizes(pool))
    return cast(torch.Tensor, y)


def _running(norm: nn.BatchNorm2d) -> tuple[torch.Tensor, torch.Tensor]:
    return cast(torch.Tensor, norm.running_mean), cast(torch.Tensor, norm.running_var)


@torch.no_grad()
def _follow(norm: nn.BatchNorm2d, mean: torch.Tensor, var: torch.Tensor, n: int) -> None:
    """Move the running statistics as BatchNorm2d does after n values of each map."""
    n_batches = cast(torch.Tensor, norm.num_batches_tracked).add_(1)
    momentum = 1 / float(n_batches) if norm.momentum is None else norm.momentum
    running_mean, running_var = _running(norm)
    running_mean.lerp_(mean, momentum)
    running_var.lerp_(var * (n / (n - 1)), momentum)


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
    x: torch.Tensor, conv: nn.Conv2d, weight: torch.Tensor, bias: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """(M, W, H, B) to (M', W', H', B), and what was taken away where no bias is given: the mean."""
    band = _band(conv, weight, x.shape[1])
    z, mean = _Product.apply(x, band, bias, conv.kernel_size[0], _padding(conv)[2:])
    return z, mean


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


class _Transposed(Function):
    """A matrix whose axes change places in memory, and its gradient the same."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        return x.T.contiguous()

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> torch.Tensor:
        return grads[0].T.contiguous()


class _Product(Function):
    """The bands times the rows that the filters reach over, and a bias, or without the mean."""

    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        band: torch.Tensor,
        bias: torch.Tensor | None,
        n: int,
        pad: tuple[int, int],
    ) -> tuple[torch.Tensor, torch.Tensor]:
        n_groups, n_maps, n_columns, _ = band.shape
        rows = _rows(x, n_groups, n, pad)
        mean = (band.mean(2) @ rows.mean(2, keepdim=True)).flatten() if bias is None else -bias
        ctx.save_for_backward(band, rows)
        ctx.shape, ctx.n, ctx.pad = x.shape, n, pad
        ctx.mark_non_differentiable(mean)
        offset = -mean.view(n_groups, n_maps, 1).expand(-1, -1, n_columns).reshape(n_groups, -1, 1)
        z = torch.baddbmm(offset, band.flatten(1, 2), rows)
        return z.view(n_groups * n_maps, n_columns, -1, x.shape[-1]), mean

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: torch.Tensor, _: Any) -> tuple[Any, ...]:
        band, rows = ctx.saved_tensors
        of_bias = grad.sum((1, 2, 3)) if ctx.needs_input_grad[2] else None
        grad = grad.reshape(len(band), -1, rows.shape[-1])
        of_x = None
        if ctx.needs_input_grad[0]:
            of_x = _of_rows(band.flatten(1, 2).mT @ grad, ctx.shape, ctx.n, ctx.pad)
        return of_x, (grad @ rows.mT).view(band.shape), of_bias, None, None


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


def _of_rows(
    grad: torch.Tensor, shape: tuple[int, ...], n: int, pad: tuple[int, int]
) -> torch.Tensor:
    """The gradient of x, of that of its rows."""
    *_, height, n_images = shape
    x = grad.new_zeros(len(grad), grad.shape[1] // n, height, n_images)
    parts = grad.unflatten(2, (-1, n_images)).unflatten(1, (n, -1))
    for i, (read, span) in enumerate(_spans(height, n, pad)):
        x[:, :, read] += parts[:, i, :, span]
    return x.view(shape)


def _parts(x: torch.Tensor, axis: int, size: int) -> tuple[torch.Tensor, ...]:
    """The first values of all windows along an axis, the second ones, ..."""
    n = x.shape[axis] // size
    return x.narrow(axis, 0, n * size).unflatten(axis, (n, size)).unbind(axis + 1)


def _maximum(x: torch.Tensor, axis: int, size: int) -> torch.Tensor:
    return reduce(torch.maximum, _parts(x, axis, size))


class _Maximum:
    """The same, and the way back; of equal values the first one is the largest."""

    def __init__(self, x: torch.Tensor, axis: int, size: int) -> None:
        self.axis, self.size = axis, size
        self.value, *others = _parts(x, axis, size)
        # 1 where a value is larger than those before it, else 0.
        self.larger: list[torch.Tensor] = []
        for other in others:
            self.larger.append(torch.gt(other, self.value, out=torch.empty_like(self.value)))
            self.value = torch.maximum(self.value, other)

    def add_gradient(self, target: torch.Tensor, grad: torch.Tensor) -> None:
        """Add the gradient of the largest values to where they come from."""
        first, *others = _parts(target, self.axis, self.size)
        for other, larger in zip(reversed(others), reversed(self.larger), strict=True):
            other.addcmul_(grad, larger)
            grad = torch.addcmul(grad, grad, larger, value=-1)
        first.add_(grad)


class _NormMax(Function):
    """Batch norm and maximum of z, whose mean is 0 and whose deviation is known; scale >= 0."""

    @staticmethod
    def forward(
        ctx: Any,
        z: torch.Tensor,
        scale: torch.Tensor,
        shift: torch.Tensor,
        inverse: torch.Tensor,
        sizes: tuple[int, int],
    ) -> torch.Tensor:
        ctx.columns = _Maximum(z, 1, sizes[0])
        ctx.rows = _Maximum(ctx.columns.value, 2, sizes[1])
        best = ctx.rows.value
        ctx.save_for_backward(z, best, scale * inverse, inverse)
        return torch.addcmul(_over_maps(shift), best, _over_maps(scale * inverse))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[Any, ...]:
        z, best, factor, inverse = ctx.saved_tensors
        of_shift = grad.sum((1, 2, 3))
        of_scale = (grad * best).sum((1, 2, 3)) * inverse
        share = -factor / z[0].numel()
        of_z = torch.addcmul(
            _over_maps(share * of_shift), z, _over_maps(share * inverse * of_scale)
        )
        grad = grad * _over_maps(factor)
        if ctx.columns.larger:
            of_columns = torch.zeros_like(ctx.columns.value)
            ctx.rows.add_gradient(of_columns, grad)
            ctx.columns.add_gradient(of_z, of_columns)
        else:
            ctx.rows.add_gradient(of_z, grad)
        return of_z, of_scale, of_shift, None, None
