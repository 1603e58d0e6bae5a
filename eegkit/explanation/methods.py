"""The methods by name, and what can be said of a request before there are trials."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Any

from eegkit.explanation import gradients
from eegkit.explanation.answers import Answer
from eegkit.explanation.gradcam import gradcam
from eegkit.explanation.occlusion import check_by, occlusion
from eegkit.explanation.probabilities import TAKES, lack_of
from eegkit.explanation.reading import check_space, refuse_no_net
from eegkit.explanation.rollout import attention_rollout
from eegkit.parameters import ParameterError, Positive, check_for
from eegkit.text import suggest

# The methods that look into a net, and those of them that are Captum's.
OF_NETS: Mapping[str, Callable[..., Answer]] = {
    "saliency": gradients.saliency,
    "input_x_gradient": gradients.input_x_gradient,
    "integrated_gradients": gradients.integrated_gradients,
    "deep_lift": gradients.deep_lift,
    "smoothgrad": gradients.smoothgrad,
    "gradcam": gradcam,
    "attention_rollout": attention_rollout,
}
OF_CAPTUM = tuple(OF_NETS)[:5]
METHODS = (*OF_NETS, "occlusion")
# What every method takes.
COMMON = {"space": str | None, "max_memory_mb": Positive}


def options_of(method: str) -> dict[str, Any]:
    """The types of a method's own options, by name."""
    function = OF_NETS.get(method, occlusion)
    hints = typing.get_type_hints(function, include_extras=True)
    parameters = inspect.signature(function).parameters.values()
    return {p.name: hints[p.name] for p in parameters if p.kind is p.KEYWORD_ONLY}


def check_request(method: Any, options: Mapping[str, Any]) -> None:
    """Refuse unknown methods, options that are not a method's, and values that are none.

    Parameters
    ----------
    method : str
    options : dict of str to object
        `space` and `max_memory_mb` included.

    Raises
    ------
    ParameterError
    """
    if method not in METHODS:
        raise ParameterError(f"method is {method!r}{suggest(method, METHODS)}", "method")
    hints = options_of(method)
    for name, value in options.items():
        if name == "layer" and name not in hints:
            raise ParameterError(
                f"layer is {value!r}, but method is {method!r}; only 'gradcam' reads a layer.",
                "layer",
            )
        if name not in hints and name not in COMMON:
            ending = suggest(name, hints) if hints else "; it has none."
            raise ParameterError(f"{method} has no option {name!r}{ending}", name)
        check_for((COMMON | hints)[name]).require(name, value)
    if options.get("space") is not None:
        check_space(options["space"])
    if method != "occlusion":
        return
    check_by(options.get("by"))
    if options.get("space") == "spectrum":
        raise ParameterError(
            "space is 'spectrum', but occlusion hides bands of the raw trials: space='raw' with "
            "by='band'.",
            "space",
        )


def check_probabilities(decoder: Any) -> None:
    """Refuse decoders that have no probabilities, fitted or not.

    Raises
    ------
    ValueError
        Says what lacks them, and what to do.
    """
    if isinstance(decoder, type):
        raise ValueError(f"{decoder.__name__} is a class; {TAKES}.")
    lack = lack_of(decoder)
    if lack is not None:
        raise ValueError(lack)


def check_method(decoder: Any, method: str) -> None:
    """Refuse decoders that a method cannot explain.

    Raises
    ------
    ParameterError
        It is no net.
    ImportError
        Captum is not installed.
    """
    if method in OF_NETS:
        refuse_no_net(decoder, method)
    if method in OF_CAPTUM:
        gradients.captum()
