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
# Positions by name, where a recording comes without any.
MONTAGE = "colin27_1005"


def make_paradigm(options: Any, dataset: Any) -> Any:
    """MOABB's paradigm with the options of a `MOABBDataset`, all of them checked.

    Raises
    ------
    ValueError
        An option makes no sense, or the data set does not fit the paradigm.
    """
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
    cls = getattr(library().paradigms, name)
    known = inspect.signature(cls).parameters
    given: dict[str, Any] = {"tmin": options.tmin, "tmax": options.tmax, "resample": options.sfreq}
    given["channels"] = _names(options.channels, "channels")
    given["events"] = _names(options.events, "events")
    if given["events"] is not None:
        _check_events(given["events"], dataset, name)
        if "n_classes" in known:
            given["n_classes"] = len(given["events"])
    _check_numbers(options, known)
    made = {key: value for key, value in given.items() if value is not None}
    # MOABB's and MNE's word for an open end of a band is None.
    if options.fmin is not None:
        made["fmin"] = options.fmin or None
    if options.fmax is not None:
        made["fmax"] = None if math.isinf(options.fmax) else options.fmax
    paradigm = cls(**made)
    lacking = [event for event in paradigm.events or () if event not in dataset.event_id]
    if lacking or not paradigm.is_valid(dataset):
        raise ParameterError(
            f"paradigm={name!r} is about {', '.join(paradigm.events)}, but {options.code} has "
            f"{', '.join(dataset.event_id)}; choose another paradigm, or events=.",
            "paradigm",
        )
    return paradigm


def _names(asked: Any, option: str) -> list[str] | None:
    if asked is None:
        return None
    names = list(asked)
    if not names or len(set(names)) < len(names):
        raise ParameterError(
            f"{option} is {asked!r}; expected a list of different names, or None.", option
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


def _check_numbers(options: Any, known: Any) -> None:
    tmin = known["tmin"].default if options.tmin is None else options.tmin
    tmax = known["tmax"].default if options.tmax is None else options.tmax
    if tmax is not None and not tmin < tmax:
        raise ParameterError(
            f"tmin is {tmin:g} s and tmax {tmax:g} s; expected tmin below tmax.", "tmin"
        )
    fmin = known["fmin"].default if options.fmin is None else options.fmin
    fmax = known["fmax"].default if options.fmax is None else options.fmax
    if fmin >= fmax:
        raise ParameterError(
            f"fmin is {fmin:g} Hz and fmax {fmax:g} Hz; expected 0 or more, and fmin below fmax "
            "(fmin=0: no high-pass, fmax=inf: no low-pass).",
            "fmin",
        )
    if options.sfreq is not None and fmin >= options.sfreq / 2:
        raise ParameterError(
            f"fmin is {fmin:g} Hz, but at sfreq={options.sfreq:g} Hz no frequency from "
            f"{options.sfreq / 2:g} Hz on is kept; lower fmin or raise sfreq.",
            "fmin",
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
    others = [name for name in paradigm.channels or () if name not in names]
    if others:
        raise ValueError(f"channels names {', '.join(others)}, which are no EEG channels.")
    X = epochs.get_data(picks=picks) * dataset.unit_factor
    if not len(X):
        raise ValueError("there are no trials; every one was marked as bad, or is cut off.")
    info = _info(epochs, names)
    return Trials(X.astype(np.float32), np.asarray(labels), metadata, info)


def _info(epochs: Any, names: list[str]) -> mne.Info:
    """Channels, positions and rate, without what is one person's only."""
    info = mne.create_info(names, epochs.info["sfreq"], "eeg", verbose="error")
    placed = epochs.get_montage()
    if placed is None:
        return info.set_montage(MONTAGE, match_case=False, on_missing="ignore", verbose="error")
    return info.set_montage(placed, on_missing="ignore", verbose="error")
