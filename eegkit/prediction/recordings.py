"""A recording, as a fitted model reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from numpy.typing import NDArray

from eegkit.prediction.calibration import signals_of_person
from eegkit.prediction.model_input import complete, input_of, preparation_for
from eegkit.recordings import Preparation, read_windows
from eegkit.signals import SignalArray
from eegkit.text import shortlist


@dataclass(frozen=True)
class Recordings:
    """How recordings are brought to a model.

    Parameters
    ----------
    ch_names : tuple of str
    preparation : Preparation
    notes : tuple of str
        What differs from the training trials, or cannot be repeated.
    """

    ch_names: tuple[str, ...]
    preparation: Preparation
    notes: tuple[str, ...] = ()

    def read(self, recording: Any) -> tuple[SignalArray, NDArray[Any], dict[str, tuple[str, ...]]]:
        """The windows of a recording, where each begins in s, and the source of each channel."""
        X, onsets, sources = read_windows(recording, self.ch_names, self.preparation)
        sfreq = self.preparation.sfreq
        return signals_of_person(X, onsets, sfreq, self.ch_names), onsets, sources


def recordings_for(
    fitted: Any,
    channels: Sequence[str] | None = None,
    sfreq: float | None = None,
    window_s: float | None = None,
    filters: Mapping[str, float | None] = MappingProxyType({}),
) -> Recordings:
    """How recordings are brought to a model.

    Raises
    ------
    ValueError
        It is no fitted classifier of signals, or something is missing that it does not remember.
    """
    model_input = complete(input_of(fitted), channels=channels, sfreq=sfreq, window_s=window_s)
    assert model_input.ch_names is not None
    preparation, notes = preparation_for(model_input, filters)
    return Recordings(model_input.ch_names, preparation, tuple(notes))


def renamed(sources: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Which channels of a recording are read under another name, in a sentence."""
    pairs = [
        f"{' - '.join(names)} as {name}" for name, names in sources.items() if names != (name,)
    ]
    return [f"Read {shortlist(pairs)}."] if pairs else []
