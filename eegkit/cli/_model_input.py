"""A recording as windows like the trials that a model was fitted on."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import mne

# Names of the 10-20 system of 1958 and those that replaced them in 1991.
RENAMED = {"t3": "t7", "t4": "t8", "t5": "p7", "t6": "p8"}
_AROUND = re.compile(r"^eeg[ _]|[-_ ](ref|le|re|ar|avg|a1|a2|m1|m2|cz ref)$")


@dataclass(frozen=True)
class Input:
    """What a model reads: channels, rate in Hz and samples of a window; None where unknown."""

    ch_names: tuple[str, ...] | None
    sfreq: float | None
    n_channels: int | None
    n_times: int | None


def input_of(model: Any) -> Input:
    """What a fitted pipeline remembers of its training trials.

    Raises
    ------
    ValueError
        It is not fitted, no classifier, or reads spectrograms.
    """
    steps = [step for _, step in model.steps] if hasattr(model, "steps") else [model]
    if not hasattr(steps[-1], "predict"):
        raise ValueError(
            f"The model ends with {type(steps[-1]).__name__}, which is no classifier; expected a "
            "fitted pipeline, such as eegkit train makes."
        )
    if not hasattr(model, "classes_"):
        raise ValueError("The model is not fitted; fit it before it is saved, or: eegkit train.")
    shape = _first_known("input_shape_", model, steps[0])
    if shape is not None and len(shape) != 2:
        raise ValueError(
            f"The model reads spectrograms of shape {tuple(shape)}, no signals; save the whole "
            "pipeline, with the transform before the net."
        )
    n_channels, n_times = shape if shape is not None else (None, None)
    names = _first_known("ch_names_", model, steps[0])
    rate = _first_known("sfreq_", model, *steps)
    return Input(
        None if names is None else tuple(names),
        None if rate is None else float(rate),
        n_channels,
        n_times,
    )


def _first_known(attribute: str, *estimators: Any) -> Any:
    values = (getattr(estimator, attribute, None) for estimator in estimators)
    return next((value for value in values if value is not None), None)


def complete(
    known: Input, *, channels: Sequence[str] | None, sfreq: float | None, window: float | None
) -> Input:
    """Fill in from options what the model does not know.

    Raises
    ------
    ValueError
        Something is missing, or an option contradicts the model.
    """
    names = _either("channels", known.ch_names, None if channels is None else tuple(channels))
    rate = _either("sfreq", known.sfreq, sfreq)
    absent = [
        f"{what} (--{option})"
        for what, option, value in (
            ("the names of its channels", "channels", names),
            ("its sampling rate", "sfreq", rate),
        )
        if value is None
    ]
    if absent:
        raise ValueError(
            f"The model does not know {' nor '.join(absent)}; give what it was fitted on, or fit "
            "it again with trials that know it: eegkit train."
        )
    assert names is not None
    assert rate is not None
    if known.n_channels is not None and len(names) != known.n_channels:
        raise ValueError(
            f"--channels names {len(names)}, but the model was fitted on {known.n_channels} "
            "channels; name those, in the same order."
        )
    n_times = known.n_times
    if window is not None:
        asked = round(window * rate)
        if n_times is not None and asked != n_times:
            raise ValueError(
                f"--window is {window:g} s, {asked} samples at {rate:g} Hz, but the model was "
                f"fitted on windows of {n_times / rate:g} s ({n_times} samples); leave it out."
            )
        n_times = asked
    if n_times is None:
        raise ValueError(
            "The model does not know how long its windows are; give their length in s: --window."
        )
    return Input(names, rate, len(names), n_times)


def match_channels(wanted: Iterable[str], there: Sequence[str]) -> dict[str, str]:
    """The channel of a recording for each wanted one.

    Names are compared without regard to case, dots, a leading ``EEG`` and a reference
    behind (``-REF``, ``-LE``); T3, T4, T5 and T6 are T7, T8, P7 and P8.

    Raises
    ------
    ValueError
        Some are not there, or two channels may be meant.
    """
    plain: dict[str, list[str]] = {}
    for name in there:
        plain.setdefault(_plain(name), []).append(name)
    found, missing = {}, []
    for name in wanted:
        meant = [name] if name in there else plain.get(_plain(name), [])
        if len(meant) > 1:
            raise ValueError(
                f"The channel {name} may be {' or '.join(meant)} of the recording; rename one."
            )
        if meant:
            found[name] = meant[0]
        else:
            missing.append(name)
    if missing:
        near = difflib.get_close_matches(missing[0], there, n=2)
        hint = f" (near {missing[0]}: {', '.join(near)})" if near else ""
        raise ValueError(
            f"The recording lacks {len(missing)} of {len(found) + len(missing)} channels that the "
            f"model was fitted on: {', '.join(missing)}{hint}; it has {', '.join(there)}."
        )
    return found


def read_windows(
    path: Path,
    wanted: Input,
    overlap: float,
    l_freq: float | None = None,
    h_freq: float | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float64], dict[str, str]]:
    """Windows of a recording, filtered and resampled as a whole before they are cut.

    Returns
    -------
    X : ndarray of float32, shape (n_windows, n_channels, n_times)
        In microvolts.
    onsets : ndarray, shape (n_windows,)
        In s from the start of the recording.
    renamed : dict of str to str
        The channels of the recording, by what the model calls them.

    Raises
    ------
    ValueError
        The recording is broken, too short, lacks channels, or holds NaN.
    """
    from eegkit.datasets import check_rates, cut
    from eegkit.datasets._files import open_recording, tell_broken

    assert wanted.ch_names is not None
    assert wanted.sfreq is not None
    assert wanted.n_times is not None
    if path.is_dir():
        raise ValueError(f"{path} is a folder; expected the file of a recording.")
    if not path.is_file():
        raise FileNotFoundError(f"There is no recording {path}.")
    check_rates(wanted.sfreq, l_freq, h_freq)
    raw = open_recording(path)
    renamed = match_channels(wanted.ch_names, raw.ch_names)
    raw.pick(list(renamed.values()), verbose="error").reorder_channels(list(renamed.values()))
    with tell_broken(path):
        raw.load_data(verbose="error")
    _prepare(raw, path, wanted.sfreq, l_freq, h_freq)
    step = max(1, round(wanted.n_times * (1 - overlap)))
    starts = np.arange(0, raw.n_times - wanted.n_times + 1, step)
    if not len(starts):
        raise ValueError(
            f"{path} lasts {raw.n_times / wanted.sfreq:g} s, less than one window of "
            f"{wanted.n_times / wanted.sfreq:g} s."
        )
    onsets = starts / wanted.sfreq
    X, _ = cut(raw, onsets, wanted.n_times / wanted.sfreq)
    return X, onsets, renamed


def _prepare(
    raw: mne.io.BaseRaw, path: Path, sfreq: float, l_freq: float | None, h_freq: float | None
) -> None:
    """Filter and resample, in place."""
    bad = [
        name
        for name, x in zip(raw.ch_names, raw.get_data(verbose="error"), strict=True)
        if not np.isfinite(x).all()
    ]
    if bad:
        raise ValueError(f"{path} holds NaN or infinity in {', '.join(bad)}.")
    kinds = zip(raw.ch_names, raw.get_channel_types(), strict=True)
    others = {name: "eeg" for name, kind in kinds if kind != "eeg"}
    raw.set_channel_types(others, on_unit_change="ignore", verbose="error")
    nyquist = raw.info["sfreq"] / 2
    if max(l_freq or 0, h_freq or 0) >= nyquist:
        raise ValueError(
            f"l_freq={l_freq}, h_freq={h_freq}; expected frequencies below {nyquist:g} Hz, half "
            f"the rate of {path}."
        )
    if l_freq is not None or h_freq is not None:
        raw.filter(l_freq, h_freq, verbose="error")
    if sfreq != raw.info["sfreq"]:
        raw.resample(sfreq, method="polyphase", verbose="error")


def _either(option: str, known: Any, given: Any) -> Any:
    if known is not None and given is not None and known != given:
        shown = [", ".join(v) if isinstance(v, tuple) else f"{v:g}" for v in (given, known)]
        raise ValueError(
            f"--{option} is {shown[0]}, but the model was fitted on {shown[1]}; leave it out."
        )
    return given if known is None else known


def _plain(name: str) -> str:
    plain = _AROUND.sub("", name.strip().lower().strip(". "))
    plain = _AROUND.sub("", plain).strip(". ")
    return RENAMED.get(plain, plain)
