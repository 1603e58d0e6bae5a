"""One answer for each person, and its scores: what a diagnosis is judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from eegkit.evaluation.metrics.scoring import chance_level
from eegkit.evaluation.results.predictions import Predictions
from eegkit.evaluation.results.settings import RunSettings
from eegkit.evaluation.statistics.one_answer import (
    accuracy_interval,
    auroc_interval,
    balanced_accuracy_interval,
)
from eegkit.labels import one_class_each
from eegkit.parameters import check_for

# What metrics of people are named among those of trials.
ALIASES = {"roc_auc": "auroc"}


def person_predictions(
    results: Any,
    pipeline: str | None = None,
    dataset: str | None = None,
    how: str = "mean",
    *,
    seed: int = 0,
) -> Predictions:
    """One answer for each person, where the trials of each are all of one class.

    Parameters
    ----------
    results : Results
        With predictions.
    pipeline, dataset : str, optional
        By default the first ones.
    how : {"mean", "majority"}, default "mean"
        The class with the largest mean probability over the person's test trials, or with most of
        them (of several the first class). A pipeline without probabilities gives the latter either
        way.
    seed : int, default 0
        The number of the seed; see `Results.predictions`.

    Returns
    -------
    Predictions
        One row for each person; ``trial`` and ``fold`` are those of the person's first trial, and
        ``proba`` is that mean, or the share of the trials.

    Raises
    ------
    ValueError
        Somebody has trials of two classes, or each person has a class of their own.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.dummy import DummyClassifier
    >>> from eegkit import Trials, evaluate
    >>> from eegkit.evaluation import person_predictions
    >>> X = np.random.default_rng(0).normal(scale=10, size=(16, 2, 64))
    >>> y = np.repeat(["healthy", "patient"], 8)  # four people of each
    >>> trials = Trials.from_arrays(X, y, sfreq=64, subject=np.repeat(list("abcdefgh"), 2))
    >>> results = evaluate(DummyClassifier(), trials, cv="group-2", scoring="accuracy")
    >>> len(person_predictions(results).subject)
    8
    """
    return one_answer_each(results.predictions(pipeline, dataset, seed=seed), how)


def person_scores(results: Any, how: str = "mean") -> pd.DataFrame:
    """Scores over people with one answer each, as of a diagnosis.

    Where the trials of each person are all of one class, a score of one person's trials has no
    chance level of its own, and people, not trials, are what there is to be right about.

    Parameters
    ----------
    results : Results
        With predictions.
    how : {"mean", "majority"}, default "mean"
        See `person_predictions`.

    Returns
    -------
    pandas.DataFrame
        A row for each data set, pipeline and metric (``"accuracy"``, ``"balanced_accuracy"``,
        ``"auroc"``): ``score``; ``ci_low`` and ``ci_high``, at 95 %, of proportions by Wilson
        [1]_, combined over classes, and of AUROC by Newcombe [2]_; ``chance``, see
        `chance_level`; ``n_subjects``; ``n_right``, the people whose answer is right; and
        ``sd_seeds``, the standard deviation of the score over seeds. With several seeds the
        others are means over seeds, ``n_right`` a rounded one.

    Raises
    ------
    ValueError
        As in `person_predictions`.

    Notes
    -----
    The AUROC ranks people whom different folds have scored. With ``cv="loso"`` that is unfair to
    the decoder: whoever is left out is of a class that training has fewer of. Take
    ``"stratified-group-K"``.

    References
    ----------
    .. [1] E. B. Wilson (1927), Probable inference, the law of succession, and statistical
       inference, Journal of the American Statistical Association 22(158), 209-212.
    .. [2] R. G. Newcombe (2006), Confidence intervals for an effect size measure based on the
       Mann-Whitney statistic, part 2, Statistics in Medicine 25(4), 559-573, method 5.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit import Trials, evaluate
    >>> from eegkit.evaluation import baselines, person_scores
    >>> y, subject = np.repeat(["patient", "control"], 30), np.repeat(list("abcdef"), 10)
    >>> X = np.random.default_rng(0).normal(size=(60, 2, 128))
    >>> X[:30] *= 3
    >>> trials = Trials.from_arrays(X, y, sfreq=128, subject=subject)
    >>> results = evaluate(baselines()["band_power+lr"], trials, cv="stratified-group-3")
    >>> person_scores(results)[["metric", "score", "chance", "n_subjects", "n_right"]]
                  metric  score  chance  n_subjects  n_right
    0           accuracy    1.0     0.5           6        6
    1  balanced_accuracy    1.0     0.5           6        6
    2              auroc    1.0     0.5           6        6
    """
    rows = []
    pairs = results.table[["dataset", "pipeline"]].drop_duplicates()
    for dataset, pipeline in pairs.itertuples(index=False):
        scores = scores_of(results.predictions(pipeline, dataset, seed=None), how)
        rows.append(scores.assign(dataset=dataset, pipeline=pipeline))
    table = pd.concat(rows, ignore_index=True)
    return table[["dataset", "pipeline", *table.columns.drop(["dataset", "pipeline"])]]


def one_answer_each(predictions: Predictions, how: str = "mean") -> Predictions:
    """The answers of a pipeline with one row for each person; see `person_predictions`."""
    check_for(Literal["mean", "majority"]).require("how", how)
    y, classes = predictions.y, predictions.classes
    if not one_class_each(y, predictions.subject):
        raise ValueError(
            "The trials of a person are not of one class, or each person has a class of their own, "
            "so one answer for each person means nothing; look at results.summary()."
        )
    subjects, first, codes = np.unique(predictions.subject, return_index=True, return_inverse=True)
    shares = predictions.proba
    if shares is None or how == "majority":
        shares = (predictions.predicted[:, None] == classes).astype(np.float32)
    sums = np.zeros((len(subjects), len(classes)))
    np.add.at(sums, codes, shares)
    proba = sums / np.bincount(codes)[:, None]
    return replace(
        predictions,
        trial=predictions.trial[first],
        fold=predictions.fold[first],
        seed=predictions.seed[first],
        subject=subjects,
        y=y[first],
        predicted=classes[proba.argmax(axis=1)],
        proba=proba.astype(np.float32),
    )


def scores_of(predictions: Predictions, how: str = "mean") -> pd.DataFrame:
    """Scores of people with one answer each, means over seeds; see `person_scores`."""
    of_seeds = pd.concat(
        _scores_of_seed(one_answer_each(predictions[predictions.seed == seed], how))
        for seed in np.unique(predictions.seed)
    )
    groups = of_seeds.groupby("metric", sort=False)
    scores = groups.mean()
    scores["sd_seeds"] = groups["score"].std()
    counts = ["n_subjects", "n_right"]
    scores[counts] = scores[counts].round().astype(int)
    return scores.reset_index()


def _scores_of_seed(people: Predictions) -> pd.DataFrame:
    """Accuracy, balanced accuracy and AUROC of people who have one answer each."""
    y, predicted = people.y, people.predicted
    assert people.proba is not None
    intervals = {
        "accuracy": accuracy_interval(y, predicted),
        "balanced_accuracy": balanced_accuracy_interval(y, predicted),
        "auroc": auroc_interval(y, people.proba, people.classes),
    }
    rows = [
        {
            "metric": name,
            "score": interval.mean,
            "ci_low": interval.low,
            "ci_high": interval.high,
            "chance": 0.5 if name == "auroc" else chance_level(name, y, y),
            "n_subjects": interval.n,
            "n_right": int((y == predicted).sum()),
        }
        for name, interval in intervals.items()
    ]
    return pd.DataFrame(rows)


def over_people(
    summary: pd.DataFrame,
    predictions: Mapping[tuple[str, str], Predictions],
    settings: RunSettings,
) -> pd.DataFrame:
    """A summary whose rows tell of people, one answer each, where everybody is of one class.

    Parameters
    ----------
    summary : pandas.DataFrame
        What `summarize` gives.
    predictions : dict of (str, str) to Predictions
    settings : RunSettings
    """
    summary["answers"] = "per trial"
    for key, part in predictions.items():
        if not one_class_each(part.y, part.subject):
            continue
        scores = scores_of(part).set_index("metric")
        for metric in settings.scoring:
            name = ALIASES.get(metric, metric)
            if name not in scores.index or not _by_name(metric, settings):
                continue
            row = scores.loc[name]
            place = (summary[["dataset", "pipeline", "metric"]] == [*key, metric]).all(axis=1)
            values = {
                "mean": row["score"],
                "sd": np.nan,
                **row[["ci_low", "ci_high", "sd_seeds", "chance"]],
                "n_subjects": int(row["n_subjects"]),
                "n_above_chance": int(row["n_right"]),
            }
            for column, value in values.items():
                summary.loc[place, column] = value
            summary.loc[place, "answers"] = "per person"
    return summary


def _by_name(metric: str, settings: RunSettings) -> bool:
    """Whether a metric is the one of that name, not somebody's own under the same name."""
    scoring: Any = settings.options.get("scoring")
    return scoring is None or (not scoring.startswith("{") and repr(metric) in scoring)
