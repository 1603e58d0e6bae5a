"""What all nets of this plugin share: timm's models by name, and weights trained elsewhere."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from textwrap import shorten
from typing import Any, ClassVar

import timm
import torch
from torch import nn

from eegkit import NeuralClassifier, ParameterError
from eegkit.parameters import PathLike
from eegkit.roles import Role
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

    input_kind: ClassVar[str] = "spectrogram"
    attribute_roles: ClassVar[dict[str, Role]] = {"pretrained": "source"}

    pretrained: bool | PathLike = False

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {"max_epochs": 6, "lr": 1e-2}

    def __setstate__(self, state: dict[str, Any]) -> None:
        # The base makes the module anew and gives it the weights of the fit, so there is nothing
        # to load beforehand.
        super().__setstate__(state | {"pretrained": False})
        self.pretrained = state["pretrained"]


class ChannelsLastModule(nn.Module):
    """A net whose convolutions find the channels of a point side by side in memory.

    Shapes: B trials, C channels, F frequencies, T frames.
    """

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net: Any = net.to(memory_format=torch.channels_last)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.contiguous(memory_format=torch.channels_last)  # (B, C, F, T)
        return self.net(x)  # (B, n_classes)


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


def _check_weights(untrained: nn.Module, net: Any, path: str, name: str) -> nn.Module:
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
