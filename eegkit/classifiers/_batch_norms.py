"""Layers of batch normalisation, and what they see of some trials."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from eegkit.blocks import release
from eegkit.classifiers._batches import as_input

KINDS = (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d, torch.nn.BatchNorm3d, torch.nn.SyncBatchNorm)
# Means and variances of the layers in the order in which they work, and for how many trials.
Moments = tuple[list[NDArray[np.float64]], list[NDArray[np.float64]], float]


def has_batch_norm(module: torch.nn.Module) -> bool:
    """Whether a net normalises by running statistics."""
    return any(isinstance(m, KINDS) and m.running_mean is not None for m in module.modules())


class BatchNorms:
    """A copy of a fitted net's module, whose normalisation can be set and watched.

    Parameters
    ----------
    classifier : NeuralClassifier
        Fitted; it is left as it is.
    """

    def __init__(self, classifier: Any) -> None:
        self.module = copy.deepcopy(classifier.module_).eval()
        self.device = classifier.net_.device
        self.shape = classifier.padded_shape
        self.batch_size = max(256, classifier.batch_size)
        self.layers = self._in_order()

    def _in_order(self) -> list[Any]:
        """The layers that work, in that order."""
        layers: list[Any] = []

        def note(layer: torch.nn.Module, *_: Any) -> None:
            if layer not in layers:
                layers.append(layer)

        norms = [m for m in self.module.modules() if isinstance(m, KINDS)]
        with _hooks([m for m in norms if m.running_mean is not None], note):
            self.proba(np.zeros((1, *self.shape), dtype=np.float32))
        return layers

    def proba(
        self, array: NDArray[Any], rows: NDArray[np.intp] | None = None
    ) -> NDArray[np.float32]:
        """Class probabilities of trials, or some of them, under the statistics as they are set."""
        rows = np.arange(len(array)) if rows is None else rows
        parts = []
        with torch.no_grad():
            for start in range(0, len(rows), self.batch_size):
                batch = as_input(array[rows[start : start + self.batch_size]], self.shape)
                parts.append(self.module(batch.to(self.device)).softmax(-1).cpu().numpy())
                release(array)
        return np.concatenate(parts)

    @property
    def statistics(self) -> Moments:
        """Those that are set."""
        means = [_as_array(layer.running_mean) for layer in self.layers]
        return means, [_as_array(layer.running_var) for layer in self.layers], 1.0

    @statistics.setter
    def statistics(self, moments: Moments) -> None:
        for layer, mean, variance in zip(self.layers, *moments[:2], strict=True):
            layer.running_mean.copy_(torch.as_tensor(mean))
            layer.running_var.copy_(torch.as_tensor(variance))

    def adapt(
        self, array: NDArray[Any], rows: NDArray[np.intp], prior: Moments | None = None
    ) -> Moments:
        """Set the statistics to those of some trials, and of a prior, layer after layer."""
        for i, layer in enumerate(self.layers):
            parts = self._moments(array, rows, layer)
            if prior is not None:
                parts.append(([prior[0][i]], [prior[1][i]], prior[2]))
            (mean,), (variance,), _ = pooled(parts)
            layer.running_mean.copy_(torch.as_tensor(mean))
            layer.running_var.copy_(torch.as_tensor(variance))
        return (*self.statistics[:2], float(len(rows)))

    def _moments(self, array: NDArray[Any], rows: NDArray[np.intp], layer: Any) -> list[Moments]:
        """The moments of what reaches a layer, batch by batch."""
        parts: list[Moments] = []

        def note(_: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
            values = inputs[0].double()
            axes = [axis for axis in range(values.ndim) if axis != 1]
            mean, variance = values.mean(axes), values.var(axes, correction=0)
            parts.append(([_as_array(mean)], [_as_array(variance)], float(len(values))))

        with _hooks([layer], note):
            self.proba(array, rows)
        return parts


def pooled(parts: list[Moments]) -> Moments:
    """The moments of several lots of trials together."""
    weights = np.array([weight for *_, weight in parts])
    means, variances = [], []
    for layer in range(len(parts[0][0])):
        centres = np.stack([part[0][layer] for part in parts])
        spreads = np.stack([part[1][layer] for part in parts])
        mean = np.average(centres, axis=0, weights=weights)
        means.append(mean)
        variances.append(np.average(spreads + (centres - mean) ** 2, axis=0, weights=weights))
    return means, variances, float(weights.sum())


@contextmanager
def _hooks(layers: list[Any], function: Callable[..., None]) -> Iterator[None]:
    """Call a function of each layer, and of its input, whenever it works."""
    handles = [layer.register_forward_pre_hook(function) for layer in layers]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _as_array(tensor: torch.Tensor) -> NDArray[np.float64]:
    return tensor.double().cpu().numpy()
