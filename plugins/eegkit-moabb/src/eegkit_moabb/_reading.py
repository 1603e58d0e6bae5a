"""From MOABB's data set and paradigm to trials."""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence
from typing import Any

import mne
import numpy as np

from eegkit import Trials
from eegkit.parameters import ParameterError
from eegkit.recordings import Preparation, make_info
from eegkit_moabb._environment import library

# The paradigm of a data set, by what MOABB calls its task.
USUAL = {
    "imagery": "MotorImagery",
    "p300": "P300",
    "ssvep": "SSVEP",
    "cvep": "CVEP",
    "rstate": "RestingStateToP300Adapter",
}
# Those of one band, and the task each is for. Filter banks give trials of four dimensions,
# windows at fixed intervals have no labels.
PARADIGMS = {
    "CVEP": "cvep",
    "Imagery": "imagery",
    "LeftRightImagery": "imagery",
    "MotorImagery": "imagery",
    "P300": "p300",
    "RestingStateToP300Adapter": "rstate",
    "SSVEP": "ssvep",
    "SpeechImagery": "imagery",
}


def make_paradigm(options: Any, dataset: Any) -> Any:
    """MOABB's paradigm with the options of a `MOABBDataset`, all of them checked.

    Raises
    ------
    ValueError
        An option makes no sense, or the data set does not fit the paradigm.
    """
    name = _paradigm_name(options, dataset)
    cls = getattr(library().paradigms, name)
    parameters = inspect.signature(cls).parameters
    kwargs: dict[str, Any] = {
        "tmin": options.tmin,
        "tmax": options.tmax,
        "resample": options.target_sfreq,
        "channels": _names(options.channels, "channels"),
        "events": _names(options.events, "events"),
    }
    if kwargs["events"] is not None:
        _check_events(kwargs["events"], dataset, name)
        if "n_classes" in parameters:
            kwargs["n_classes"] = len(kwargs["events"])
    _check_numbers(options, parameters)
    kwargs = {key: value for key, value in kwargs.items() if value is not None}
    # MOABB's and MNE's word for an open end of a band is None.
    if options.l_freq is not None:
        kwargs["fmin"] = options.l_freq or None
    if options.h_freq is not None:
        kwargs["fmax"] = None if math.isinf(options.h_freq) else options.h_freq
    paradigm = cls(**kwargs)
    lacking = [event for event in paradigm.events or () if event not in dataset.event_id]
    if lacking or not paradigm.is_valid(dataset):
        raise ParameterError(
            f"paradigm={name!r} is about {', '.join(paradigm.events)}, but {options.code} has "
            f"{', '.join(dataset.event_id)}; choose another paradigm, or events=.",
            "paradigm",
        )
    return paradigm


def _paradigm_name(options: Any, dataset: Any) -> str:
    name = USUAL[dataset.paradigm] if options.paradigm is None else options.paradigm
    if name not in PARADIGMS:
        raise ParameterError(
            f"paradigm is {name!r}; expected one of {', '.join(PARADIGMS)}, or None for "
            f"{USUAL[dataset.paradigm]}.",
            "paradigm",
        )
    if PARADIGMS[name] != dataset.paradigm:
        raise ParameterError(
            f"paradigm={name!r} does not fit {options.code}, a data set of the task "
            f"{dataset.paradigm!r}; expected {USUAL[dataset.paradigm]!r}, which is the default.",
            "paradigm",
        )
    return name


def _names(request: Any, option: str) -> list[str] | None:
    if request is None:
        return None
    names = list(request)
    if not names or len(set(names)) < len(names):
        raise ParameterError(
            f"{option} is {request!r}; expected a list of different names, or None.", option
        )
    return names


def _check_events(events: Sequence[str], dataset: Any, paradigm: str) -> None:
    unknown = [event for event in events if event not in dataset.event_id]
    if unknown:
        raise ParameterError(
            f"events names {', '.join(unknown)}; expected some of {', '.join(dataset.event_id)}.",
            "events",
        )
    if len(events) < 2:
        raise ParameterError(
            f"events is {list(events)}; expected at least two, to tell them apart.", "events"
        )
    if paradigm == "LeftRightImagery":
        raise ParameterError(
            "LeftRightImagery is about left_hand and right_hand; leave events out, or take "
            "paradigm='MotorImagery'.",
            "events",
        )


def _check_numbers(options: Any, parameters: Any) -> None:
    tmin = parameters["tmin"].default if options.tmin is None else options.tmin
    tmax = parameters["tmax"].default if options.tmax is None else options.tmax
    if tmax is not None and not tmin < tmax:
        raise ParameterError(
            f"tmin is {tmin:g} s and tmax {tmax:g} s; expected tmin below tmax.", "tmin"
        )
    l_freq = parameters["fmin"].default if options.l_freq is None else options.l_freq
    h_freq = parameters["fmax"].default if options.h_freq is None else options.h_freq
    if l_freq >= h_freq:
        raise ParameterError(
            f"l_freq is {l_freq:g} Hz and h_freq {h_freq:g} Hz; expected 0 or more, and l_freq "
            "below h_freq (l_freq=0: no high-pass, h_freq=inf: no low-pass).",
            "l_freq",
        )
    if options.target_sfreq is not None and l_freq >= options.target_sfreq / 2:
        raise ParameterError(
            f"l_freq is {l_freq:g} Hz, but at {options.target_sfreq:g} Hz no frequency from "
            f"{options.target_sfreq / 2:g} Hz on is kept; lower l_freq or raise target_sfreq.",
            "l_freq",
        )


def read(dataset: Any, paradigm: Any, subject: Any) -> Trials:
    """The trials of one person, in microvolts.

    Parameters
    ----------
    dataset : moabb.datasets.base.BaseDataset
    paradigm : moabb.paradigms.base.BaseParadigm
    subject : int or str
        As in ``dataset.subject_list``.

    Returns
    -------
    Trials
        With MOABB's labels, and its subject, session and run as metadata.
    """
    epochs, labels, metadata = paradigm.get_data(dataset, subjects=[subject], return_epochs=True)
    picks = mne.pick_types(epochs.info, meg=False, eeg=True, exclude=())
    names = [epochs.ch_names[i] for i in picks]
    absent = [name for name in paradigm.channels or () if name not in names]
    if absent:
        raise ValueError(
            f"channels names {', '.join(absent)}, which are no EEG channels; there are "
            f"{', '.join(names)}."
        )
    X = epochs.get_data(picks=picks) * dataset.unit_factor
    if not len(X):
        raise ValueError("there are no trials; every one was marked as bad, or is cut off.")
    info = make_info(names, epochs.info["sfreq"], epochs.get_montage())
    return Trials(X.astype(np.float32), np.asarray(labels), metadata, info, _preparation(paradigm))


def _preparation(paradigm: Any) -> Preparation:
    """What MOABB does to a recording, as far as it goes for any recording."""
    l_freq, h_freq = paradigm.filters[0]
    if paradigm.resample is None:
        steps: tuple[str, ...] = ()
    else:
        steps = ("trials resampled one by one, by MOABB",)
        if h_freq is not None and h_freq >= paradigm.resample / 2:
            h_freq = None  # resampling takes more away
    has_filter = l_freq is not None or h_freq is not None
    return Preparation(
        l_freq=l_freq,
        h_freq=h_freq,
        filter_method="iir" if has_filter else "fir",
        other_steps=steps,
    )
