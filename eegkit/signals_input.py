"""What may stand for signals: epochs of MNE; and masked arrays, which may not."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Mapping, Set
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eegkit.notice import warn

if TYPE_CHECKING:
    import mne

MICROVOLTS_PER_VOLT = 1e6
# From so many epochs of one trial each on it is told that they take longer than need be.
MANY_SINGLE = 100


def epochs_in(X: Any) -> list[mne.BaseEpochs]:
    """The epochs that X is, or is a list of; none of anything else."""
    mne: Any = sys.modules.get("mne")
    parts = X if isinstance(X, list) else [X]
    is_epochs = mne is not None and all(isinstance(part, mne.BaseEpochs) for part in parts)
    return parts if is_epochs else []


def read_epochs(parts: list[mne.BaseEpochs]) -> dict[str, Any]:
    """The EEG channels of epochs in microvolts, as the arguments of `SignalArray`.

    Raises
    ------
    ValueError
        There is no EEG channel, or the parts differ in channels, rate or length.
    """
    import mne

    parts = [loaded(epochs) for epochs in parts]
    _tell_of_single(parts)
    info = parts[0].info
    picks = mne.pick_types(info, meg=False, eeg=True, exclude=())
    if not len(picks):
        kinds = ", ".join(sorted(set(parts[0].get_channel_types()))) or "no type"
        raise ValueError(
            f"The epochs hold channels of {kinds}, but no EEG channel; "
            "set them with epochs.set_channel_types({...: 'eeg'})."
        )
    _check_alike(parts)
    groups = None
    if all(e.metadata is not None and "subject" in e.metadata for e in parts):
        groups = np.concatenate([e.metadata["subject"].to_numpy() for e in parts])
    volts = np.concatenate([epochs.get_data(picks=picks, verbose="error") for epochs in parts])
    microvolts = np.multiply(volts, MICROVOLTS_PER_VOLT, dtype=np.float64).astype(np.float32)
    return {
        "array": microvolts,
        "sfreq": info["sfreq"],
        "ch_names": [info["ch_names"][i] for i in picks],
        "groups": groups,
    }


def _tell_of_single(parts: list[mne.BaseEpochs]) -> None:
    """Tell of a list that takes ten times as long to make as to read."""
    if len(parts) >= MANY_SINGLE and all(len(epochs) == 1 for epochs in parts):
        warn(
            "X is a list of epochs of one trial each, which scikit-learn's splits make of "
            "mne.Epochs, and MNE takes over a millisecond to copy what it knows for each of them; "
            "give Trials.from_epochs(epochs).X in place of epochs, which has the same scores.",
            once=True,
        )


def _check_alike(parts: list[mne.BaseEpochs]) -> None:
    """Channels and samples are taken by their numbers, so that they must be the same in all."""
    first = parts[0]
    for i, epochs in enumerate(parts[1:], start=1):
        for what, one, other in (
            ("channels", first.ch_names, epochs.ch_names),
            ("sampling rate", first.info["sfreq"], epochs.info["sfreq"]),
            ("number of samples", len(first.times), len(epochs.times)),
        ):
            if one != other:
                raise ValueError(
                    f"The epochs differ in their {what}: {one} in the first, {other} in number "
                    f"{i}; expected a list of epochs of one kind."
                )


def loaded(epochs: mne.BaseEpochs) -> mne.BaseEpochs:
    """The epochs as they are read: those that ``reject`` leaves out are known only then."""
    if epochs.preload:
        return epochs
    import mne

    with mne.use_log_level("error"):
        return epochs.copy().load_data()


def refuse_recording(X: Any) -> None:
    """Refuse a recording, or the name of its file, in place of trials.

    Raises
    ------
    ValueError
        Says how trials are made of it.
    """
    mne: Any = sys.modules.get("mne")
    is_raw = mne is not None and isinstance(X, mne.io.BaseRaw)
    if not is_raw and not isinstance(X, str | os.PathLike):
        return
    seen = "a whole recording" if is_raw else f"{os.fspath(X)!r}, the name of a file"
    file = "raw" if is_raw else repr(os.fspath(X))
    raise ValueError(
        f"X is {seen}; expected trials: Trials, mne.Epochs or an array. What a fitted decoder "
        "reads of a recording is eegkit.prediction.recordings_for(decoder)"
        f".read({file})[0]; eegkit.predict(decoder, {file}) labels it."
    )


def refuse_masked(values: Any, name: str = "X") -> None:
    """Refuse an array in which something is masked: nothing here would leave it out.

    Raises
    ------
    ValueError
        Says how many values are masked.
    """
    if isinstance(values, np.ma.MaskedArray) and np.ma.count_masked(values):
        raise ValueError(
            f"{name} is a masked array, {np.ma.count_masked(values)} of its {values.size} values "
            f"are masked, and masks are not kept; drop what is masked, or fill it with "
            f"{name}.filled(...)."
        )


def entries(values: Any, name: str) -> NDArray[Any]:
    """A list's entries as they are; NumPy would make text of numbers and None beside text.

    Raises
    ------
    ValueError
        It is text itself, whose letters would be the entries, has no order, or is no list.
    """
    if isinstance(values, str | bytes | Set | Mapping) or not np.iterable(values):
        raise ValueError(f"{name} is {values!r}; expected a list of names.")
    refuse_masked(values, name)
    if not hasattr(values, "__array__"):
        values = list(values)
        mixed = len({isinstance(v, str) for v in values}) > 1
        values = np.asarray(values, object if mixed else None)
    array: NDArray[Any] = np.asarray(values)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise ValueError(f"{name} has shape {array.shape}; expected a list.")
    return array


def read_facts(
    sfreq: Any, ch_names: Any, groups: Any, preparation: Any, **axes: Any
) -> dict[str, Any]:
    """What signals are told about themselves, checked one by one; arrays are copied."""
    facts = {name: None if v is None else np.array(v, dtype=float) for name, v in axes.items()}
    return facts | {
        "sfreq": None if sfreq is None else rate_in_hz(sfreq),
        "ch_names": None if ch_names is None else channel_names(ch_names),
        "groups": None if groups is None else entries(groups, "groups").copy(),
        "preparation": preparation,
    }


def channel_names(values: Any) -> tuple[str, ...]:
    """Names of channels as text.

    Raises
    ------
    ValueError
        One of them is absent.
    """
    names = entries(values, "ch_names").tolist()
    absent = [i for i, name in enumerate(names) if name is None or name != name]
    if absent:
        raise ValueError(f"ch_names has no name for channel {absent[0]}; give every one a name.")
    return tuple(n.decode("latin-1") if isinstance(n, bytes) else str(n) for n in names)


def rate_in_hz(sfreq: Any) -> float:
    """A sampling rate as a number.

    Raises
    ------
    ValueError
        It is none.
    """
    try:
        rate = float(sfreq)
    except (TypeError, ValueError):
        rate = math.nan
    if not 0 < rate < math.inf:
        raise ValueError(f"sfreq is {sfreq!r}; expected a rate in Hz, above 0.")
    return rate
