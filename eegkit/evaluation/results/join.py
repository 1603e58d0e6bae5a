"""Results of several runs as one, if they are of the same trials and folds."""

from __future__ import annotations

import dataclasses
import warnings
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd

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
    (first_name, first), *rest = results.items()
    if not rest:
        return first
    datasets = _shared("data sets", {run: part.datasets for run, part in results.items()})
    metrics = _shared("metrics", {run: part.metrics for run, part in results.items()})
    for run, other in rest:
        _check_same(first_name, first, run, other, datasets)
    counts = Counter(name for part in results.values() for name in part.pipelines)
    parts = [
        _rename(
            part,
            {name: name if counts[name] == 1 else f"{name} ({run})" for name in part.pipelines},
            datasets,
        )
        for run, part in results.items()
    ]
    settings = dataclasses.replace(
        first.settings.select(datasets, ()),
        scoring=metrics,
        pipelines=dict(item for part in parts for item in part.settings.pipelines.items()),
        baselines=[name for part in parts for name in part.settings.baselines],
        imports=list(dict.fromkeys(line for part in parts for line in part.settings.imports)),
        not_code=[name for part in parts for name in part.settings.not_code],
        subject_overlap=any(part.subject_overlap for part in parts),
        runs=list(results),
    )
    return Results(
        pd.concat([part.table for part in parts], ignore_index=True),
        settings,
        predictions=dict(item for part in parts for item in part._predictions.items()),
        failures=[row for part in parts for row in part.failures.to_dict("records")],
    )


def _rename(results: Results, names: Mapping[str, str], datasets: Collection[str]) -> Results:
    """Some data sets of a run, with other names for its pipelines."""
    table, settings = results.table[results.table["dataset"].isin(datasets)], results.settings
    return Results(
        table.assign(pipeline=table["pipeline"].map(names)),
        dataclasses.replace(
            settings,
            pipelines={names.get(name, name): text for name, text in settings.pipelines.items()},
            # Of one that has another name now, the code is its own, baseline or not.
            baselines=[name for name in settings.baselines if names.get(name) == name],
            not_code=[names.get(name, name) for name in settings.not_code],
        ),
        predictions={
            (dataset, names[name]): part
            for (dataset, name), part in results._predictions.items()
            if dataset in datasets and name in names
        },
        failures=[
            row | {"pipeline": names.get(row["pipeline"], row["pipeline"])}
            for row in results.failures.to_dict("records")
            if row["dataset"] in datasets
        ],
    )


def _shared(kind: str, by_run: Mapping[str, list[str]]) -> list[str]:
    first, *rest = by_run.values()
    shared = [name for name in first if all(name in other for other in rest)]
    text = "; ".join(f"{run} has {', '.join(names)}" for run, names in by_run.items())
    if not shared:
        raise ValueError(f"The runs have no {kind} in common: {text}.")
    left_out = dict.fromkeys(n for names in by_run.values() for n in names if n not in shared)
    if left_out:
        warnings.warn(
            f"Left out are the {kind} that not all runs have: {', '.join(left_out)}.",
            UserWarning,
            stacklevel=3,
        )
    return shared


def _check_same(
    first_name: str, first: Results, other_name: str, other: Results, datasets: list[str]
) -> None:
    """Refuse to compare scores of different trials or folds."""

    def differ(fact: str, actual: Any, expected: Any) -> ValueError:
        return ValueError(
            f"The runs cannot be compared: {fact} is {actual} in {other_name}, but {expected} in "
            f"{first_name}. Evaluate both on the same trials and folds."
        )

    for key, fact in (("cv", "the cross-validation"), ("splitter", "the splitter")):
        values = [getattr(run.settings, key) for run in (other, first)]
        if values[0] != values[1]:
            raise differ(fact, *values)
    for dataset in datasets:
        data, expected = other.settings.data[dataset], first.settings.data[dataset]
        for key, fact in FACTS.items():
            if data.get(key) != expected.get(key):
                raise differ(
                    f"the number of {fact} of {dataset}"
                    if key.startswith("n_")
                    else f"{fact} of {dataset}",
                    data.get(key),
                    expected.get(key),
                )
        _check_folds(dataset, _folds(first, dataset), _folds(other, dataset), differ)
        _check_labels(dataset, first, other, differ)


def _folds(results: Results, dataset: str) -> pd.DataFrame:
    """Who is tested in which fold, by how many trials of how many."""
    rows = results.table[results.table["dataset"] == dataset]
    columns = ["fold", "subject", "n_train", "n_test"]
    return rows[columns].drop_duplicates().set_index(["fold", "subject"]).sort_index()


def _check_folds(dataset: str, expected: pd.DataFrame, actual: pd.DataFrame, differ: Any) -> None:
    # A fold that failed has no rows: only those that both have can be compared.
    for fold in sorted({f for f, _ in expected.index} & {f for f, _ in actual.index}):
        tables = actual.loc[fold], expected.loc[fold]
        if not tables[0].equals(tables[1]):
            texts = [
                ", ".join(f"{subject} ({row.n_test} of {row.n_train} + {row.n_test})"
                          for subject, row in list(table.iterrows())[:3])
                for table in tables
            ]  # fmt: skip
            raise differ(f"who is tested in fold {fold} of {dataset}", *texts)


def _check_labels(dataset: str, first: Results, other: Results, differ: Any) -> None:
    """The test trials and their labels, where the predictions are there."""
    labels = []
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
        labels.append(dict(zip(keys, np.asarray(answers.y).tolist(), strict=True)))
    expected, actual = labels
    folds = {fold for fold, _ in expected} & {fold for fold, _ in actual}
    for fold, trial in sorted(expected.keys() | actual.keys()):
        if fold not in folds:
            continue
        pair = [values.get((fold, trial), "not tested") for values in (actual, expected)]
        if pair[0] != pair[1]:
            raise differ(f"trial {trial} of {dataset} in fold {fold}", *pair)
