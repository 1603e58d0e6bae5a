"""Carry out an experiment."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eegkit.experiment._read import Experiment
from eegkit.text import suggest

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
        ``settings["experiment"]`` holds the text of the file. Nothing is written but the folds.

    Raises
    ------
    ValueError
        As `eegkit.evaluate`, or the data sets lack the column that `label` names.
    """
    from eegkit.evaluation import evaluate

    trials = {}
    for name, dataset in experiment.datasets.items():
        trials[name] = relabel(dataset.load(), experiment.label)
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
    results.settings["experiment"] = {"name": experiment.name, "text": experiment.text}
    results.settings["command"] = {
        "datasets": {
            name: {
                "dataset": type(made).__name__,
                "options": {
                    field.name: str(getattr(made, field.name))
                    for field in dataclasses.fields(made)
                    if getattr(made, field.name) != field.default
                },
            }
            for name, made in experiment.datasets.items()
        },
        "label": experiment.label,
        "seed": experiment.seed,
    }
    return results


def relabel(trials: Trials, column: str | None) -> Trials:
    """Trials whose labels are a column of their metadata: to tell people apart, say.

    Parameters
    ----------
    trials : Trials
    column : str or None
        None leaves the labels as they are.

    Returns
    -------
    Trials
        The signals are not copied.

    Raises
    ------
    ValueError
        There is no such column, or some trials have nothing in it.

    Examples
    --------
    >>> from eegkit.experiment import relabel
    >>> from eegkit.testing import example_trials
    >>> sorted(set(relabel(example_trials(n_trials=6), "subject").y.tolist()))
    ['S1', 'S2', 'S3']
    """
    from eegkit.trials import Trials

    if column is None:
        return trials
    if column not in trials.metadata:
        raise ValueError(
            f"label is {column!r}, but the metadata of the trials has no such column"
            f"{suggest(column, trials.metadata)}"
        )
    values = trials.metadata[column]
    n_absent = int(values.isna().sum())
    if n_absent:
        raise ValueError(
            f"label is {column!r}, but {n_absent} of {len(trials)} trials have nothing in that "
            "column; choose another one."
        )
    return Trials(trials.X, values.to_numpy(), trials.metadata, trials.info)
