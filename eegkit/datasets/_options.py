"""The options of `from_folder` and `from_bids`, for type checkers and for help."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypedDict, TypeVar

from eegkit.datasets.user_recordings import UserRecordings
from eegkit.parameters import ParameterError, PathLike
from eegkit.text import suggest
from eegkit.trials import Trials

LoadTrials = TypeVar("LoadTrials", bound=Callable[..., Trials])


class RecordingOptions(TypedDict, total=False):
    """The options that `from_folder` and `from_bids` share, each a field of `UserRecordings`."""

    window_s: float | None
    overlap: float
    channels: Sequence[str] | Literal["common"] | None
    target_sfreq: float | None
    l_freq: float | None
    h_freq: float | None
    on_bad: Literal["skip", "raise", "keep"]
    on_error: Literal["raise", "skip"]
    n_jobs: int | None
    cache: bool | PathLike
    progress: bool


def check_options(load: str, data_set: type[UserRecordings], options: Mapping[str, object]) -> None:
    """Refuse options that a data set of recordings does not have.

    Raises
    ------
    ParameterError
        Names the function `load`, and the options that are near.
    """
    for option in options:
        if option not in inspect.signature(data_set).parameters:
            hint = suggest(option, RecordingOptions.__annotations__)
            raise ParameterError(f"{load} has no option {option!r}{hint}", option)


def show_options(load: LoadTrials) -> LoadTrials:
    """Let help and completion show each option with its default in place of ``**options``."""
    fields = inspect.signature(UserRecordings).parameters
    arguments = list(inspect.signature(load).parameters.values())[:-1]
    options = [
        fields[name].replace(annotation=hint.__forward_arg__)
        for name, hint in RecordingOptions.__annotations__.items()
    ]
    load.__signature__ = inspect.Signature([*arguments, *options])  # type: ignore[attr-defined]
    return load
