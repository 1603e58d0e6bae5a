"""A decoder whose net forgets what it learned, layer by layer from the head."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

from eegkit.explanation.reading import parts


def with_random_weights(reader: Any, n_stages: int, rng: np.random.Generator) -> Iterator[Any]:
    """Copies of a decoder, of which more and more layers are random; of the last all are.

    The weights of a layer change their places, and half of them their signs, so that their sizes
    stay those that were learned and the net stays in its range.

    Parameters
    ----------
    reader : estimator
        A fitted net, or a pipeline that ends in one.
    n_stages : int
    rng : Generator

    Yields
    ------
    estimator
    """
    forgetful = copy.deepcopy(reader)
    layers = layers_from_head(parts(forgetful)[1].module_)
    ends = np.linspace(0, len(layers), n_stages + 1).round().astype(int)
    for start, end in itertools.pairwise(ends):
        for layer in layers[start:end]:
            _shuffle(layer, rng)
        yield forgetful


def layers_from_head(module: nn.Module) -> list[nn.Module]:
    """The layers with weights of their own, the last to be declared first."""
    layers = [
        layer
        for layer in module.modules()
        if next(layer.parameters(recurse=False), None) is not None
    ]
    return layers[::-1]


def _shuffle(layer: nn.Module, rng: np.random.Generator) -> None:
    with torch.no_grad():
        for weight in layer.parameters(recurse=False):
            order = torch.as_tensor(rng.permutation(weight.numel()), device=weight.device)
            signs = torch.as_tensor(rng.choice([-1.0, 1.0], weight.numel())).to(weight)
            weight.copy_((weight.flatten()[order] * signs).view_as(weight))
