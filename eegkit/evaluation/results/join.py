"""Results of several runs as one, if they are of the same trials and folds."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from eegkit.evaluation.results.predictions import Predictions
from eegkit.evaluation.results.results import Results

# Of the description of a data set, in the words of messages.
FACTS = {
    "n_trials": "trials", "n_subjects": "people", "n_channels": "channels", "n_times": "samples",
    "sfreq": "Hz", "ch_names": "channel names", "classes": "trials of each class",
}  # fmt: skip


def join_results(results: Mapping[str, Results]) -> Results:
    """Put the pipelines of several runs side by side.

    Parameters
    ----------
    results : dict of str to Results
        By a name for each run. A pipeline whose name comes in several runs is called
        ``"pipeline (run)"``.

    Returns
    -------
    Results
        Of the data sets and metrics that all runs have; a warning names those left out.

    Raises
    ------
    ValueError
        There are none; or the runs differ in their trials, their cross-validation or their
        folds. The message says where.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from eegkit import evaluate
    >>> from eegkit.evaluation import join_results
    >>> from eegkit.testing import example_trials
    >>> trials = example_trials(n_trials=24)
    >>> runs = {
    ...     name: evaluate(DummyClassifier(strategy=name), trials, cv="loso")
    ...     for name in ("prior", "uniform")
    ... }
    >>> join_results(runs).pipelines
    ['dummyclassifier (prior)', 'dummyclassifier (uniform)']
    """
    if not results:
        raise ValueError("There are no results to join; give at least one.")
    (first_name, first), *others = results.items()
    if not others:
        return first
    datasets = _shared("data sets", {name: one.datasets for name, one in results.items()})
    metrics = _shared("metrics", {name: one.metrics for name, one in results.items()})
    for name, other in others:
        _check_same(first_name, first, name, other, datasets)
    counts = pd.Series([p for one in results.values() for p in one.pipelines]).value_counts()
    tables, failures = [], []
    predictions: dict[tuple[str, str], Predictions] = {}
    described: dict[str, str] = {}
    baselines: list[str] = []
    not_code: list[str] = []
    for run, one in results.items():
        new = {p: p if counts[p] == 1 else f"{p} ({run})" for p in one.pipelines}
        own = one.table[one.table["dataset"].isin(datasets)]
        tables.append(own.assign(pipeline=own["pipeline"].map(new)))
        # Of one that has another name now, the code is its own, baseline or not.
        baselines += [name for name in one.settings.baselines if new.get(name) == name]
        not_code += [new.get(name, name) for name in one.settings.not_code]
        described |= {new.get(p, p): text for p, text in one.settings.pipelines.items()}
        for failure in one.failures.to_dict("records"):
            if failure["dataset"] in datasets:
                pipeline = failure["pipeline"]
                failures.append(failure | {"pipeline": new.get(pipeline, pipeline)})
        for dataset in datasets:
            for pipeline in one.pipelines:
                try:
                    predictions[dataset, new[pipeline]] = one.predictions(pipeline, dataset)
                except ValueError:
                    continue  # every fold of it failed, or it holds none
    imports = list(dict.fromkeys(line for one in results.values() for line in one.settings.imports))
    settings = dataclasses.replace(
        first.settings.select(datasets, ()),
        scoring=metrics,
        pipelines=described,
        baselines=baselines,
        imports=imports,
        not_code=not_code,
        subject_overlap=any(one.subject_overlap for one in results.values()),
        runs=list(results),
    )
    table = pd.concat(tables, ignore_index=True)
    return Results(table, settings, predictions=predictions, failures=failures)


def _shared(what: str, by_run: Mapping[str, list[str]]) -> list[str]:
    first, *others = by_run.values()
    shared = [name for name in first if all(name in other for other in others)]
    told = "; ".join(f"{run} has {', '.join(names)}" for run, names in by_run.items())
    if not shared:
        raise ValueError(f"The runs have no {what} in common: {told}.")
    left_out = dict.fromkeys(n for names in by_run.values() for n in names if n not in shared)
    if left_out:
        warnings.warn(
            f"Left out are the {what} that not all runs have: {', '.join(left_out)}.",
            UserWarning,
            stacklevel=3,
        )
    return shared


def _check_same(
    first_name: str, first: Results, other_name: str, other: Results, datasets: list[str]
) -> None:
    """Refuse to compare scores of different trials or folds."""

    def differ(what: str, seen: Any, expected: Any) -> ValueError:
        return ValueError(
            f"The runs cannot be compared: {what} is {seen} in {other_name}, but {expected} in "
            f"{first_name}. Evaluate both on the same trials and folds."
        )

    for key, what in (("cv", "the cross-validation"), ("splitter", "the splitter")):
        values = [getattr(one.settings, key) for one in (other, first)]
        if values[0] != values[1]:
            raise differ(what, *values)
    for dataset in datasets:
        data, expected = other.settings.data[dataset], first.settings.data[dataset]
        for key, what in FACTS.items():
            if data.get(key) != expected.get(key):
                raise differ(
                    f"the number of {what} of {dataset}"
                    if key.startswith("n_")
                    else f"{what} of {dataset}",
                    data.get(key),
                    expected.get(key),
                )
        _check_folds(dataset, _folds(first, dataset), _folds(other, dataset), differ)
        _check_labels(dataset, first, other, differ)


def _folds(results: Results, dataset: str) -> pd.DataFrame:
    """Who is tested in which fold, by how many trials of how many."""
    own = results.table[results.table["dataset"] == dataset]
    columns = ["fold", "subject", "n_train", "n_test"]
    return own[columns].drop_duplicates().set_index(["fold", "subject"]).sort_index()


def _check_folds(dataset: str, expected: pd.DataFrame, seen: pd.DataFrame, differ: Any) -> None:
    # A fold that failed has no rows: only those that both have can be compared.
    both = sorted({f for f, _ in expected.index} & {f for f, _ in seen.index})
    for fold in both:
        mine, theirs = expected.loc[fold], seen.loc[fold]
        if not mine.equals(theirs):
            told = [
                ", ".join(f"{who} ({row.n_test} of {row.n_train} + {row.n_test})"
                          for who, row in list(one.iterrows())[:3])
                for one in (theirs, mine)
            ]  # fmt: skip
            raise differ(f"who is tested in fold {fold} of {dataset}", *told)


def _check_labels(dataset: str, first: Results, other: Results, differ: Any) -> None:
    """The test trials and their labels, where the predictions are there."""
    found = []
    for results in (first, other):
        answers = None
        for pipeline in results.pipelines:
            try:
                answers = results.predictions(pipeline, dataset)
                break
            except ValueError:
                continue
        if answers is None:
            return
        keys = zip(answers.fold.tolist(), answers.trial.tolist(), strict=True)
        found.append(dict(zip(keys, np.asarray(answers.y).tolist(), strict=True)))
    expected, seen = found
    folds = {fold for fold, _ in expected} & {fold for fold, _ in seen}
    for fold, trial in sorted(expected.keys() | seen.keys()):
        if fold not in folds:
            continue
        mine, theirs = (of.get((fold, trial), "not tested") for of in (expected, seen))
        if mine != theirs:
            raise differ(f"trial {trial} of {dataset} in fold {fold}", theirs, mine)
