"""Batch norm and max pooling while training, in fewer passes over the large array than torch's.

A scale that is not negative commutes with the maximum, so that maxima are normalised, a quarter of
the values. On the way back the gradient is one of the maxima, and a straight line of all values.

Shapes: B images of M maps of H x W, the maps side by side in memory (channels last).
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import nn
from torch.autograd import Function
from torch.nn import functional as F

# Fewer maps are not worth a loop of the processor: the last axis is taken with them.
FEW_MAPS = 64


def norm_and_pool(
    x: torch.Tensor, norm: nn.BatchNorm2d, size: tuple[int, int], sign: torch.Tensor | None = None
) -> torch.Tensor:
    """Batch norm while training of ``x * sign``, and the maxima of windows that do not overlap.

    Parameters
    ----------
    x : Tensor, shape (B, M, H, W)
    norm : nn.BatchNorm2d
        Its running statistics follow those of the batch.
    size : tuple of int
        Of the windows.
    sign : Tensor, shape (M,), optional
        1 or -1, that of the norm's scale, which is not zero; None where all are positive.

    Returns
    -------
    Tensor, shape (B, M, H', W')
    """
    n_maps = x.shape[1]
    n_values = x.numel() // n_maps
    if n_values < 2:
        return F.max_pool2d(norm(x), size)  # torch's error
    mean, variance = _moments(x.detach(), n_maps)
    _remember(norm, mean if sign is None else mean * sign, variance, n_values)
    weight = norm.weight if sign is None else norm.weight * sign
    inverse_sd = variance.add_(norm.eps).rsqrt_()
    y, *_ = cast(Any, _NormAndPool.apply)(x, weight, norm.bias, mean, inverse_sd, norm.eps, size)
    return cast(torch.Tensor, y)


def _remember(
    norm: nn.BatchNorm2d, mean: torch.Tensor, variance: torch.Tensor, n_values: int
) -> None:
    """Let the running statistics follow those of a batch."""
    momentum = cast(float, norm.momentum)
    cast(torch.Tensor, norm.num_batches_tracked).add_(1)
    cast(torch.Tensor, norm.running_mean).lerp_(mean, momentum)
    cast(torch.Tensor, norm.running_var).lerp_(variance * (n_values / (n_values - 1)), momentum)


def _rows(x: torch.Tensor) -> torch.Tensor:
    """The values as they lie in memory, all maps once or several times in a row."""
    n_maps = x.shape[1]
    width = n_maps if n_maps >= FEW_MAPS else n_maps * x.shape[3]
    return x.permute(0, 2, 3, 1).reshape(-1, width)


def _images(rows: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Rows as images again."""
    n, n_maps, height, width = like.shape
    return rows.view(n, height, width, n_maps).permute(0, 3, 1, 2)


def _along(rows: torch.Tensor, of_maps: torch.Tensor) -> torch.Tensor:
    """A value of every map, for every value of a row."""
    times = rows.shape[1] // len(of_maps)
    return of_maps if times == 1 else of_maps.repeat(times)


def _sums(rows: torch.Tensor, n_maps: int) -> torch.Tensor:
    sums = rows.sum(0)
    return sums if len(sums) == n_maps else sums.view(-1, n_maps).sum(0)


def _moments(x: torch.Tensor, n_maps: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Means and variances of the maps."""
    means, variances = torch.batch_norm_update_stats(_rows(x), None, None, 0.0)
    if len(means) == n_maps:
        return means, variances
    means, variances = means.view(-1, n_maps), variances.view(-1, n_maps)
    return means.mean(0), variances.mean(0) + means.var(0, correction=0)


class _NormAndPool(Function):
    """Differentiated twice it is torch's."""

    @staticmethod
    def forward(
        x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, mean: torch.Tensor,
        inverse_sd: torch.Tensor, eps: float, size: tuple[int, int],
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:  # fmt: skip
        maxima, index = F.max_pool2d(x, size, return_indices=True)
        rows, scale = _rows(maxima), weight * inverse_sd
        shift = torch.addcmul(bias, mean, scale, value=-1)
        y = torch.addcmul(_along(rows, shift), rows, _along(rows, scale))
        return _images(y, maxima), rows, index

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[torch.Tensor, ...]) -> None:
        *tensors, ctx.eps, ctx.size = inputs
        ctx.mark_non_differentiable(*output[1:])
        ctx.save_for_backward(*tensors, *output[1:])

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, weight, bias, mean, inverse_sd, maxima, index = ctx.saved_tensors
        if torch.is_grad_enabled():
            return *_by_torch(ctx, (x, weight, bias), grads[0]), None, None, None, None
        n_maps, scale = len(weight), weight * inverse_sd
        grad = grads[0].contiguous(memory_format=torch.channels_last)
        rows = _rows(grad)
        of_bias = _sums(rows, n_maps)
        residuals = maxima - _along(rows, mean)
        of_weight = _sums(residuals.mul_(rows), n_maps).mul_(inverse_sd)
        if not ctx.needs_input_grad[0]:
            return None, of_weight, of_bias, None, None, None, None
        of_x = torch.ops.aten.max_pool2d_with_indices_backward(
            _images(rows * _along(rows, scale), grad),
            x, ctx.size, ctx.size, (0, 0), (1, 1), False, index,
        )  # fmt: skip
        rows = _rows(of_x)
        per_value = scale / (-x.numel() // n_maps)
        slope = per_value * inverse_sd * of_weight
        offset = torch.addcmul(per_value * of_bias, slope, mean, value=-1)
        rows.addcmul_(_rows(x), _along(rows, slope)).add_(_along(rows, offset))
        return of_x, of_weight, of_bias, None, None, None, None


def _by_torch(
    ctx: Any, tensors: tuple[torch.Tensor, ...], grad: torch.Tensor
) -> list[torch.Tensor | None]:
    """The gradients of x, weight and bias as functions that are differentiated again."""
    x, weight, bias = tensors
    y = F.max_pool2d(F.batch_norm(x, None, None, weight, bias, True, 0.0, ctx.eps), ctx.size)
    parts = [part for part in tensors if part.requires_grad]
    gradients = iter(torch.autograd.grad(y, parts, grad, create_graph=True))
    return [next(gradients) if part.requires_grad else None for part in tensors]
