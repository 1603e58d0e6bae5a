"""Decoders that adapt to people, and the recording of one person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from eegkit.access import access_of, parts_of
from eegkit.signals import SignalArray

BASES = {
    "transductive": "all windows of this recording",
    "calibration": "the first windows of this recording",
    "causal": "the windows before each one, and by the training people",
}


def signals_of_person(
    X: NDArray[Any], onsets: NDArray[Any], sfreq: float | None, ch_names: tuple[str, ...]
) -> SignalArray:
    """The windows of a recording, which is of one person."""
    return SignalArray(
        X, sfreq=sfreq, ch_names=ch_names, groups=["person"] * len(X), onsets=onsets - onsets[0]
    )


def calibrate(
    fitted: Any,
    signals: SignalArray,
    recording: Any,
    read: Callable[[Any], SignalArray],
) -> str | None:
    """Let a decoder learn the statistics of the person, where that is asked for.

    Parameters
    ----------
    fitted : estimator
    signals : SignalArray
        Of the recording to label.
    recording : str, path-like, mne.io.BaseRaw or None
        "self", or another recording of the person; None learns nothing.
    read : callable
        Gives the windows of another recording.

    Returns
    -------
    str, or None
        What they were learned from, in words.

    Raises
    ------
    ValueError
        Nothing in the decoder adapts to people.
    """
    if recording is None:
        return None
    if not hasattr(fitted, "calibrate") or access_of(fitted) == "labelled":
        raise ValueError(
            f"The model is a {type(fitted).__name__}, which does not adapt to people by "
            "recordings without labels; leave calibration= (--calibrate) out."
        )
    is_itself = isinstance(recording, str) and recording == "self"
    windows = signals if is_itself else read(recording)
    fitted.calibrate(windows)
    where = "this recording" if is_itself else recording
    return f"{len(windows)} windows of {where}"


def statistics_notes(fitted: Any, signals: SignalArray, calibration: str | None) -> list[str]:
    """Whose statistics each step that adapts to people goes by, in a sentence each."""
    notes = []
    for step in parts_of(fitted):
        if not hasattr(step, "statistics_sources") or not hasattr(step, "subjects_"):
            continue
        (source,) = step.statistics_sources(signals).values()
        basis = {
            "calibrate": calibration or "what the model was calibrated on",
            "training": "the training people alone",
            "trials": BASES.get(access_of(step)),
        }[source]
        notes.append(f"{type(step).__name__} (access {access_of(step)}) goes by {basis}.")
    return list(dict.fromkeys(notes))  # of a filter bank, once
