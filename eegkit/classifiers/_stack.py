"""The weights of several nets as one array, so that one forward pass serves all."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.func import functional_call, vmap

from eegkit.classifiers._generators import Stream
from eegkit.classifiers._stacked import stacked
from eegkit.classifiers._stacked_layers import stack_layers
from eegkit.classifiers._weights import hold_statistics


class Row:
    """A module whose trained weights lie in one vector, and its optimiser, which trains that.

    Parameters
    ----------
    module : nn.Module
        Its weights are views of the vector from now on.
    optimizer : torch.optim.Optimizer
        Of one group of the module's parameters, without a state.
    """

    def __init__(self, module: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        self.module, self.optimizer = module, optimizer
        self.parameters = [p for p in module.parameters() if p.requires_grad]
        self.sizes = [p.numel() for p in self.parameters]
        self.vector = nn.Parameter(torch.cat([p.detach().flatten() for p in self.parameters]))
        self._group = optimizer.param_groups[0]
        self._before = self._group["params"]
        self._group["params"] = [self.vector]

    def lie_in(self, vector: torch.Tensor) -> None:
        """Let the weights be those of another vector."""
        self.vector.data = vector
        for parameter, part in zip(self.parameters, vector.split(self.sizes), strict=True):
            parameter.data = part.view(parameter.shape)

    def release(self) -> None:
        """Give the module weights of its own again, and the optimiser their states."""
        state = self.optimizer.state.pop(self.vector, {})
        self._group["params"] = self._before
        for number, parameter in enumerate(self.parameters):
            parameter.data = parameter.data.clone()
            self.optimizer.state[parameter] = {
                name: self._part(value, number) for name, value in state.items()
            }
        for buffer in self.module.buffers():
            buffer.data = buffer.data.clone()

    def _part(self, value: Any, number: int) -> Any:
        """What a state of the whole vector is of one parameter."""
        if not isinstance(value, torch.Tensor):
            return value
        if value.shape != self.vector.shape:
            return value.clone()
        return value.split(self.sizes)[number].view(self.parameters[number].shape).clone()


class Stack:
    """Nets of one architecture, whose weights and statistics lie side by side.

    Parameters
    ----------
    rows : sequence of Row
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        first = rows[0]
        self.sizes = first.sizes
        self.trained = [(n, p.shape) for n, p in first.module.named_parameters() if p.requires_grad]
        modules = [row.module for row in rows]
        self.fixed = {
            name: torch.stack([m.get_parameter(name).detach() for m in modules])
            for name, p in first.module.named_parameters()
            if not p.requires_grad
        }
        self.buffers = {
            name: torch.stack([m.get_buffer(name) for m in modules])
            for name, _ in first.module.named_buffers()
        }
        self.weights = torch.stack([row.vector.detach() for row in rows])
        # What the weights are put into to be called.
        self.template = copy.deepcopy(first.module).train()
        hold_statistics(self.template)
        stack_layers(self.template)
        for number, row in enumerate(rows):
            row.lie_in(self.weights[number])
            for name, values in self.buffers.items():
                row.module.get_buffer(name).data = values[number]

    def forward(
        self, members: Sequence[int], X: torch.Tensor, streams: Sequence[Stream]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The logits of some of the nets, each for a batch of its own, while training.

        Parameters
        ----------
        members : sequence of int
            Which nets, in order.
        X : Tensor, shape (n_members, batch_size, *input_shape)
        streams : sequence of Stream
            The random numbers of each.

        Returns
        -------
        logits : Tensor, shape (n_members, batch_size, n_classes)
        weights : Tensor, shape (n_members, n_weights)
            Of which the logits are a function.
        """
        weights, fixed, buffers = self.weights, self.fixed, self.buffers
        everybody = len(members) == len(weights)
        if not everybody:
            index = torch.tensor(members)
            weights, fixed, buffers = weights[index], _rows(fixed, index), _rows(buffers, index)
        weights = weights.detach().requires_grad_()
        parts = zip(self.trained, weights.split(self.sizes, 1), strict=True)
        trained = {name: part.unflatten(1, shape) for (name, shape), part in parts}
        with stacked(streams):
            logits = vmap(self._call)(trained | fixed, buffers, X)
        if not everybody:
            for name, values in buffers.items():
                self.buffers[name][index] = values
        return logits, weights

    def _call(self, weights: Any, buffers: Any, X: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = functional_call(self.template, (weights, buffers), (X,))
        return logits


def _rows(stacks: dict[str, torch.Tensor], index: torch.Tensor) -> dict[str, torch.Tensor]:
    return {name: values[index] for name, values in stacks.items()}
