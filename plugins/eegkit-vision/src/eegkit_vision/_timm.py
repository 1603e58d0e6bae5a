"""What all nets of this plugin share: timm's models by name, and weights trained elsewhere."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from textwrap import shorten
from typing import Any

import timm
import torch
from torch import nn

from eegkit import NeuralClassifier, ParameterError
from eegkit.parameters import PathLike
from eegkit.text import suggest


class TimmClassifier(NeuralClassifier):
    """A net of timm, which may begin with weights that were trained on photographs.

    Parameters
    ----------
    pretrained : bool or path, default False
        ``True`` begins with timm's own weights, which it downloads once; a path with those of
        a file (safetensors, or torch's format) in timm's names. timm fits the first
        convolution to the number of channels, and the classifier always begins at random.
        A loaded estimator has its own weights and asks for neither again.
    """

    pretrained: bool | PathLike = False

    def __setstate__(self, state: dict[str, Any]) -> None:
        # The base makes the module anew and gives it the weights of the fit, so there is nothing
        # to load beforehand.
        super().__setstate__(state | {"pretrained": False})
        self.pretrained = state["pretrained"]


def create(
    name: str,
    parameter: str,
    pretrained: bool | str | os.PathLike[str],
    module: str | None = None,
    **arguments: Any,
) -> nn.Module:
    """A model of timm.

    Parameters
    ----------
    name : str
        As ``timm.create_model`` takes it, with or without a tag of weights.
    parameter : str
        What the estimator calls the name, for messages.
    pretrained : bool or path
        See `TimmClassifier`.
    module : str, optional
        The module of timm it must be from.
    **arguments
        Of the model.
    """
    check_name(name, parameter, module)
    before = torch.get_rng_state()
    try:
        net = timm.create_model(name, **arguments)
    except (TypeError, RuntimeError, AssertionError) as error:
        raise ParameterError(
            f"{parameter} is {name!r}, which timm cannot make: {error}", parameter
        ) from error
    if pretrained is False:
        return net
    torch.set_rng_state(before)  # so that what is not loaded begins as it does in `net`
    if pretrained is True:
        return _download(name, arguments)
    path = os.fspath(pretrained)
    return _check_weights(net, _from_file(path, name, arguments), path, name)


def _download(name: str, arguments: dict[str, Any]) -> nn.Module:
    if not timm.is_model_pretrained(name):
        raise ValueError(
            f"pretrained is True, but timm has no weights of {name!r}; "
            "timm.list_pretrained() has the names of those it has."
        )
    try:
        return _load(name, arguments)
    except Exception as error:  # of the network, the hub or the file that came
        raise OSError(
            f"The weights of {name} could not be fetched ({type(error).__name__}: "
            f"{shorten(str(error), 200)}). Try again with a connection, or give a file that is "
            "here: pretrained='/path/to/weights.safetensors'."
        ) from error


def _from_file(path: str, name: str, arguments: dict[str, Any]) -> nn.Module:
    if not Path(path).is_file():
        raise ValueError(f"pretrained is {path!r}, but there is no such file.")
    try:
        return _load(name, arguments, pretrained_cfg_overlay={"file": path})
    except Exception as error:  # a damaged file, or weights of another net
        raise ValueError(
            f"pretrained: {path!r} cannot be read as weights of {name}: {shorten(str(error), 500)}"
        ) from error


def _load(name: str, arguments: dict[str, Any], **source: Any) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch, where timm interpolates positions
        return timm.create_model(name, pretrained=True, **source, **arguments)


def _check_weights(untrained: nn.Module, net: nn.Module, path: str, name: str) -> nn.Module:
    """The net, once it is seen what the file had; timm drops the classifier and is silent."""
    classifier = net.pretrained_cfg.get("classifier") or ()
    classifier = (classifier,) if isinstance(classifier, str) else tuple(classifier)
    initial = dict(untrained.named_parameters())
    weights = {
        key: weight
        for key, weight in net.named_parameters()
        if weight.dim() > 1 and not key.startswith(classifier) and initial[key].any()
    }
    missing = [key for key, weight in weights.items() if torch.equal(weight, initial[key])]
    if len(missing) == len(weights):
        raise ValueError(f"pretrained: {path!r} holds none of the weights of {name}.")
    if missing:
        warnings.warn(
            f"pretrained: {path!r} lacks {', '.join(missing)}; they begin at random.",
            UserWarning,
            stacklevel=2,
        )
    return net


def check_name(name: str, parameter: str, module: str | None = None) -> None:
    """Refuse a name that timm does not know, or that is of another family."""
    names = timm.list_models(module=module or "")
    arch = name.partition(".")[0]
    if arch in names:
        return
    family = f" of its module {module}" if module else ""
    raise ParameterError(
        f"{parameter} is {name!r}; expected a model of timm{family}, as timm.list_models() "
        f"names them{suggest(arch, names, '')}",
        parameter,
    )


@lru_cache
def patch_size_of(variant: str, module: str) -> tuple[int, int]:
    """The patches of one of timm's Transformers, in pixels."""
    check_name(variant, "variant", module)
    try:
        with torch.device("meta"):  # its layers without their values
            return tuple(timm.create_model(variant).patch_embed.patch_size)
    except RuntimeError as error:  # an unknown tag
        raise ParameterError(
            f"variant is {variant!r}, which timm cannot make: {error}", "variant"
        ) from error


def whole_patches(size: Sequence[int], patch: Sequence[int]) -> tuple[int, ...]:
    """The size of an image once it is filled up to whole patches."""
    return tuple(-(-n // p) * p for n, p in zip(size, patch, strict=True))


def padding(size: Sequence[int], whole: Sequence[int]) -> nn.Module:
    """The layer that fills an image up with zeros, after its last frequency and frame."""
    return nn.ZeroPad2d((0, whole[1] - size[1], 0, whole[0] - size[0]))


def check_variant(estimator: Any, module: str, architecture: Sequence[str]) -> None:
    """Refuse unknown variants, and parameters of the architecture beside one, which has its own."""
    cls = type(estimator)
    if estimator.variant is None:
        if estimator.pretrained is not False:
            raise ParameterError(
                f"pretrained is {estimator.pretrained!r}, but variant is None: weights belong to "
                "a net of timm, so name it by variant.",
                "pretrained",
            )
        return
    patch_size_of(estimator.variant, module)  # refuses what timm does not know
    options = [name for name in architecture if getattr(estimator, name) != getattr(cls, name)]
    if options:
        raise ParameterError(
            f"variant is {estimator.variant!r}, which has its own {', '.join(options)}; leave "
            "these at their defaults, or set variant=None.",
            options[0],
        )
