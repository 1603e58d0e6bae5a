"""Layers as several nets go through them at once: many layers by one call, in a fast layout.

vmap alone copies large arrays between layers, and every call of `on_stack` takes as long as a small
layer. Same outputs as of each net alone, up to rounding. Subclasses of layers, which may do
something else, go their own way.

Shapes: N nets, B trials, C channels. Arrays are (N, B, C, ...) whatever lies next to what in
memory: a layer takes the axes in the order that costs no copy, and leaves them so to the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import Any, cast

import torch
from torch import nn
from torch.autograd import Function
from torch.nn import functional as F
from torch.nn.utils.parametrize import is_parametrized

from eegkit.classifiers import _stacked_recurrent, layers
from eegkit.classifiers._random_layers import LAYERS as RANDOM_LAYERS
from eegkit.classifiers._stacked import each_row, is_stacked, on_stack

# Of a row: so many, or fewer, are one product in less time than torch's pooling takes both ways.
FEW_MEANS = 32
# In shorter rows, torch's own batch norm is as fast or faster.
LONG_ROW = 16


def in_memory_order(function: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor) -> Any:
    """A function that changes the length of the last axis alone, whatever axes are in front."""
    order = sorted(range(x.ndim - 1), key=x.stride, reverse=True)
    back = sorted(range(x.ndim - 1), key=order.__getitem__)
    return function(x.permute(*order, -1)).permute(*back, -1)


def _as_it_is(layer: Any, x: torch.Tensor) -> Any:
    return type(layer).forward(layer, x)


def _average(layer: Any, x: torch.Tensor) -> Any:
    length, stride = layer.kernel_size[-1], layer.stride[-1]
    average = partial(F.avg_pool1d, kernel_size=length, stride=stride)

    def along_time(x: torch.Tensor) -> torch.Tensor:
        rows, n_times = x.flatten(0, -2), x.shape[-1]
        is_few = (n_times - length) // stride < FEW_MEANS
        y = rows @ average(torch.eye(n_times, dtype=x.dtype)) if is_few else average(rows)
        return y.unflatten(0, x.shape[:-1])

    return in_memory_order(along_time, x)


def _flatten(layer: Any, x: torch.Tensor) -> torch.Tensor:
    return x.flatten(2)


def _pad(layer: nn.ZeroPad2d, x: torch.Tensor) -> Any:
    if any(layer.padding[2:]):
        return F.pad(x, layer.padding)
    return in_memory_order(lambda x: F.pad(x, layer.padding[:2]), x)


def _drop(layer: Any, x: torch.Tensor) -> torch.Tensor:
    if not 0 < layer.p < 1:
        return F.dropout(x, layer.p)
    return x * each_row(partial(layers.kept, layer), x)


def _linear(
    layer: nn.Linear, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None
) -> torch.Tensor:
    # In this order none of the gradients is a product that is slow, of few columns by many rows.
    y = torch.bmm(weight, x.flatten(1, -2).mT).mT
    y = y if bias is None else y + bias[:, None]
    return y.unflatten(1, x.shape[1:-1])


def _convolve(
    layer: Any, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None
) -> torch.Tensor:
    """A convolution of N times as many groups."""
    n_nets, padding = len(x), layer.padding
    x = x.transpose(0, 1).flatten(1, 2)
    if isinstance(padding, tuple) and padding[-1] and not any(padding[:-1]):
        # Over time alone, the convolution's own padding makes it several times as slow.
        x, padding = F.pad(x, 2 * padding[-1:]), 0
    function = F.conv1d if len(layer.kernel_size) == 1 else F.conv2d
    y = function(
        x, weight.flatten(0, 1),
        None if bias is None else bias.flatten(),
        layer.stride, padding, layer.dilation, n_nets * layer.groups,
    )  # fmt: skip
    return y.unflatten(1, (n_nets, -1)).transpose(0, 1)


class _BatchNorm(Function):
    """Of x of shape (B, C, T), with means and variances as passes over whole rows.

    The way forward takes a third of the time of torch's, which goes value by value.
    """

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, eps: float
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        n_values = x.shape[0] * x.shape[2]
        mean = x.sum(2).sum(0) / n_values
        y = x - mean[:, None]
        variance = torch.linalg.vector_norm(y, dim=2).square().sum(0) / n_values
        inverse_sd = (variance + eps).rsqrt()
        y.mul_((weight * inverse_sd)[:, None]).add_(bias[:, None])
        ctx.save_for_backward(x, weight, mean, inverse_sd)
        ctx.mark_non_differentiable(mean, variance)
        return y, mean, variance

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, weight, mean, inverse_sd = ctx.saved_tensors
        backward = torch.ops.aten.native_batch_norm_backward
        by = backward(
            grads[0].contiguous(), x, weight, None, None, mean, inverse_sd, True, 0.0, [True] * 3
        )
        return *by, None


def _norm_of_rows(
    layer: Any, x: torch.Tensor, *, running_mean: torch.Tensor, running_var: torch.Tensor,
    weight: torch.Tensor, bias: torch.Tensor,
) -> torch.Tensor:  # fmt: skip
    """As `F.batch_norm` in training, of x of shape (B, C, T)."""
    y, mean, variance = cast(Any, _BatchNorm.apply)(x, weight, bias, layer.eps)
    n_values = x.shape[0] * x.shape[2]
    running_mean.lerp_(mean, layer.momentum)
    running_var.lerp_(variance * (n_values / (n_values - 1)), layer.momentum)
    return cast(torch.Tensor, y)


def _normalise(layer: Any, x: torch.Tensor, **of_nets: torch.Tensor) -> torch.Tensor:
    """One norm of N * C channels, the running statistics of each net among them."""
    of_nets.pop("num_batches_tracked").add_(1)
    front = (1, 2) if x.stride(2) > x.stride(1) else (0, 1)
    y = x.transpose(*front)  # (N, C, B, ...), or (B, N, C, ...)
    flat = y.reshape(1 if front == (1, 2) else len(y), x.shape[0] * x.shape[2], -1)
    tensors: dict[str, Any] = {name: part.flatten() for name, part in of_nets.items()}
    if flat.shape[-1] < LONG_ROW:
        tensors |= {"training": True, "momentum": layer.momentum, "eps": layer.eps}
        flat = F.batch_norm(flat, **tensors)
    else:
        flat = _norm_of_rows(layer, flat, **tensors)
    return flat.reshape(y.shape).transpose(*front)


Rule = Callable[..., torch.Tensor]
RULES: dict[type[nn.Module], Rule] = {
    **dict.fromkeys((nn.ELU, nn.ReLU, nn.GELU, nn.Sigmoid, nn.Tanh), _as_it_is),
    nn.AvgPool1d: _average,
    nn.AvgPool2d: _average,
    nn.Flatten: _flatten,
    nn.ZeroPad2d: _pad,
    layers.Dropout: _drop,
    RANDOM_LAYERS[nn.Dropout]: _drop,
    nn.Linear: _linear,
    nn.Conv1d: _convolve,
    nn.Conv2d: _convolve,
    nn.BatchNorm1d: _normalise,
    nn.BatchNorm2d: _normalise,
}

# Layers that do not make one tensor of one.
CALLS = {RANDOM_LAYERS[t]: _stacked_recurrent.forward for t in (nn.GRU, nn.LSTM, nn.RNN)}


def rule_of(layer: nn.Module) -> Rule | None:
    """How several nets go through a layer at once; None where vmap has to find out.

    ``rule(x, **tensors)`` takes x of shape (N, B, ...), and the layer's parameters and buffers by
    name, with N in front. A layer has one as its method ``of_nets``.
    """
    if is_parametrized(layer):
        return None
    if hasattr(layer, "of_nets"):
        return cast(Rule, layer.of_nets)
    rule, facts = RULES.get(type(layer)), cast(Any, layer)
    is_plain = (
        (rule is not _convolve or facts.padding_mode == "zeros")
        and (rule is not _flatten or (facts.start_dim, facts.end_dim) == (1, -1))
        and (rule is not _average or _averages_time(layer))
        and (rule is not _normalise or _learns_as_usual(layer))
    )
    return partial(rule, layer) if rule and is_plain else None


def _averages_time(pool: Any) -> bool:
    sizes, strides, padding = pool.kernel_size, pool.stride, pool.padding
    is_flat = all(isinstance(size, tuple) and set(size[:-1]) <= {1} for size in (sizes, strides))
    return is_flat and padding in (0, (0,), (0, 0)) and not pool.ceil_mode


def _learns_as_usual(norm: Any) -> bool:
    has_all = norm.affine and norm.track_running_stats and norm.momentum is not None
    return bool(norm.training and has_all)


class _Sequential(nn.Sequential):
    def forward(self, x: Any) -> Any:
        if not is_stacked():
            return super().forward(x)
        for has_rule, run in groupby(_leaves(self), lambda layer: rule_of(layer) is not None):
            if has_rule:
                x = through(list(run), x)
                continue
            for layer in run:
                x = layer(x)
        return x


def _leaves(layer: nn.Module) -> Iterator[nn.Module]:
    if type(layer) is not _Sequential:
        yield layer
        return
    for part in layer:
        yield from _leaves(part)


def through(run: Sequence[nn.Module], x: torch.Tensor) -> torch.Tensor:
    """What layers with rules make of a net's x, one after the other, for all nets by one call."""
    rules = [rule_of(layer) for layer in run]
    named = [dict(layer.named_parameters()) | dict(layer.named_buffers()) for layer in run]
    sizes = [len(tensors) for tensors in named]

    def function(x: torch.Tensor, *stacks: torch.Tensor) -> torch.Tensor:
        start = 0
        for rule, tensors, size in zip(rules, named, sizes, strict=True):
            assert rule is not None
            x = rule(x, **dict(zip(tensors, stacks[start : start + size], strict=True)))
            start += size
        return x

    tensors = (tensor for of_layer in named for tensor in of_layer.values())
    return cast(torch.Tensor, on_stack(function, x, *tensors))


def stack_layers(module: nn.Module) -> None:
    """Let the layers of a module that is being called for several nets take them at once."""
    for part in module.modules():
        if type(part) is nn.Sequential:
            part.__class__ = _Sequential
        elif type(part) in CALLS and not is_parametrized(part):
            vars(part)["forward"] = partial(CALLS[type(part)], part)
        elif rule_of(part) is not None:
            vars(part)["forward"] = partial(through, [part])
