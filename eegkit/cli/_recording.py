"""A recording, as a fitted model reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click
from numpy.typing import NDArray

from eegkit.cli._calibration import signals_of_person
from eegkit.cli._model_input import complete, input_of, preparation_for
from eegkit.recordings import Preparation, read_windows
from eegkit.signals import SignalArray


@dataclass(frozen=True)
class Recordings:
    """How recordings are brought to a model.

    Parameters
    ----------
    ch_names : tuple of str
    preparation : Preparation
    """

    ch_names: tuple[str, ...]
    preparation: Preparation

    def read(self, path: Any) -> tuple[SignalArray, NDArray[Any], dict[str, tuple[str, ...]]]:
        """The windows of a recording, where each begins in s, and the source of each channel.

        Says which channels of the recording are read under another name.
        """
        X, onsets, sources = read_windows(path, self.ch_names, self.preparation)
        _say_renamed(sources)
        sfreq = self.preparation.sfreq
        return signals_of_person(X, onsets, sfreq, self.ch_names), onsets, sources


def recordings_for(
    fitted: Any,
    channels: Sequence[str] | None,
    sfreq: float | None,
    window_s: float | None,
    filters: Mapping[str, float | None],
) -> Recordings:
    """How recordings are brought to a model; says what differs from its training trials.

    Raises
    ------
    ValueError
        It is no fitted classifier of signals, or something is missing that it does not remember.
    """
    model_input = complete(input_of(fitted), channels=channels, sfreq=sfreq, window_s=window_s)
    assert model_input.ch_names is not None
    preparation, notes = preparation_for(model_input, filters)
    for note in notes:
        click.echo(note, err=True)
    return Recordings(model_input.ch_names, preparation)


def _say_renamed(sources: dict[str, tuple[str, ...]]) -> None:
    pairs = [
        f"{' - '.join(names)} as {name}" for name, names in sources.items() if names != (name,)
    ]
    if pairs:
        more = f" and {len(pairs) - 8} more" if len(pairs) > 8 else ""
        click.echo(f"Read {', '.join(pairs[:8])}{more}.", err=True)
