"""What the file of an experiment says, and how it is carried out."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eegkit.datasets import Dataset
    from eegkit.evaluation import Results
    from eegkit.trials import Trials


@dataclass(frozen=True)
class Experiment:
    """What the file of an experiment says, checked as far as that goes without the data.

    Made by `read_experiment`.

    Attributes
    ----------
    name : str
        Of the file, without its suffix.
    text : str
        Of the file.
    datasets : dict of str to Dataset
        Not loaded yet.
    pipelines : dict of str to estimator
    baselines : bool
        Whether the classical decoders are evaluated too.
    cv : str or dict
        See `eegkit.evaluation.make_splitter`.
    scoring : list of str
        See `eegkit.evaluate`.
    n_seeds : int
    twin : bool
        See `eegkit.evaluate`.
    random_state : int
        The ``random_state`` of every step that has one and is not given another.
    label : str or None
        The column of the metadata that is decoded in place of the labels.
    on_leak : str
        See `eegkit.evaluate`.
    out : pathlib.Path
        The folder for what comes out.
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
    out: Path


def run_experiment(
    experiment: Experiment,
    *,
    store: str | os.PathLike[str] | None = None,
    n_jobs: int | None = None,
    dask: Any = None,
    verbose: bool = False,
    loaded: Callable[[str, Trials], None] | None = None,
) -> Results:
    """Load the data sets of an experiment and evaluate its pipelines on them.

    Parameters
    ----------
    experiment : Experiment
        See `read_experiment`.
    store : path-like, optional
        The folder that keeps finished folds; by default ``folds`` in the experiment's `out`.
    n_jobs, dask, verbose
        See `eegkit.evaluate`.
    loaded : callable, optional
        Called with the name and the trials of every data set once it is loaded.

    Returns
    -------
    Results
        ``settings.experiment`` holds the text of the file. Nothing is written but the folds.

    Raises
    ------
    ValueError
        As `eegkit.evaluate`, or the data sets lack the column that `label` names.
    """
    from eegkit.evaluation import evaluate

    trials = {}
    for name, dataset in experiment.datasets.items():
        trials[name] = dataset.load().relabel(experiment.label)
        if loaded is not None:
            loaded(name, trials[name])
    results = evaluate(
        experiment.pipelines,
        trials,
        cv=experiment.cv,
        scoring=experiment.scoring,
        baselines=experiment.baselines,
        n_seeds=experiment.n_seeds,
        twin=experiment.twin,
        n_jobs=n_jobs,
        on_leak=experiment.on_leak,
        store=Path(store) if store is not None else experiment.out / "folds",
        dask=dask,
        verbose=verbose,
    )
    results.settings.experiment = {"name": experiment.name, "text": experiment.text}
    return results
