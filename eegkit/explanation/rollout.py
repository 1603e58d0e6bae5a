"""Attention rollout: where the tokens that are classified get what they hold from."""

from __future__ import annotations

import torch
from torch import nn

from eegkit.classifiers.feature_maps import AttentionMap
from eegkit.explanation.answers import Answer, Question
from eegkit.explanation.gradcam import refuse_transforms, spread
from eegkit.explanation.modules import hooks
from eegkit.parameters import ParameterError


def attention_rollout(question: Question) -> Answer:
    """The attention of all layers multiplied, half of each for what passes it by [1]_.

    It is the same whatever class is explained, and knows nothing of the head.

    References
    ----------
    .. [1] S. Abnar, W. Zuidema (2020), Quantifying attention flow in transformers, ACL,
       arXiv:2005.00928.
    """
    net = question.net
    place = getattr(net.module, "attention_map", lambda: None)()
    if place is None:
        raise ParameterError(
            f"attention_rollout needs layers of self-attention over parts of the trial, of which "
            f"{net.name} names none; use saliency, input_x_gradient, integrated_gradients, "
            "deep_lift, smoothgrad, gradcam or occlusion.",
            "method",
        )
    refuse_transforms(net, question.method)

    def attribute(x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        tokens: list[torch.Tensor] = []

        def keep(layer: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
            tokens.append(inputs[0].detach().clone())

        # With gradients, lest torch's encoder takes a way around its layers.
        with hooks(place.layers, keep, before=True):
            net.whole(x.requires_grad_())
        with torch.no_grad():
            return spread(place.relevance(_rolled(place, tokens)), place.span, net)

    return Answer(net.map(attribute, question.X, question.codes, net.rows))


def _rolled(place: AttentionMap, tokens: list[torch.Tensor]) -> torch.Tensor:
    """How much of each token at the beginning is in each at the end, (n, n_tokens, n_tokens)."""
    rolled = torch.eye(tokens[0].shape[1], device=tokens[0].device)
    unchanged = rolled
    for layer, x in zip(place.layers, tokens, strict=True):
        weights = place.weights(layer, x).mean(1)
        rolled = (weights + unchanged) / 2 @ rolled
    return rolled
