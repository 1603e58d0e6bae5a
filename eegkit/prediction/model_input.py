"""What a fitted model reads, and how a recording is brought to it."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eegkit.access import readers
from eegkit.recordings import Preparation


@dataclass(frozen=True)
class ModelInput:
    """What a model reads; None where that is unknown.

    Parameters
    ----------
    ch_names : tuple of str, or None
    sfreq : float, or None
        In Hz.
    n_channels, n_times : int, or None
        Of one window.
    preparation : Preparation, or None
        What the recordings of its training trials went through.
    """

    ch_names: tuple[str, ...] | None = None
    sfreq: float | None = None
    n_channels: int | None = None
    n_times: int | None = None
    preparation: Preparation | None = None


def input_of(model: Any) -> ModelInput:
    """What a fitted pipeline remembers of its training trials.

    Raises
    ------
    ValueError
        It is not fitted, no classifier, or reads spectrograms.
    """
    if isinstance(model, str | os.PathLike):
        raise ValueError(
            f"The decoder is the name {os.fspath(model)!r}; expected a fitted one, such as "
            f"eegkit.load({os.fspath(model)!r}) gives, before the recording."
        )
    steps = [step for _, step in model.steps] if hasattr(model, "steps") else [model]
    if not hasattr(steps[-1], "predict"):
        raise ValueError(
            f"The model ends with {type(steps[-1]).__name__}, which is no classifier; expected a "
            "fitted pipeline, such as eegkit train makes."
        )
    if not hasattr(model, "classes_"):
        raise ValueError("The model is not fitted; fit it before it is saved, or: eegkit train.")
    inwards = list(readers(model))
    shape = _first_attribute("input_shape_", *inwards)
    if shape is not None and len(shape) != 2:
        raise ValueError(
            f"The model reads spectrograms of shape {tuple(shape)}, no signals; save the whole "
            "pipeline, with the transform before the net."
        )
    n_channels, n_times = shape or (None, None)
    names = _first_attribute("ch_names_", *inwards)
    rate = _first_attribute("sfreq_", *inwards, *steps)
    return ModelInput(
        None if names is None else tuple(names),
        None if rate is None else float(rate),
        n_channels,
        n_times,
        _first_attribute("preparation_", *inwards),
    )


def _first_attribute(attribute: str, *estimators: Any) -> Any:
    values = (getattr(estimator, attribute, None) for estimator in estimators)
    return next((value for value in values if value is not None), None)


def complete(
    fitted: ModelInput,
    *,
    channels: Sequence[str] | None = None,
    sfreq: float | None = None,
    window_s: float | None = None,
) -> ModelInput:
    """Fill in from options what the model does not remember.

    Raises
    ------
    ValueError
        Something is missing, or an option contradicts the shape of what the model reads.
    """
    names = _agreed_value("channels", fitted.ch_names, tuple(channels) if channels else None)
    rate = _agreed_value("sfreq", fitted.sfreq, sfreq)
    absent = ["the names of its channels (channels=, --channels)"] if names is None else []
    absent += ["its sampling rate (sfreq=, --sfreq)"] if rate is None else []
    if absent:
        raise ValueError(
            f"The model does not know {' nor '.join(absent)}; give what it was fitted on, or fit "
            "it again with trials that know it: eegkit train."
        )
    if fitted.n_channels not in (None, len(names)):
        raise ValueError(
            f"channels names {len(names)}, but the model was fitted on {fitted.n_channels} "
            "channels; name those, in the same order."
        )
    n_times = _n_times(fitted.n_times, window_s, rate)
    return ModelInput(names, rate, len(names), n_times, fitted.preparation)


def _n_times(n_times: int | None, window_s: float | None, sfreq: float) -> int:
    """Samples of a window, by the model or by an option."""
    if window_s is None:
        if n_times is None:
            raise ValueError(
                "The model does not know how long its windows are; give their length in s: "
                "window_s= (--window-s)."
            )
        return n_times
    length = round(window_s * sfreq)
    if n_times not in (None, length):
        raise ValueError(
            f"window_s is {window_s:g} s, {length} samples at {sfreq:g} Hz, but the model was "
            f"fitted on windows of {(n_times or 0) / sfreq:g} s ({n_times} samples); leave it out."
        )
    return length


def _agreed_value(option: str, fitted: Any, value: Any) -> Any:
    if fitted is not None and value is not None and fitted != value:
        shown = [", ".join(v) if isinstance(v, tuple) else f"{v:g}" for v in (value, fitted)]
        raise ValueError(
            f"{option} is {shown[0]}, but the model was fitted on {shown[1]}; leave it out."
        )
    return value if fitted is None else fitted


def preparation_for(
    model_input: ModelInput, options: Mapping[str, float | None]
) -> tuple[Preparation, list[str]]:
    """What a new recording goes through: as the training's, but for options that are given.

    Parameters
    ----------
    model_input : ModelInput
        Complete.
    options : dict of str to float or None
        ``overlap``; ``l_freq`` and ``h_freq`` in Hz, 0 and infinity for no filter on that side.

    Returns
    -------
    preparation : Preparation
    notes : list of str
        What the user is to know of it: options that differ from the training's, and what cannot
        be repeated.
    """
    trained = model_input.preparation
    preparation = (trained or Preparation()).applied(
        sfreq=model_input.sfreq or 0.0, n_times=model_input.n_times or 0
    )
    no_filter = {"l_freq": 0, "h_freq": float("inf")}
    overrides: dict[str, Any] = {}
    for name, option in options.items():
        value = None if option == no_filter.get(name) else option
        if option is not None and value != getattr(preparation, name):
            overrides[name] = value
    if trained is None:
        notes = ["The model does not know how its training trials were prepared: filters as given."]
    else:
        notes = [
            f"{name} is used in place of the training's {getattr(preparation, name)}."
            for name in overrides
        ]
        notes += [
            f"The training trials went through this, too, which is not repeated: {step}."
            for step in trained.other_steps
        ]
    return dataclasses.replace(preparation, **overrides, other_steps=()), notes
