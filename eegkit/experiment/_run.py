"""Carry out an experiment."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eegkit.experiment._experiment import Experiment

if TYPE_CHECKING:
    from eegkit.evaluation import Results
    from eegkit.trials import Trials


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
        n_jobs=n_jobs,
        on_leak=experiment.on_leak,
        store=Path(store) if store is not None else experiment.out / "folds",
        dask=dask,
        verbose=verbose,
    )
    results.settings.experiment = {"name": experiment.name, "text": experiment.text}
    return results
