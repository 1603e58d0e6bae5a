"""What more people to train on would bring: scores against the number of training people."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from eegkit.evaluation.results.results import Results
from eegkit.evaluation.results.settings import BY_DATASET, RunSettings
from eegkit.evaluation.running.evaluate import evaluate
from eegkit.evaluation.running.inputs import check_trials, name_datasets
from eegkit.evaluation.splits.metadata import listed
from eegkit.evaluation.splits.named import Fold, describe_split, folds_of, make_splitter, overlap
from eegkit.evaluation.statistics.paired import bootstrap_interval
from eegkit.parameters import Count, Counts, check_for
from eegkit.tables import Table
from eegkit.trials import Trials

KEYS = ["dataset", "pipeline", "n_train_subjects"]


class LearningCurve:
    """Scores of pipelines trained on more and more people.

    Made by `learning_curve`, or read from a file with `load`.
    `eegkit.plots.LearningCurveDisplay.from_results` draws it.

    Parameters
    ----------
    results : Results
        One fold for each number of people and draw. Its settings tell, under ``draws``, the fold
        and the draw behind every one of them, by data set.

    Attributes
    ----------
    results : Results
        As given. Its own summary would mix the numbers of people.

    See Also
    --------
    learning_curve : makes it, with an example.
    """

    def __init__(self, results: Results) -> None:
        if not results.settings.draws:
            raise ValueError(
                "The results do not tell which people were drawn; learning_curve makes those that "
                "do."
            )
        self.results = results

    @property
    def metrics(self) -> list[str]:
        """Names of the metrics, in order."""
        return self.results.metrics

    @property
    def pipelines(self) -> list[str]:
        """Names of the pipelines, in order."""
        return self.results.pipelines

    @property
    def datasets(self) -> list[str]:
        """Names of the data sets, in order."""
        return self.results.datasets

    @property
    def settings(self) -> RunSettings:
        """How the scores came about."""
        return self.results.settings

    @property
    def failures(self) -> pd.DataFrame:
        """One row per fit that failed."""
        return self.results.failures

    @property
    def table(self) -> pd.DataFrame:
        """One row per data set, pipeline, fold, draw, number of people trained on, and subject.

        Columns ``dataset``, ``pipeline``, ``fold``, ``subject``, ``draw`` (from 0 on),
        ``n_train_subjects``, ``n_train``, ``n_test``, every metric followed by its
        ``chance_<metric>``, and the costs that `evaluate` describes.
        """
        table = self.results.table.copy()
        draws = self.settings.draws
        folds = zip(table["dataset"], table["fold"], strict=True)
        table[["fold", "draw"]] = [draws[dataset][number] for dataset, number in folds]
        first = [*KEYS[:2], "fold", "subject", "draw", KEYS[2]]
        return table[[*first, *(name for name in table if name not in first)]]

    def per_subject(self) -> pd.DataFrame:
        """One row per data set, pipeline, number of people trained on, and subject.

        Returns
        -------
        pandas.DataFrame
            Columns ``dataset``, ``pipeline``, ``n_train_subjects``, ``subject``, ``n_draws``, and
            every metric with its ``chance_<metric>``, means over this subject's draws and folds.
        """
        groups = self.table.groupby([*KEYS, "subject"], sort=False)
        names = [name for metric in self.metrics for name in (metric, f"chance_{metric}")]
        table = groups[names].mean()
        table.insert(0, "n_draws", groups["draw"].nunique())
        return table.reset_index()

    def summary(self, confidence: float = 0.95) -> pd.DataFrame:
        """One row per data set, pipeline, metric and number of people trained on.

        Parameters
        ----------
        confidence : float, default 0.95
            Of the interval.

        Returns
        -------
        pandas.DataFrame
            Columns ``dataset``, ``pipeline``, ``metric``, ``n_train_subjects``; ``mean`` over the
            people tested, with the bounds ``ci_low`` and ``ci_high`` of its interval over them
            (see `bootstrap_interval`); ``sd_draws``, the standard deviation of that mean from draw
            to draw, NaN of a single one; ``chance``, the mean chance level; ``n_subjects`` tested
            (without those for whom the metric is NaN) and ``n_draws``.
        """
        draws = self.table.groupby([*KEYS, "draw"])[self.metrics].mean()
        spread = draws.groupby(KEYS).std()
        rows = []
        for (dataset, pipeline), people in self.per_subject().groupby(KEYS[:2], sort=False):
            for metric in self.metrics:
                for n_train_subjects, subjects in people.groupby("n_train_subjects"):
                    scores = subjects[metric].dropna().to_numpy()
                    mean, low, high = (
                        bootstrap_interval(scores, confidence)[:3] if len(scores) else [np.nan] * 3
                    )
                    rows.append(
                        {
                            "dataset": dataset,
                            "pipeline": pipeline,
                            "metric": metric,
                            "n_train_subjects": n_train_subjects,
                            "mean": mean,
                            "ci_low": low,
                            "ci_high": high,
                            "sd_draws": spread.loc[(dataset, pipeline, n_train_subjects), metric],
                            "chance": subjects[f"chance_{metric}"].mean(),
                            "n_subjects": len(scores),
                            "n_draws": int(subjects["n_draws"].max()),
                        }
                    )
        return Table(rows)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything to one file, which `load` reads again; see `Results.save`."""
        self.results.save(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> LearningCurve:
        """Read what `save` wrote.

        Raises
        ------
        CorruptFileError
            The file is damaged, or holds something else.
        ValueError
            It holds results that are no learning curve.
        """
        return cls(Results.load(path))

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write `table`, as comma-separated values; see `Results.to_csv`."""
        Results(self.table, self.settings).to_csv(path)

    def __repr__(self) -> str:
        metric, summary = self.metrics[0], self.summary()
        table = summary[summary["metric"] == metric]
        sizes = ", ".join(map(str, sorted(table["n_train_subjects"].unique())))
        lines = [f"<LearningCurve: {metric} of {sizes} people trained on ({self.results.split})"]
        for (dataset, pipeline), rows in table.groupby(KEYS[:2], sort=False):
            name = pipeline if len(self.datasets) == 1 else f"{dataset}, {pipeline}"
            means = ", ".join(f"{mean:.3f}" for mean in rows["mean"])
            lines.append(f"  {name}: {means}; chance {rows['chance'].mean():.3f}")
        return "\n".join(lines) + ">"


def learning_curve(
    pipelines: Any,
    trials: Trials | Mapping[str, Trials],
    *,
    cv: Any = "group-5",
    train_sizes: Sequence[int] | None = None,
    n_draws: int = 3,
    scoring: Any = ("balanced_accuracy", "accuracy"),
    random_state: int | None = None,
    n_jobs: int | None = None,
    store: str | os.PathLike[str] | None = None,
) -> LearningCurve:
    """Evaluate pipelines trained on more and more people.

    The people that are tested in a fold stay the same; of its training people some are drawn at
    random. Those of a larger number hold those of a smaller one, so that a curve goes up
    because of more people, not other people.

    Parameters
    ----------
    pipelines : estimator, or dict of str to estimator
        See `evaluate`.
    trials : Trials, or dict of str to Trials
        One data set, or several by name.
    cv : str, dict, splitter, or iterable of (train, test), default "group-5"
        Folds that keep people apart; see `make_splitter`.
    train_sizes : sequence of int, optional
        Numbers of people to train on; 2, 4, 8 and so on by default, and as many as every fold has.
    n_draws : int, default 3
        How often people are drawn for each number. All people of a fold are drawn once only.
    scoring
        See `evaluate`.
    random_state : int, optional
        Draws the folds and the people. More draws, or other numbers of people, repeat the draws
        there were before, so that a `store` spares their fits.
    n_jobs, store
        See `evaluate`.

    Returns
    -------
    LearningCurve

    Raises
    ------
    ValueError
        A fold has fewer people to train on than asked for, or people on both sides; the people
        drawn for a fold are all of one class; an argument makes no sense.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.dummy import DummyClassifier
    >>> from eegkit import Trials
    >>> from eegkit.evaluation import learning_curve
    >>> X = np.random.default_rng(0).normal(size=(24, 2, 64))
    >>> people = np.repeat(list("abcdef"), 4)
    >>> trials = Trials.from_arrays(X, ["rest", "task"] * 12, sfreq=64, subject=people)
    >>> curve = learning_curve(
    ...     DummyClassifier(), trials, cv="group-3", n_draws=2, scoring="accuracy", random_state=0
    ... )
    >>> curve.summary()[["n_train_subjects", "metric", "mean", "n_subjects", "n_draws"]]
       n_train_subjects    metric  mean  n_subjects  n_draws
    0                 2  accuracy   0.5           6        2
    1                 4  accuracy   0.5           6        1
    """
    check_for(Count).require("n_draws", n_draws)
    datasets = name_datasets(trials)
    splitter = make_splitter(cv, random_state=random_state)
    seed = np.random.SeedSequence(random_state).entropy
    draws = {}
    for name, part in datasets.items():
        check_trials(part)
        draws[name] = _draw(part, folds_of(splitter, part), train_sizes, n_draws, seed)
    options = {
        "scoring": scoring, "random_state": random_state, "n_jobs": n_jobs, "store": store,
    }  # fmt: skip
    parts = [
        evaluate(pipelines, {name: part}, cv=_DrawnFolds(draws[name]), **options)
        for name, part in datasets.items()
    ]
    numbers = {name: [[fold.number, draw] for fold, draw in draws[name]] for name in draws}
    return _join(parts, **describe_split(cv, splitter), draws=numbers, n_draws=n_draws)


def _join(parts: Sequence[Results], **settings: Any) -> LearningCurve:
    """One curve of the data sets of all parts, with settings in place of theirs."""
    by_dataset: dict[str, Any] = {
        name: {k: v for part in parts for k, v in getattr(part.settings, name).items()}
        for name in BY_DATASET
    }
    table = pd.concat([part.table for part in parts], ignore_index=True)
    failures = [row for part in parts for row in part.failures.to_dict("records")]
    joint = replace(parts[0].settings, **(by_dataset | settings))
    return LearningCurve(Results(table, joint, failures=failures))


class _DrawnFolds:
    """A splitter with folds that are settled; it has a short name, whatever they hold."""

    def __init__(self, draws: Sequence[tuple[Fold, int]]) -> None:
        self.draws = draws

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[Any, Any]]:
        return ((fold.train, fold.test) for fold, _ in self.draws)

    def __repr__(self) -> str:
        return f"{len(self.draws)} folds of people drawn at random"


def _draw(
    trials: Trials, folds: list[Fold], train_sizes: Sequence[int] | None, n_draws: int, seed: Any
) -> list[tuple[Fold, int]]:
    """Folds with some of the training people only, and the number of the draw."""
    groups, labels = trials.groups, trials.y if trials.y.ndim == 1 else trials.y.argmax(axis=1)
    for fold in folds:
        shared = overlap(fold, groups)
        if shared:
            raise ValueError(
                f"Fold {fold.number} has {listed(shared)} in training and in test; a curve over "
                'people to train on needs folds that keep them apart, such as cv="group-5".'
            )
    people = [np.unique(groups[fold.train]) for fold in folds]
    sizes = _sizes(train_sizes, min(map(len, people)))
    draws = []
    for fold, subjects in zip(folds, people, strict=True):
        for draw in range(n_draws):
            order = np.random.default_rng([seed, fold.number, draw]).permutation(len(subjects))
            for size in sizes:
                if size == len(subjects) and draw:
                    continue  # everybody, whatever the order
                rows = fold.train[np.isin(groups[fold.train], subjects[order[:size]])]
                classes = np.unique(labels[rows])
                if len(classes) < 2:
                    raise ValueError(
                        f"The {size} people drawn for fold {fold.number} are all of one class "
                        f"({classes[0]}); begin train_sizes with a larger number, or draw others "
                        "with another random_state."
                    )
                draws.append((replace(fold, train=rows), draw))
    return draws


def _sizes(train_sizes: Sequence[int] | None, most: int) -> list[int]:
    """The numbers of people, in order; the default doubles them up to all."""
    if train_sizes is None:
        powers = [2**power for power in range(1, most.bit_length()) if 2**power < most]
        return [*powers, most]
    check_for(Counts).require("train_sizes", train_sizes)
    sizes = sorted(set(map(int, train_sizes)))
    if len(sizes) < len(train_sizes) or sizes[-1] > most:
        raise ValueError(
            f"train_sizes is {train_sizes!r}; expected different numbers from 1 to {most}, the "
            "people that the smallest fold trains on."
        )
    return sizes
