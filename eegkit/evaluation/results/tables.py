"""What a table of scores adds up to, over folds, over seeds and over people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from eegkit.evaluation.statistics.paired import bootstrap_interval

# So many are no rounding error of a mean.
DECIMALS = 14


def with_access(table: pd.DataFrame, access: Mapping[str, str]) -> pd.DataFrame:
    """A table with what each pipeline may see of the people tested, beside its name."""
    table = table.copy()
    levels = [access.get(name, "none") for name in table["pipeline"]]
    table.insert(table.columns.get_loc("pipeline") + 1, "access", levels)
    return table


def with_seed_column(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the column that older ones lack: they know of one seed."""
    if "seed" not in table and "fold" in table:
        table.insert(table.columns.get_loc("fold"), "seed", 0)
    return table


def failures_table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """One row per fit that failed; older rows know of one seed and of no leaky split."""
    columns = ["dataset", "pipeline", "split", "seed", "fold", "error", "traceback"]
    return pd.DataFrame([{"seed": 0, "split": "", **row} for row in rows], columns=columns)


def per_subject(table: pd.DataFrame, metrics: Sequence[str]) -> pd.DataFrame:
    """One row per data set, pipeline and subject; see `Results.per_subject`.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per data set, pipeline, seed, fold and subject.
    metrics : sequence of str
    """
    keys = ["dataset", "pipeline", "subject"]
    fits = table.groupby([*keys, "seed"], sort=False)
    scores = [name for m in metrics for name in (m, f"chance_{m}")]
    of_seeds = fits[scores].mean()
    of_seeds.insert(0, "n_test", fits["n_test"].sum())
    people = of_seeds.groupby(keys, sort=False).mean()
    # Equal scores that were computed in other ways are printed alike, and not as 0.587 and 0.588.
    people[scores] = people[scores].round(DECIMALS)
    people["n_test"] = of_seeds.groupby(keys, sort=False)["n_test"].max()
    people.insert(0, "n_folds", table.groupby(keys, sort=False)["fold"].nunique())
    # Data sets and pipelines stay in the order in which they come.
    return people.reset_index().sort_values(
        keys,
        key=lambda c: c if c.name == "subject" else pd.Series(pd.factorize(c)[0]),
        ignore_index=True,
    )


def seed_means(table: pd.DataFrame, metric: str) -> pd.Series:
    """The mean over people of each seed, of those people who have a score with every seed.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of one data set and pipeline.
    metric : str

    Returns
    -------
    pandas.Series
        Index: the numbers of the seeds.
    """
    of_people = table.pivot_table(metric, "subject", "seed", dropna=False)
    return of_people.dropna().mean()


def summarize(table: pd.DataFrame, metrics: Sequence[str]) -> pd.DataFrame:
    """One row per data set, pipeline and metric; see `Results.summary`.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per data set, pipeline, seed, fold and subject.
    metrics : sequence of str
    """
    keys = ["dataset", "pipeline"]
    rows_of = dict(iter(table.groupby(keys)))
    rows = []
    for (dataset, pipeline), group in per_subject(table, metrics).groupby(keys, sort=False):
        fits = rows_of[dataset, pipeline]
        for metric in metrics:
            scores, chance = group[metric], group[f"chance_{metric}"]
            values = scores.dropna().to_numpy()
            low, high = bootstrap_interval(values)[1:3] if len(values) else (np.nan, np.nan)
            rows.append(
                {
                    "dataset": dataset,
                    "pipeline": pipeline,
                    "metric": metric,
                    "mean": scores.mean(),
                    "sd": scores.std(),
                    "ci_low": low,
                    "ci_high": high,
                    "sd_seeds": seed_means(fits, metric).std(),
                    "n_seeds": fits["seed"].nunique(),
                    "chance": chance.mean(),
                    "n_subjects": len(values),
                    # Rounding errors of a mean over folds are no skill.
                    "n_above_chance": int((scores > chance + 1e-9).sum()),
                }
            )
    return pd.DataFrame(rows)


def costs(table: pd.DataFrame) -> pd.DataFrame:
    """One row per data set and pipeline: what the fits took; see `Results.costs`."""
    fits = table.drop_duplicates(["dataset", "pipeline", "seed", "fold"])
    groups = fits.groupby(["dataset", "pipeline"], sort=False)
    of_pipelines = groups.agg(
        n_folds=("fold", "nunique"),
        n_seeds=("seed", "nunique"),
        fit_time_s=("fit_time_s", "median"),
        score_time_s=("score_time_s", "median"),
        peak_mb=("peak_mb", "max"),
    )
    of_pipelines["total_s"] = groups["fit_time_s"].sum() + groups["score_time_s"].sum()
    return of_pipelines.reset_index()
