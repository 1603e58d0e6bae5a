"""What searches for the best settings chose in every fold, and what they claimed."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from eegkit.access import parts_of
from eegkit.evaluation.results.selection import check_name
from eegkit.naming import spoken
from eegkit.tables import Table

KEYS = ["dataset", "pipeline", "seed", "fold"]
COLUMNS = [
    *KEYS, "trial", "state", "metric", "score", "n_fits", "fit_time_s", "is_best", "params",
    "error",
]  # fmt: skip


class Tuning:
    """The settings that a tuned pipeline chose, and how much they flattered themselves.

    Made by `Results.tuning`.

    Parameters
    ----------
    results : Results
        In which a `TunedClassifier` was evaluated.
    pipeline, dataset : str, optional
        By default the first ones that were tuned.

    Attributes
    ----------
    pipeline, dataset : str
    metric : str
        What the settings were chosen by.
    table : pandas.DataFrame
        Every setting tried, a row each: ``seed``, ``fold``, ``trial``, ``state``, ``score``,
        ``n_fits``, ``fit_time_s``, ``is_best``, the parameters, and ``error``.
    honest : float
        The score of the tuned pipeline on people who neither trained nor chose it; NaN where the
        results have no such metric.
    claimed : float
        The best score of each search on those who chose by it, the mean over folds: what tuning
        on the people one reports would have claimed.
    optimism : float
        ``claimed`` less ``honest``.

    Raises
    ------
    ValueError
        The pipeline was not tuned.

    See Also
    --------
    eegkit.tuning.TunedClassifier : what was tuned, with an example.
    """

    def __init__(
        self, results: Any, pipeline: str | None = None, dataset: str | None = None
    ) -> None:
        if results.searches is None or results.searches.empty:
            raise ValueError(
                "Nothing was tuned in these results; evaluate a TunedClassifier, or use "
                "eegkit.tuning.tune."
            )
        rows = results.searches
        self.dataset = check_name("dataset", dataset, list(rows["dataset"].unique()))
        rows = rows[rows["dataset"] == self.dataset]
        self.pipeline = check_name("pipeline", pipeline, list(rows["pipeline"].unique()))
        rows = rows[rows["pipeline"] == self.pipeline].reset_index(drop=True)
        params = pd.DataFrame(rows["params"].tolist(), index=rows.index)
        self.parameters = list(params)
        before = ["seed", "fold", "trial", "state", "score", "n_fits", "fit_time_s", "is_best"]
        self.table = pd.concat([rows[before], params, rows[["error"]]], axis=1)
        self.metric = rows["metric"].iloc[0]
        self.claimed = float(rows.loc[rows["is_best"], "score"].mean())
        self.honest = float("nan")
        if self.metric in results.metrics:
            self.honest = float(results.scores(self.metric, self.dataset)[self.pipeline].mean())
        self.optimism = self.claimed - self.honest

    def settings(self) -> pd.DataFrame:
        """The setting that each fold chose.

        Returns
        -------
        pandas.DataFrame
            A row for each seed and fold: ``seed``, ``fold``, ``score`` (the mean over the people
            who chose), and the parameters.
        """
        columns = ["seed", "fold", "score", *self.parameters]
        return Table(self.table.loc[self.table["is_best"], columns].reset_index(drop=True))

    def agreement(self) -> pd.DataFrame:
        """How much the folds agree on each parameter.

        Returns
        -------
        pandas.DataFrame
            Index: the parameters; columns ``most_chosen`` (of numbers, the median), ``share`` (of
            the folds that chose it, NaN of numbers that are rarely the same), ``lowest`` and
            ``highest`` (of numbers).
        """
        settings, rows = self.settings(), {}
        for name in self.parameters:
            values = settings[name].dropna()
            counts = values.astype(str).value_counts()
            is_number = pd.api.types.is_numeric_dtype(values) and values.dtype != bool
            several = len(counts) == len(values) > 1
            rows[name] = {
                "most_chosen": values.median() if is_number and several else counts.index[0],
                "share": np.nan if is_number and several else counts.iloc[0] / len(settings),
                "lowest": values.min() if is_number else None,
                "highest": values.max() if is_number else None,
            }
        return Table(pd.DataFrame.from_dict(rows, orient="index"))

    def describe(self) -> str:
        """A sentence: what was claimed, and what is so."""
        n_fits, n_tried = int(self.table["n_fits"].sum()), len(self.table)
        metric = spoken(self.metric)
        return (
            f"{self.pipeline}: of the people who chose the settings the best one has a {metric} of "
            f"{self.claimed:.3f}, of people who did not {self.honest:.3f}; the difference, "
            f"{self.optimism:+.3f}, is what tuning on the people one reports would have added. "
            f"{n_tried} settings were tried, by {n_fits} fits."
        )

    def __repr__(self) -> str:
        return f"<Tuning: {self.describe()}>"

    def _repr_html_(self) -> str:
        table = self.settings().to_html(index=False, float_format="{:.3g}".format, border=0)
        return f"<div><p><b>Tuning</b>: {html.escape(self.describe())}</p>{table}</div>"


def settings_tried(estimator: Any, names: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row for each setting that searches in a fitted pipeline tried, plain as JSON holds it.

    A search is what has ``trials_`` and ``best_params_``, as `eegkit.tuning.TunedClassifier`.
    """
    rows = []
    for part in parts_of(estimator):
        if not (hasattr(part, "trials_") and hasattr(part, "best_params_")):
            continue
        table = part.trials_
        best = table["score"].idxmax()
        params = [name for name in table if name not in COLUMNS]
        for i, row in zip(table.index, table.to_dict("records"), strict=True):
            facts = {name: _plain(row[name]) for name in COLUMNS if name in row}
            values = {name: _plain(row[name]) for name in params}
            more = {"metric": part.metric_, "is_best": bool(i == best), "params": values}
            rows.append(dict(names) | facts | more)
    return rows


def searches_table(rows: Any) -> pd.DataFrame:
    """The table of results, of rows as `settings_tried` gives them, or of lists by column."""
    return pd.DataFrame(rows, columns=COLUMNS).astype({"score": "float64"})


def _plain(value: Any) -> Any:
    """A value as JSON holds it."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and np.isnan(value):
        return None
    return value if isinstance(value, bool | int | float | str | None) else str(value)
