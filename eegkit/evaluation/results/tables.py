"""What a table of scores adds up to, over folds and over people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from eegkit.evaluation.statistics.paired import bootstrap_interval


def with_access(table: pd.DataFrame, access: Mapping[str, str]) -> pd.DataFrame:
    """A table with what each pipeline may see of the people tested, beside its name."""
    table = table.copy()
    levels = [access.get(name, "none") for name in table["pipeline"]]
    table.insert(table.columns.get_loc("pipeline") + 1, "access", levels)
    return table


def per_subject(table: pd.DataFrame, metrics: Sequence[str]) -> pd.DataFrame:
    """One row per data set, pipeline and subject; see `Results.per_subject`.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per data set, pipeline, fold and subject.
    metrics : sequence of str
    """
    keys = ["dataset", "pipeline", "subject"]
    groups = table.groupby(keys, sort=False)
    people = groups[[name for m in metrics for name in (m, f"chance_{m}")]].mean()
    people.insert(0, "n_folds", groups["fold"].nunique())
    people.insert(1, "n_test", groups["n_test"].sum())
    # Data sets and pipelines stay in the order in which they come.
    return people.reset_index().sort_values(
        keys,
        key=lambda c: c if c.name == "subject" else pd.Series(pd.factorize(c)[0]),
        ignore_index=True,
    )


def summarize(people: pd.DataFrame, metrics: Sequence[str]) -> pd.DataFrame:
    """One row per data set, pipeline and metric; see `Results.summary`.

    Parameters
    ----------
    people : pandas.DataFrame
        What `per_subject` gives.
    metrics : sequence of str
    """
    rows = []
    for (dataset, pipeline), group in people.groupby(["dataset", "pipeline"], sort=False):
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
                    "chance": chance.mean(),
                    "n_subjects": len(values),
                    # Rounding errors of a mean over folds are no skill.
                    "n_above_chance": int((scores > chance + 1e-9).sum()),
                }
            )
    return pd.DataFrame(rows)
