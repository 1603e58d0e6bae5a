"""GRU and LSTM as several nets go through them at once: one product for all of them at every step.

Same outputs as of each net alone, up to rounding, and the same random numbers between layers.

Shapes: N nets of D directions, T steps, B trials, F features, H units, G gates of them; M = N * D.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import chain
from typing import Any

import torch
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from eegkit.classifiers._stacked import drop, each_row, on_stack

# Layers of more units are as fast net by net, or were not measured; torch's LSTM is one call, its
# GRU many at each step.
MOST_UNITS = {"LSTM": 32, "GRU": 128}
# Values of the gates of all steps, up to which one product for all nets is faster than torch's
# layers net by net: its LSTM keeps what it works on in the processor's cache, its GRU does not.
MOST_GATES = {"LSTM": 2**20, "GRU": 2**23}

Tensors = Sequence[torch.Tensor]


def forward(layer: Any, x: Any, hx: Any = None) -> Any:
    """As the layer of one net is called; what the rest here does not do is left to vmap."""
    if layer.hidden_size > MOST_UNITS.get(layer.mode, 0):
        raise ValueError(f"torch's {layer.mode} of {layer.hidden_size} units is as fast net by net")
    is_plain = hx is None and isinstance(x, torch.Tensor) and x.ndim == 3 and not layer.proj_size
    if not is_plain or not layer.training or layer.dropout == 1:
        return type(layer).forward(layer, x, hx)
    y, *last = on_stack(partial(recur, layer), x, *chain(*layer.all_weights))
    return y, tuple(last) if len(last) > 1 else last[0]


def recur(layer: Any, x: torch.Tensor, *weights: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """What a layer of torch gives for each of several nets.

    Parameters
    ----------
    layer : nn.RNNBase
        Without projections.
    x : Tensor, shape (N, B, T, F) or (N, T, B, F)
        As ``layer.batch_first`` says.
    *weights : Tensor, shape (N, ...)
        In the order of ``layer.all_weights``.

    Returns
    -------
    tuple of Tensor
        The outputs, shape (N, B, T, D * H) or (N, T, B, D * H), and the last states, shape
        (N, n_layers * D, B, H) each.
    """
    y = x.transpose(1, 2) if layer.batch_first else x
    size, states = len(weights) // layer.num_layers, []
    for number in range(layer.num_layers):
        y = each_row(partial(drop, p=layer.dropout), y) if number and layer.dropout else y
        y, *state = _through_one(layer, y, weights[number * size : (number + 1) * size])
        states.append(state)
    last = [torch.cat(parts, 1) for parts in zip(*states, strict=True)]
    return (y.transpose(1, 2) if layer.batch_first else y, *last)


def _through_one(layer: Any, x: torch.Tensor, weights: Tensors) -> Tensors:
    """One layer of several: (N, T, B, F) to (N, T, B, D * H), and states (N, D, B, H)."""
    n_directions = 1 + layer.bidirectional
    if x[..., 0].numel() * n_directions * weights[0].shape[1] <= MOST_GATES.get(layer.mode, 0):
        return _at_once(layer, x, weights)
    begin = x.new_zeros(n_directions, x.shape[2], layer.hidden_size)
    nets = zip(x, *weights, strict=True)
    parts = [layer.run_layer(of_net, begin, own) for of_net, *own in nets]
    return [torch.stack(of_nets) for of_nets in zip(*parts, strict=True)]


def _at_once(layer: Any, x: torch.Tensor, weights: Tensors) -> Tensors:
    n_steps, n_trials = x.shape[1:3]
    n_directions = 1 + layer.bidirectional
    size = len(weights) // n_directions
    of_x, of_h, *biases = (
        torch.stack(list(weights[i::size]), 1) for i in range(size)
    )  # (N, D, ...)
    bias_x, bias_h = biases or [of_h.new_zeros(of_h.shape[:-1])] * 2
    x = torch.bmm(of_x.flatten(1, 2), x.flatten(1, 2).mT)  # (N, D*G*H, T*B)
    x = x.unflatten(2, (n_steps, n_trials)).unflatten(1, (n_directions, -1))
    x = x.permute(3, 0, 1, 2, 4)  # (T, N, D, G*H, B)
    if layer.mode == "LSTM":
        x = _turned(x + (bias_x + bias_h)[..., None])
        h, *last = _LSTM.apply(x.flatten(1, 2), of_h.flatten(0, 1))
    else:
        x = _turned(x + bias_x[..., None])
        h, *last = (_GRU.apply(x.flatten(1, 2), of_h.flatten(0, 1), bias_h.flatten(0, 1)),)
    y = _turned(h.unflatten(1, (-1, n_directions)))  # (T, N, D, H, B)
    states = [state.unflatten(0, (-1, n_directions)).mT for state in (h[-1], *last)]
    return [y.permute(1, 0, 4, 2, 3).flatten(3), *states]


def _turned(x: torch.Tensor) -> torch.Tensor:
    """(T, N, D, ...), the second direction from its end."""
    first, *second = x.unbind(2)
    return torch.stack([first, *(part.flip(0) for part in second)], 2)


def _over_steps(d: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
    """The gradient by the weights of the states: (T, M, K, B) and (T, M, H, B) to (M, K, H)."""
    return torch.bmm(d.permute(1, 2, 0, 3).flatten(2), h.permute(1, 2, 0, 3).flatten(2).mT)


class _LSTM(Function):
    """The states of all steps (T, M, H, B), and the last cells, of the gates' inputs.

    Gates, (T, M, 4*H, B), are those of input and forgetting, the new values, and the output's.
    """

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor) -> Any:
        n_units, n_trials = weight.shape[2], x.shape[3]
        gates = torch.empty_like(x)
        shape = len(x) + 1, x.shape[1], n_units, n_trials
        h, cells, tanh = (x.new_zeros(shape) for _ in range(3))
        steps = zip(x, gates, h[:-1], h[1:], cells[:-1], cells[1:], tanh[1:], strict=True)
        for of_x, gate, h_before, h_next, before, after, of_cell in steps:
            torch.baddbmm(of_x, weight, h_before, out=gate)
            i, f, n, o = gate.chunk(4, 1)
            gate[:, : 2 * n_units].sigmoid_()
            n.tanh_()
            o.sigmoid_()
            torch.mul(f, before, out=after).addcmul_(i, n)
            torch.mul(o, torch.tanh(after, out=of_cell), out=h_next)
        ctx.save_for_backward(gates, h[:-1], cells[:-1], tanh[1:], weight)
        return h[1:], cells[-1]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        gates, h, cells, tanh, weight = ctx.saved_tensors
        of_states, of_cell = grads
        i, f, n, o = gates.chunk(4, 2)
        # What the gradients of cells, and of the last gate those of states, are multiplied with.
        of_gates = [(i - i * i) * n, (f - f * f) * cells, i * (1 - n * n), (o - o * o) * tanh]
        d = torch.stack(of_gates, 2)  # (T, M, 4, H, B)
        to_cell = o * (1 - tanh * tanh)
        of_state = torch.zeros_like(of_cell)
        for step in reversed(range(len(d))):
            of_state = of_state + of_states[step]
            of_cell = torch.addcmul(of_cell, of_state, to_cell[step])
            d[step, :, 3].mul_(of_state)
            d[step, :, :3].mul_(of_cell[:, None])
            of_cell = of_cell * f[step]
            of_state = torch.bmm(weight.mT, d[step].flatten(1, 2))
        d = d.flatten(2, 3)
        return d, _over_steps(d, h)


class _GRU(Function):
    """The states of all steps (T, M, H, B) of the gates' inputs.

    Gates, (T, M, 3*H, B), are those of resetting and of updating, and the new values.
    """

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> Any:
        size = 2 * weight.shape[2]
        gates, of_h = torch.empty_like(x), torch.empty_like(x)
        h = x.new_zeros(len(x) + 1, x.shape[1], weight.shape[2], x.shape[3])
        offset = bias[..., None]
        for of_x, gate, own, before, after in zip(x, gates, of_h, h[:-1], h[1:], strict=True):
            torch.baddbmm(offset, weight, before, out=own)
            torch.add(of_x[:, :size], own[:, :size], out=gate[:, :size]).sigmoid_()
            r, z, n = gate.chunk(3, 1)
            torch.addcmul(of_x[:, size:], r, own[:, size:], out=n).tanh_()
            torch.lerp(n, before, z, out=after)
        ctx.save_for_backward(gates, of_h[:, :, size:], h[:-1], weight)
        return h[1:]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        gates, reset, h, weight = ctx.saved_tensors
        r, z, n = gates.chunk(3, 2)
        # What the gradients of states are multiplied with.
        of_new = (1 - z) * (1 - n * n)
        of_gates = [of_new * reset * (r - r * r), (h - n) * (z - z * z), of_new * r, of_new]
        d = torch.stack(of_gates, 2)  # (T, M, 4, H, B)
        of_state = torch.zeros_like(h[0])
        for step in reversed(range(len(d))):
            of_state = of_state + grads[0][step]
            d[step].mul_(of_state[:, None])
            own = d[step, :, :3].flatten(1, 2)
            of_state = torch.baddbmm(of_state * z[step], weight.mT, own)
        of_h = d[:, :, :3].flatten(2, 3)
        of_x = torch.cat([d[:, :, :2], d[:, :, 3:]], 2).flatten(2, 3)
        return of_x, _over_steps(of_h, h), of_h.sum((0, 3))
