"""Where a net's feature map and its attention are, for maps of what it looks at.

A module says so by methods of its own, ``feature_map()`` and ``attention_map()``, so that the nets
of plugins are explained as those of the core are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn


def _as_is(x: torch.Tensor) -> torch.Tensor:
    return x


def _only_tensor(output: Any) -> torch.Tensor:
    return output


@dataclass(frozen=True)
class FeatureMap:
    """The layer of a net whose output is a map over the input.

    Parameters
    ----------
    layer : torch.nn.Module
        Of the net; it works once in a forward pass.
    maps : callable, optional
        What brings the layer's output, or a gradient of it, to the shape
        ``(n_trials, n_maps, *grid)``. A grid of one axis is along time, one of two along frequency
        and time, one of three has the EEG channels before them. By default the output has this
        shape.
    tensor : callable, optional
        Which tensor of the output is meant, where a layer gives several.
    span : tuple of int, optional
        The shape that the grid covers, where that is not the input's: an image filled up to whole
        patches, or one that has channels and frequencies on one axis. By default the input's
        last axes.

    Examples
    --------
    >>> from torch import nn
    >>> from eegkit.classifiers import FeatureMap
    >>> class Module(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.convolution = nn.Conv1d(22, 40, 20)  # to (n_trials, 40, n_steps)
    ...     def feature_map(self):
    ...         return FeatureMap(self.convolution)
    """

    layer: nn.Module
    maps: Callable[[torch.Tensor], torch.Tensor] = _as_is
    tensor: Callable[[Any], torch.Tensor] = _only_tensor
    span: tuple[int, ...] | None = None


@dataclass(frozen=True)
class AttentionMap:
    """The layers of self-attention of a net, in the order in which they work.

    Parameters
    ----------
    layers : sequence of torch.nn.Module
        Each is called with the tokens, shape (n_trials, n_tokens, width), first.
    weights : callable
        ``weights(layer, tokens)``: how much each token attends to each other, shape (n_trials,
        n_heads, n_tokens, n_tokens).
    relevance : callable
        Of the rolled out attention, (n_trials, n_tokens, n_tokens), the part that the classifier
        reads, over the grid: ``(n_trials, *grid)``.
    span : tuple of int, optional
        As of `FeatureMap`.

    See Also
    --------
    attention_weights : the weights of torch's layer, with an example.
    """

    layers: Sequence[nn.Module]
    weights: Callable[[Any, torch.Tensor], torch.Tensor]
    relevance: Callable[[torch.Tensor], torch.Tensor]
    span: tuple[int, ...] | None = None


def attention_weights(layer: nn.MultiheadAttention, tokens: torch.Tensor) -> torch.Tensor:
    """The weights of torch's self-attention, for `AttentionMap`.

    Parameters
    ----------
    layer : torch.nn.MultiheadAttention
        With ``batch_first=True``.
    tokens : Tensor, shape (n_trials, n_tokens, width)
        What it is given.

    Returns
    -------
    Tensor, shape (n_trials, n_heads, n_tokens, n_tokens)
        How much each token attends to each other; they add up to 1.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from eegkit.classifiers import attention_weights
    >>> layer = nn.MultiheadAttention(8, num_heads=2, batch_first=True).eval()
    >>> tuple(attention_weights(layer, torch.ones(4, 5, 8)).shape)
    (4, 2, 5, 5)
    """
    return layer(tokens, tokens, tokens, need_weights=True, average_attn_weights=False)[1]
