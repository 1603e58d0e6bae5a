"""Experiments carried out: every fold and every setting tried is kept, and shown on the way."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn.base import clone

from eegkit.experiment._experiment import Experiment, tuned_name
from eegkit.identity import identify
from eegkit.roles import with_role

if TYPE_CHECKING:
    from eegkit.evaluation import Results
    from eegkit.trials import Trials

MOST_LETTERS = 60


def run_experiment(
    experiment: Experiment,
    *,
    store: str | os.PathLike[str] | None = None,
    searches: str | os.PathLike[str] | None = None,
    n_jobs: int | None = None,
    dask: Any = None,
    verbose: bool | None = None,
    loaded: Callable[[str, Trials], None] | None = None,
) -> Results:
    """Load the data sets of an experiment and evaluate its pipelines on them.

    Parameters
    ----------
    experiment : Experiment
        See `read_experiment`.
    store : path-like, optional
        The folder that keeps finished folds; by default ``folds`` in the experiment's `out`.
    searches : path-like, optional
        The folder that keeps every setting tried; by default ``searches`` in the experiment's
        `out`.
    n_jobs, dask, verbose
        See `eegkit.evaluate`.
    loaded : callable, optional
        Called with the name and the trials of every data set once it is loaded.

    Returns
    -------
    Results
        ``settings.experiment`` holds the text of the file. A pipeline that is tuned stands in
        them twice: as ``"NAME, tuned"`` and as it is. Nothing is written but folds and searches.

    Raises
    ------
    ValueError
        As `eegkit.evaluate`, or the data sets lack the column that `label` names.

    Examples
    --------
    >>> from eegkit.experiment import read_experiment, run_experiment
    >>> results = run_experiment(read_experiment("example.yaml"))  # doctest: +SKIP

    See Also
    --------
    read_experiment : with an example of a file.
    """
    from eegkit.evaluation import evaluate
    from eegkit.evaluation.running.bars import is_shown

    trials = {}
    for name, dataset in experiment.datasets.items():
        trials[name] = dataset.load().relabel(experiment.label)
        if loaded is not None:
            loaded(name, trials[name])
    _check_inner_folds(experiment, trials)
    pipelines = _with_tuned(experiment, Path(searches or experiment.out / "searches"))
    with _show_searches(experiment, pipelines, trials) if is_shown(verbose) else nullcontext():
        results = evaluate(
            pipelines,
            trials,
            cv=experiment.cv,
            scoring=experiment.scoring,
            baselines=experiment.baselines,
            n_seeds=experiment.n_seeds,
            twin=experiment.twin,
            n_jobs=n_jobs,
            on_leak=experiment.on_leak,
            keep_decoders=experiment.keep_decoders or experiment.explain is not None,
            store=Path(store) if store is not None else experiment.out / "folds",
            dask=dask,
            verbose=verbose,
        )
    results.settings.experiment = {"name": experiment.name, "text": experiment.text}
    return results


def _check_inner_folds(experiment: Experiment, trials: Mapping[str, Trials]) -> None:
    """Refuse, before any fit, searches whose inner folds cannot be made of who trains."""
    for search in experiment.tuned.values():
        from eegkit.tuning.folds import check_inner_folds

        check_inner_folds(search.cv, experiment.cv, trials)


def _with_tuned(experiment: Experiment, folder: Path) -> dict[str, Any]:
    """The pipelines, and before each that is tuned its search, kept in a file of the folder."""
    pipelines: dict[str, Any] = {}
    for name, pipeline in experiment.pipelines.items():
        if name in experiment.tuned:
            file = folder / _file_name(name, experiment)
            search = clone(experiment.tuned[name]).set_params(storage=file)
            pipelines[tuned_name(name)] = search
        pipelines[name] = pipeline
    return pipelines


def _file_name(name: str, experiment: Experiment) -> str:
    """By the pipeline, and by all that a search depends on: a changed file begins another one."""
    from eegkit.tuning.spaces import Space

    tuned = experiment.tuned[name]
    free = with_role(type(tuned), "extent", "place", "manner")
    params = {k: v for k, v in tuned.get_params(deep=False).items() if k not in free}
    params["space"] = Space(tuned.decoder, tuned.space).describe()
    data = [repr(dataset) for dataset in experiment.datasets.values()]
    rest = (data, experiment.label, experiment.cv, experiment.twin)
    letters = re.sub(r"[^\w+.-]", "_", name)[:MOST_LETTERS]
    return f"{letters}-{identify(name, params, *rest)[:8]}.journal"


@contextmanager
def _show_searches(
    experiment: Experiment, pipelines: Mapping[str, Any], trials: Mapping[str, Trials]
) -> Iterator[None]:
    """Show how many settings were tried, and the best of them, while an experiment runs."""
    searches = [pipelines[tuned_name(name)] for name in experiment.tuned]
    if not searches:
        yield
        return
    from eegkit.tuning.progress import watch

    files = [search.storage for search in searches]
    n_settings = None if experiment.twin else _n_settings(experiment, searches, trials)
    with watch(files, n_settings, experiment.scoring[0]):
        yield


def _n_settings(experiment: Experiment, searches: Any, trials: Mapping[str, Trials]) -> int:
    """How many settings are to be tried, by all folds and seeds together."""
    from eegkit.evaluation.splits.named import folds_of, make_splitter
    from eegkit.tuning.search import number_of_settings
    from eegkit.tuning.spaces import Space

    splitter = make_splitter(experiment.cv)
    n_folds = sum(len(folds_of(splitter, part)) for part in trials.values())
    of_each = [
        number_of_settings(Space(s.decoder, s.space), s.sampler, s.n_trials) for s in searches
    ]
    return n_folds * experiment.n_seeds * sum(of_each)
