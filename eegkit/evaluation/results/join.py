"""Results of several runs as one, if they are of the same trials and folds."""

from __future__ import annotations

import dataclasses
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from textwrap import shorten
from typing import Any

import pandas as pd

from eegkit.evaluation.results.results import Results
from eegkit.evaluation.results.settings import BY_PIPELINE

# Of the description of a data set, in the words of messages.
FACTS = {
    "n_trials": "the number of trials",
    "n_subjects": "the number of people",
    "n_channels": "the number of channels",
    "n_times": "the number of samples",
    "sfreq": "the sampling rate",
    "ch_names": "the channel names",
    "classes": "the trials of each class",
}
MOST_SHOWN = 200


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
    repeated = [name for name, n in counts.items() if n > 1]
    parts = [
        _rename(part.select(dataset=datasets), {name: f"{name} ({run})" for name in repeated})
        for run, part in results.items()
    ]
    twins = [part.twin for part in parts if part.twin is not None]
    searches = [part.searches for part in parts if part.searches is not None]
    settings = dataclasses.replace(
        parts[0].settings,
        scoring=metrics,
        **{name: _merged(parts, name) for name in BY_PIPELINE},
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
        twin=pd.concat(twins, ignore_index=True) if twins else None,
        searches=pd.concat(searches, ignore_index=True) if searches else None,
        decoders=dict(item for part in parts for item in part._decoders.items()),
    )


def _rename(results: Results, names: Mapping[str, str]) -> Results:
    """The results, with other names for some pipelines."""

    def rename(name: str) -> str:
        return names.get(name, name)

    def renamed(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(pipeline=frame["pipeline"].map(rename))

    by_pipeline: dict[str, Any] = {
        field: {rename(name): value for name, value in getattr(results.settings, field).items()}
        for field in BY_PIPELINE
    }
    settings = dataclasses.replace(
        results.settings,
        **by_pipeline,
        # Of one that has another name now, the code is its own, baseline or not.
        baselines=[name for name in results.settings.baselines if name not in names],
        not_code=list(map(rename, results.settings.not_code)),
    )
    predictions = {(d, rename(name)): part for (d, name), part in results._predictions.items()}
    return Results(
        renamed(results.table),
        settings,
        predictions=predictions,
        failures=renamed(results.failures).to_dict("records"),
        twin=None if results.twin is None else renamed(results.twin),
        searches=None if results.searches is None else renamed(results.searches),
        decoders={(k[0], rename(k[1]), *k[2:]): v for k, v in results._decoders.items()},
    )


def _merged(parts: Iterable[Results], field: str) -> Any:
    """One setting of all parts, by pipeline."""
    return {name: v for part in parts for name, v in getattr(part.settings, field).items()}


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
    for fact, actual, expected in _facts(other, first, datasets):
        if actual != expected:
            seen, wanted = (shorten(str(v), MOST_SHOWN) for v in (actual, expected))
            raise ValueError(
                f"The runs cannot be compared: {fact} is {seen} in {other_name}, but {wanted} in "
                f"{first_name}. Evaluate both on the same trials and folds."
            )


def _facts(other: Results, first: Results, datasets: list[str]) -> Iterator[tuple[str, Any, Any]]:
    """What has to be the same in two runs: in words, and the value of each."""
    actual, expected = other.settings, first.settings
    yield "the cross-validation", actual.cv, expected.cv
    yield "the splitter", actual.splitter, expected.splitter
    for dataset in datasets:
        for key, fact in FACTS.items():
            yield (
                f"{fact} of {dataset}",
                actual.data[dataset].get(key),
                expected.data[dataset].get(key),
            )
        # A fold that failed has no rows: only those that both have can be compared.
        people, other_people = _people(first, dataset), _people(other, dataset)
        for fold in sorted(people.keys() & other_people.keys()):
            fact = f"who is tested in fold {fold} of {dataset}"
            yield fact, other_people[fold], people[fold]
        labels, other_labels = _labels(first, dataset), _labels(other, dataset)
        for fold in sorted(labels.keys() & other_labels.keys()):
            for trial in sorted(labels[fold].keys() | other_labels[fold].keys()):
                pair = [run[fold].get(trial, "not tested") for run in (other_labels, labels)]
                yield f"trial {trial} of {dataset} in fold {fold}", *pair


def _people(results: Results, dataset: str) -> dict[int, str]:
    """Who is tested in each fold, by how many trials of how many."""
    rows = results.table[results.table["dataset"] == dataset]
    rows = rows.drop_duplicates(["fold", "subject"]).sort_values("subject")
    return {
        fold: ", ".join(
            f"{row.subject} ({row.n_test} of {row.n_train} + {row.n_test})"
            for row in group.itertuples()
        )
        for fold, group in rows.groupby("fold")
    }


def _labels(results: Results, dataset: str) -> dict[int, dict[int, Any]]:
    """The labels of the test trials by fold, where there are predictions."""
    labels: dict[int, dict[int, Any]] = {}
    parts = [part for (name, _), part in results._predictions.items() if name == dataset]
    for part in parts[:1]:
        for fold, trial, y in zip(part.fold, part.trial, part.y.tolist(), strict=True):
            labels.setdefault(int(fold), {})[int(trial)] = y
    return labels
