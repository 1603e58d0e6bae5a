"""Grad-CAM: a net's feature map, weighed by how much each of its maps matters to a class."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from eegkit.classifiers.feature_maps import FeatureMap
from eegkit.explanation.answers import Answer, Question
from eegkit.explanation.modules import Differentiable, copied, hooks
from eegkit.parameters import ParameterError
from eegkit.text import suggest

MODES = {1: "linear", 2: "bilinear", 3: "trilinear"}


def gradcam(question: Question, *, layer: str | None = None) -> Answer:
    """The feature map's sum, each map weighed by the mean of its gradient; what is negative is 0.

    The map of grid points is spread over the input by linear interpolation: over all channels
    alike, but where the net keeps channels apart [1]_.

    Parameters
    ----------
    layer : str, optional
        The layer by its name in the net's module; by default the one that the net names.

    References
    ----------
    .. [1] R. R. Selvaraju et al. (2017), Grad-CAM: visual explanations from deep networks via
       gradient-based localization, ICCV, arXiv:1610.02391.
    """
    net = question.net
    refuse_transforms(net, question.method)
    place = _place(net, layer)

    def attribute(x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        maps, slopes = _maps_and_slopes(net, place, x.requires_grad_(), target)
        over = tuple(range(-min(2, maps.ndim - 2), 0))  # channels, where kept apart, stay so
        grid = (slopes.mean(over, keepdim=True) * maps).sum(1).clamp_min(0)
        return spread(grid, place.span, net)

    return Answer(net.map(attribute, question.X, question.codes, net.rows))


def _maps_and_slopes(
    net: Differentiable, place: FeatureMap, x: torch.Tensor, target: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The feature map of some trials, and the gradient of their logits, (n, maps, *grid) each."""
    outputs: list[torch.Tensor] = []

    def keep(layer: nn.Module, inputs: Any, output: Any) -> Any:
        outputs.append(place.tensor(output))
        return copied(output)

    with hooks([place.layer], keep):
        logits = net.whole(x).gather(1, target[:, None]).sum()
    (slopes,) = torch.autograd.grad(logits, outputs[-1], allow_unused=True)
    if slopes is None:
        raise ParameterError(
            f"The answer of {net.name} does not depend on this layer, so it has no gradient there; "
            "name another.",
            "layer",
        )
    return place.maps(outputs[-1].detach()), place.maps(slopes)


def spread(grid: torch.Tensor, span: Sequence[int] | None, net: Differentiable) -> torch.Tensor:
    """A map over a grid, (n_trials, *grid), as one over the net's input."""
    n, whole, shape = len(grid), net.padded_shape, net.net_shape
    size = tuple(span or whole[1 - grid.ndim :])
    x = F.interpolate(grid[:, None], size, mode=MODES[len(size)], align_corners=False)[:, 0]
    if len(size) < len(whole) and math.prod(size) == math.prod(whole):
        x = x.reshape(n, *whole)
    kept = shape[len(shape) - x.ndim + 1 :]
    x = x[(slice(None), *(slice(length) for length in kept))]
    return x.reshape(n, *[1] * (len(shape) - len(kept)), *kept).expand(n, *shape)


def refuse_transforms(net: Differentiable, method: str) -> None:
    """Refuse maps over raw trials or spectra, where the net reads something else."""
    if net.goes_through_transforms or net.has_spectrum:
        seen = "their spectrum" if net.has_spectrum else "the raw trials"
        raise ParameterError(
            f"{method} is a map over what {net.name} reads, which is not {seen}; "
            "use space='input'.",
            "space",
        )


def _place(net: Differentiable, layer: str | None) -> FeatureMap:
    """The layer that is named, or that the net names, and how to read it."""
    of_net = getattr(net.module, "feature_map", lambda: None)()
    if layer is None:
        if of_net is None:
            raise ParameterError(
                f"gradcam needs a feature map, of which {net.name} names none; name a layer by "
                "layer=, or use saliency, input_x_gradient, integrated_gradients, deep_lift, "
                "smoothgrad or occlusion.",
                "method",
            )
        return of_net
    layers = dict(net.module.named_modules())
    layers.pop("")
    if layer not in layers:
        raise ParameterError(f"{net.name} has no layer {layer!r}{suggest(layer, layers)}", "layer")
    return _as_place(net, layer, layers[layer], of_net)


def _as_place(
    net: Differentiable, name: str, layer: nn.Module, of_net: FeatureMap | None
) -> FeatureMap:
    """How to read a layer's output: as the net's own where it has that shape, or as it is."""
    if of_net is not None and layer is of_net.layer:
        return of_net
    output = _output(net, layer)
    if isinstance(output, torch.Tensor):
        if of_net is not None and output.shape == of_net.tensor(_output(net, of_net.layer)).shape:
            return replace(of_net, layer=layer, tensor=lambda x: x)
        grid, n_axes = output.shape[2:], len(net.net_shape)
        n_single = 0
        while len(grid) > n_axes - 1 and grid[0] == 1:
            grid, n_single = grid[1:], n_single + 1
        fits = len(grid) == n_axes - 1 or (len(grid) == n_axes and grid[0] == net.net_shape[0])
        if len(output) == 1 and len(grid) > 0 and fits:
            return FeatureMap(layer, lambda x: x.flatten(1, 1 + n_single))
    shape = tuple(output.shape) if isinstance(output, torch.Tensor) else type(output).__name__
    raise ParameterError(
        f"The layer {name!r} gives {shape}, which is no map over the {len(net.net_shape)} axes of "
        "a trial: expected (1, n_maps, ...) with the last axes along frequency and time, or time.",
        "layer",
    )


def _output(net: Differentiable, layer: nn.Module) -> Any:
    """What a layer gives for one trial; None where it does not work."""
    outputs: list[Any] = [None]
    x = torch.zeros(1, *net.input_shape, device=net.device)
    with hooks([layer], lambda layer, inputs, output: outputs.append(output)), torch.no_grad():
        net.whole(x)
    return outputs[-1]
