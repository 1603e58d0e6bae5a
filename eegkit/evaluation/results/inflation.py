"""What leaky splits add to a score: the honest results beside their twin."""

from __future__ import annotations

import html
from typing import Any

import numpy as np
import pandas as pd

from eegkit.evaluation.results.selection import check_name
from eegkit.evaluation.results.tables import per_subject
from eegkit.evaluation.statistics.paired import bootstrap_interval
from eegkit.naming import spoken
from eegkit.tables import Table

# How the splits of the twin are told.
LEAKS = {
    "shuffled": "with trials shuffled",
    "session_wise": "with sessions kept apart only",
    "run_wise": "with runs kept apart only",
}


class Inflation:
    """Scores of the same pipelines with people kept apart, and as leaky splits flatter them.

    Made by `Results.inflation`.

    Parameters
    ----------
    results : Results
        Of ``evaluate(..., twin=True)``.
    metric, dataset : str, optional
        By default the first ones.

    Attributes
    ----------
    metric : str
        The score.
    pipelines, splits : list of str
        Names. The splits are the leaky ones: ``"shuffled"``, and ``"session_wise"`` or
        ``"run_wise"`` where people have several sessions, or runs.
    table : pandas.DataFrame
        One row per split, pipeline and subject: columns ``split``, ``pipeline``, ``subject``,
        ``honest``, ``leaky``, ``gap`` (leaky minus honest) and ``chance``, the chance level of the
        honest split.

    Raises
    ------
    ValueError
        The results have no twin.

    References
    ----------
    .. [1] Brookshire, G., et al. (2024). Data leakage in deep learning studies of translational
       EEG. Frontiers in Neuroscience, 18, 1373515. https://doi.org/10.3389/fnins.2024.1373515
    .. [2] Del Pup, F., et al. (2025). The role of data partitioning on the performance of
       EEG-based deep learning models in supervised cross-subject analysis: a preliminary study.
       Computers in Biology and Medicine. https://arxiv.org/abs/2505.13021

    See Also
    --------
    eegkit.plots.InflationDisplay : draws it, with an example.
    """

    def __init__(self, results: Any, metric: str | None = None, dataset: str | None = None) -> None:
        if results.twin is None:
            raise ValueError(
                "These results have no leaky twin to compare with; evaluate(..., twin=True) makes "
                "one."
            )
        self.metric = check_name("metric", metric, results.metrics)
        dataset = check_name("dataset", dataset, results.datasets)
        self.pipelines = results.pipelines
        gaps = gaps_of(results.table, results.twin, results.metrics)
        gaps = gaps[(gaps["dataset"] == dataset) & (gaps["metric"] == self.metric)]
        self.splits = list(gaps["split"].unique())
        self.table = gaps.drop(columns=["dataset", "metric"]).reset_index(drop=True)

    def summary(self) -> pd.DataFrame:
        """One row per split and pipeline.

        Returns
        -------
        pandas.DataFrame
            Columns ``split``, ``pipeline``, ``honest``, ``leaky`` and ``gap`` (means over people),
            ``gap_low`` and ``gap_high`` (95 % bootstrap interval of the mean gap over people,
            see `bootstrap_interval`), ``n_subjects`` (with a score both times) and
            ``n_inflated``, the people whose leaky score is the larger one.
        """
        rows = []
        groups = self.table.groupby(["split", "pipeline"], sort=False)
        for (split, pipeline), people in groups:
            scores = people.dropna(subset="gap")
            interval = bootstrap_interval(scores["gap"].to_numpy()) if len(scores) else None
            mean, low, high = interval[:3] if interval else [np.nan] * 3
            rows.append(
                {
                    "split": split,
                    "pipeline": pipeline,
                    "honest": scores["honest"].mean(),
                    "leaky": scores["leaky"].mean(),
                    "gap": mean,
                    "gap_low": low,
                    "gap_high": high,
                    "n_subjects": len(scores),
                    "n_inflated": int((scores["gap"] > 1e-9).sum()),
                }
            )
        return Table(rows)

    def describe(self) -> str:
        """One sentence for each split and pipeline."""
        metric = spoken(self.metric)
        return "\n".join(
            f"{row.pipeline}: {metric} is {row.leaky:.3f} {LEAKS[row.split]} and {row.honest:.3f} "
            f"with people kept apart; the gap is {row.gap:+.3f}{_interval(row)}, and "
            f"{row.n_inflated} of {row.n_subjects} people gain by the leak."
            for row in self.summary().itertuples()
        )

    def __repr__(self) -> str:
        return "<Inflation: " + self.describe().replace("\n", "\n  ") + ">"

    def _repr_html_(self) -> str:
        table = self.summary().to_html(index=False, float_format="{:.3f}".format, border=0)
        sentences = html.escape(self.describe()).replace("\n", "<br>")
        return f"<div><p><b>Inflation</b>: {sentences}</p>{table}</div>"


def gaps_of(table: pd.DataFrame, twin: pd.DataFrame, metrics: list[str]) -> pd.DataFrame:
    """The honest and the leaky score of everybody, by split, data set, pipeline and metric.

    Parameters
    ----------
    table, twin : pandas.DataFrame
        As `Results` has them.
    metrics : list of str

    Returns
    -------
    pandas.DataFrame
        Columns ``split``, ``dataset``, ``pipeline``, ``metric``, ``subject``, ``honest``,
        ``leaky``, ``gap`` and ``chance``; a person without a score of one of the two has NaN.
    """
    keys = ["dataset", "pipeline", "subject"]
    people = per_subject(table, metrics)
    parts = []
    for split, rows in twin.groupby("split", sort=False):
        pairs = people.merge(per_subject(rows, metrics), "left", keys, suffixes=("", "_leaky"))
        for metric in metrics:
            leaky = pairs[f"{metric}_leaky"]
            scores = {
                "honest": pairs[metric],
                "leaky": leaky,
                "gap": leaky - pairs[metric],
                "chance": pairs[f"chance_{metric}"],
            }
            parts.append(pairs[keys].assign(split=split, metric=metric, **scores))
    columns = ["split", "dataset", "pipeline", "metric", "subject"]
    gaps = pd.concat(parts, ignore_index=True)
    return gaps[[*columns, "honest", "leaky", "gap", "chance"]]


def with_gaps(summary: pd.DataFrame, gaps: pd.DataFrame) -> pd.DataFrame:
    """A summary with the leaky scores and their gaps: ``<split>`` and ``gap_<split>``."""
    keys = ["dataset", "pipeline", "metric"]
    for split, rows in gaps.dropna(subset="gap").groupby("split", sort=False):
        means = rows.groupby(keys, sort=False)[["leaky", "gap"]].mean()
        names = {"leaky": split, "gap": f"gap_{split}"}
        summary = summary.merge(means.rename(columns=names).reset_index(), "left", keys)
    return summary


def _interval(row: Any) -> str:
    if np.isnan(row.gap_low):
        return ""
    return f" (95 % interval {row.gap_low:+.3f} to {row.gap_high:+.3f})"
