"""What a shuffled split adds to a score."""

from __future__ import annotations

import html
import os
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from eegkit.evaluation.results.results import Results
from eegkit.evaluation.running.evaluate import evaluate
from eegkit.evaluation.statistics.paired import bootstrap_interval
from eegkit.naming import spoken
from eegkit.trials import Trials


class Inflation:
    """Scores of the same pipelines with people kept apart and with trials shuffled.

    Made by `inflation`.

    Parameters
    ----------
    honest, shuffled : Results
        Of the same pipelines and trials.

    Attributes
    ----------
    honest, shuffled
        As given.
    metric : str
        The score, the first metric of both.
    table : pandas.DataFrame
        One row per pipeline and subject: columns ``pipeline``, ``subject``, ``honest``,
        ``shuffled``, ``gap`` (shuffled minus honest) and ``chance``, the chance level of the
        honest split.

    Raises
    ------
    ValueError
        The two differ in metric, pipelines or people.
    """

    def __init__(self, honest: Results, shuffled: Results) -> None:
        self.honest = honest
        self.shuffled = shuffled
        for kind in ("metrics", "pipelines"):
            names, other_names = getattr(honest, kind), getattr(shuffled, kind)
            if names != other_names:
                raise ValueError(
                    f"The honest results have the {kind} {names}, the shuffled ones {other_names}; "
                    "compare results of the same."
                )
        self.metric = honest.metrics[0]
        keys = ["pipeline", "subject"]
        people, others = (r.per_subject().set_index(keys) for r in (honest, shuffled))
        alone = people.index.symmetric_difference(others.index).unique("subject")
        if len(alone):
            raise ValueError(
                f"{len(alone)} people ({alone[0]!r} for one) have scores of one split only; "
                "compare results of the same people."
            )
        columns = {
            "honest": people[self.metric],
            "shuffled": others[self.metric],
            "gap": others[self.metric] - people[self.metric],
            "chance": people[f"chance_{self.metric}"],
        }
        self.table = pd.DataFrame(columns).reset_index()

    def summary(self) -> pd.DataFrame:
        """One row per pipeline.

        Returns
        -------
        pandas.DataFrame
            Columns ``pipeline``, ``honest``, ``shuffled`` and ``gap`` (means over people),
            ``gap_low`` and ``gap_high`` (95 % bootstrap interval of the mean gap over people,
            see `bootstrap_interval`), ``n_subjects`` (with a score both times) and
            ``n_inflated``, the people whose shuffled score is the larger one.
        """
        rows = []
        for pipeline in self.honest.pipelines:
            scores = self.table[self.table["pipeline"] == pipeline].dropna(subset="gap")
            if not len(scores):
                raise ValueError(f"{self.metric} of {pipeline!r} is undefined for everybody.")
            interval = bootstrap_interval(scores["gap"].to_numpy())
            rows.append(
                {
                    "pipeline": pipeline,
                    "honest": scores["honest"].mean(),
                    "shuffled": scores["shuffled"].mean(),
                    "gap": interval.mean,
                    "gap_low": interval.low,
                    "gap_high": interval.high,
                    "n_subjects": interval.n,
                    "n_inflated": int((scores["gap"] > 1e-9).sum()),
                }
            )
        return pd.DataFrame(rows)

    def describe(self) -> str:
        """One sentence for each pipeline."""
        metric = spoken(self.metric)
        return "\n".join(
            f"{row.pipeline}: {metric} is {row.shuffled:.3f} with trials shuffled and "
            f"{row.honest:.3f} with people kept apart; the gap is {row.gap:+.3f}{_interval(row)}, "
            f"and {row.n_inflated} of {row.n_subjects} people score higher shuffled."
            for row in self.summary().itertuples()
        )

    def __repr__(self) -> str:
        return "<Inflation: " + self.describe().replace("\n", "\n  ") + ">"

    def _repr_html_(self) -> str:
        table = self.summary().to_html(index=False, float_format="{:.3f}".format, border=0)
        sentences = html.escape(self.describe()).replace("\n", "<br>")
        return f"<div><p><b>Inflation</b>: {sentences}</p>{table}</div>"


def inflation(
    pipelines: Any,
    trials: Trials,
    *,
    cv: Any = "group-5",
    scoring: Any = "balanced_accuracy",
    random_state: int | None = None,
    n_jobs: int | None = None,
    store: str | os.PathLike[str] | None = None,
    verbose: bool = False,
) -> Inflation:
    """Evaluate pipelines twice, with people kept apart and with trials shuffled.

    The shuffled split is scikit-learn's ``StratifiedKFold(shuffle=True)`` of as many folds (but no
    more than the rarest class has trials), so that both train on about as many trials. Both
    times everybody is scored on their own test trials; the difference is what knowing the
    people adds to the score [1]_ [2]_. It belongs in no table of results; it shows what such
    a table is worth when trials were shuffled.

    Parameters
    ----------
    pipelines : estimator, or dict of str to estimator
        See `evaluate`.
    trials : Trials
    cv : str, splitter, or iterable of (train, test), default "group-5"
        The honest split; it must keep people apart.
    scoring : str or callable, default "balanced_accuracy"
        See `evaluate`; the first metric is compared.
    random_state : int, optional
        Shuffles the trials, and draws which people form a fold; see `make_splitter`.
    n_jobs : int, optional
        See `evaluate`.
    store : path, optional
        A folder that keeps every finished fold; see `evaluate`.
    verbose : bool, default False
        Show a progress bar for each of the two.

    Returns
    -------
    Inflation

    Raises
    ------
    ValueError
        The honest split puts people on both sides, or leaks otherwise; or `evaluate` refuses.

    References
    ----------
    .. [1] Brookshire, G., et al. (2024). Data leakage in deep learning studies of translational
       EEG. Frontiers in Neuroscience, 18, 1373515. https://doi.org/10.3389/fnins.2024.1373515
    .. [2] Del Pup, F., et al. (2025). The role of data partitioning on the performance of
       EEG-based deep learning models in supervised cross-subject analysis: a preliminary study.
       Computers in Biology and Medicine. https://arxiv.org/abs/2505.13021

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit import Trials
    >>> from eegkit.evaluation import inflation
    >>> from sklearn.dummy import DummyClassifier
    >>> X = np.random.default_rng(0).normal(size=(24, 2, 64))
    >>> trials = Trials.from_arrays(
    ...     X, ["rest", "task"] * 12, sfreq=64, subject=np.repeat(["a", "b", "c"], 8)
    ... )
    >>> scores = inflation(DummyClassifier(), trials, cv="loso", random_state=0)
    >>> scores.table[["subject", "honest", "shuffled", "gap"]]
      subject  honest  shuffled  gap
    0       a     0.5       0.5  0.0
    1       b     0.5       0.5  0.0
    2       c     0.5       0.5  0.0
    """
    options = {
        "scoring": scoring, "random_state": random_state, "n_jobs": n_jobs, "store": store,
        "verbose": verbose,
    }  # fmt: skip
    honest = evaluate(pipelines, trials, cv=cv, **options)
    if honest.subject_overlap:
        raise ValueError(
            f"cv={cv!r} trains and tests on the same people, so there is nothing honest to compare "
            'with; use cv="group-5" or cv="loso".'
        )
    n_splits = _feasible(trials.y, honest.table["fold"].nunique())
    splitter = StratifiedKFold(n_splits, shuffle=True, random_state=random_state)
    # The one place where a leaking split is wanted.
    shuffled = evaluate(pipelines, trials, cv=splitter, on_leak="mark", **options)
    return Inflation(honest, shuffled)


def _feasible(y: Any, n_folds: int) -> int:
    rarest = int(np.unique(y, return_counts=True)[1].min())
    if rarest < 2:
        raise ValueError("A class has one trial only, which cannot be shuffled into two folds.")
    return max(2, min(n_folds, rarest))


def _interval(row: Any) -> str:
    if np.isnan(row.gap_low):
        return ""
    return f" (95 % interval {row.gap_low:+.3f} to {row.gap_high:+.3f})"
