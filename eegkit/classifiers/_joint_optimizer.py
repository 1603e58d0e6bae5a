"""One step of the optimisers of several nets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from eegkit.classifiers._stack import Row


class JointOptimizer:
    """Takes the steps of the optimisers of nets whose weights are the rows of one array.

    As one step, while they have the same settings and have gone equally far; else one by one. What
    they remember lies side by side, so that each can go on alone at any time.

    Parameters
    ----------
    rows : sequence of Row
    weights : Tensor, shape (n_nets, n_weights)
        The rows' vectors.
    """

    def __init__(self, rows: Sequence[Row], weights: torch.Tensor) -> None:
        self.rows, self.weights = rows, nn.Parameter(weights)
        # Of SGD, which does not count, from here on.
        states = [row.optimizer.state.get(row.vector, {}) for row in rows]
        self._n_steps = [int(state.get("step", 0)) for state in states]
        self._optimizer: Any = None
        self._counts: torch.Tensor | None = None

    def step(self, numbers: Sequence[int], grads: torch.Tensor) -> None:
        """One step of some of the nets.

        Parameters
        ----------
        numbers : sequence of int
            Which.
        grads : Tensor, shape (n_numbers, n_weights)
        """
        if len(numbers) == len(self.rows) and self._is_alike():
            self._step_of_all(grads)
            return
        for number, grad in zip(numbers, grads, strict=True):
            row = self.rows[number]
            row.vector.grad = grad
            row.optimizer.step()
            self._n_steps[number] += 1

    def _is_alike(self) -> bool:
        """Whether one step would be that of each; every net has taken its first by itself."""
        if 0 in self._n_steps or len(set(self._n_steps)) > 1:
            return False
        first, *rest = (_settings(row.optimizer) for row in self.rows)
        return all(settings == first for settings in rest)

    def _step_of_all(self, grads: torch.Tensor) -> None:
        if self._optimizer is None:
            self._join()
        self._optimizer.param_groups[0].update(_settings(self.rows[0].optimizer))
        self.weights.grad = grads
        self._optimizer.step()
        self._n_steps = [n + 1 for n in self._n_steps]
        if self._counts is not None:
            self._counts[1:] = self._counts[0]

    def _join(self) -> None:
        """Lay what the optimisers remember side by side, and have one work on it."""
        optimizer: Any = self.rows[0].optimizer
        self._optimizer = type(optimizer)([{"params": [self.weights], **_settings(optimizer)}])
        states = [row.optimizer.state[row.vector] for row in self.rows]
        joint = self._optimizer.state[self.weights]
        for name, value in states[0].items():
            if not isinstance(value, torch.Tensor):
                joint[name] = value
                continue
            joint[name] = torch.stack([state[name] for state in states])
            for state, part in zip(states, joint[name], strict=True):
                state[name] = part
        if "step" in joint:
            # The joint one counts where the first does.
            self._counts = joint["step"]
            joint["step"] = states[0]["step"]


def _settings(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    return {name: v for name, v in optimizer.param_groups[0].items() if name != "params"}
