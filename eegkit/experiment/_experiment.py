"""What the file of an experiment says."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eegkit.datasets import Dataset


@dataclass(frozen=True)
class Explanations:
    """Which decoders of an experiment are explained, and how.

    Parameters
    ----------
    pipelines : tuple of str
    method : str
        See `eegkit.explain`.
    options : dict of str to object
        Of the method.
    check : bool
        Whether it is tried if the maps can be trusted.
    """

    pipelines: tuple[str, ...]
    method: str
    options: dict[str, Any]
    check: bool


@dataclass(frozen=True)
class Experiment:
    """What the file of an experiment says, checked as far as that goes without the data.

    Made by `read_experiment`.

    Parameters
    ----------
    name : str
        Of the file, without its suffix.
    text : str
        Of the file.
    datasets : dict of str to Dataset
        Not loaded yet.
    pipelines : dict of str to estimator
        Not fitted.
    baselines : bool
        Whether the classical decoders are evaluated too.
    cv : str or dict
        See `eegkit.evaluation.make_splitter`.
    scoring : list of str
        See `eegkit.evaluate`.
    n_seeds : int
        See `eegkit.evaluate`.
    twin : bool
        See `eegkit.evaluate`.
    random_state : int
        The ``random_state`` of every step that has one and is not given another.
    label : str or None
        The column of the metadata that is decoded in place of the labels.
    on_leak : str
        See `eegkit.evaluate`.
    keep_decoders : bool
        Whether the folder of folds holds their decoders, too; see `eegkit.evaluate`.
    out : pathlib.Path
        The folder for what comes out.
    tuned : dict of str to TunedClassifier
        By the name of the pipeline that it tunes, which is evaluated as it is, too.
    explain : Explanations or None
        What is explained of people whom the decoders never saw, in the report, too.

    See Also
    --------
    read_experiment : makes it, with an example.
    """

    name: str
    text: str
    datasets: dict[str, Dataset]
    pipelines: dict[str, Any]
    baselines: bool
    cv: str | dict[str, Any]
    scoring: list[str]
    n_seeds: int
    twin: bool
    random_state: int
    label: str | None
    on_leak: str
    keep_decoders: bool
    out: Path
    tuned: dict[str, Any] = field(default_factory=dict)
    explain: Explanations | None = None


def tuned_name(name: str) -> str:
    """The name under which a pipeline is evaluated with tuned settings."""
    return f"{name}, tuned"
