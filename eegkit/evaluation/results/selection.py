"""Some of the data sets and pipelines of results, by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

Names = str | Sequence[str] | None


def select(results: Any, dataset: Names, pipeline: Names) -> Any:
    """The results of some data sets and pipelines; see `Results.select`."""
    datasets = _selection(results, "dataset", dataset, results.datasets)
    pipelines = _selection(results, "pipeline", pipeline, results.pipelines)

    def rows(table: pd.DataFrame) -> pd.DataFrame:
        return table[table["dataset"].isin(datasets) & table["pipeline"].isin(pipelines)]

    return type(results)(
        rows(results.table),
        results.settings.select(datasets, pipelines),
        predictions={
            (name, step): predictions
            for (name, step), predictions in results._predictions.items()
            if name in datasets and step in pipelines
        },
        failures=rows(results.failures).to_dict("records"),
        twin=None if results.twin is None else rows(results.twin),
        searches=None if results.searches is None else rows(results.searches),
        decoders={
            key: decoder
            for key, decoder in results._decoders.items()
            if key[0] in datasets and key[1] in pipelines
        },
    )


def _selection(results: Any, kind: str, names: Names, present: Sequence[str]) -> Sequence[str]:
    if names is None:
        # A pipeline that failed everywhere is in no table, but its failures are its own.
        return [*present, *results.failures[kind].unique()]
    selection = [names] if isinstance(names, str) else list(names)
    return [check_name(kind, name, present) for name in selection]


def check_name(kind: str, name: str | None, names: Sequence[str]) -> str:
    """A name that the results have; the first of them where none is given.

    Raises
    ------
    ValueError
        They have no such name.
    """
    if name is None:
        return names[0]
    if name not in names:
        raise ValueError(f"{kind} is {name!r}; the results have {', '.join(map(repr, names))}.")
    return name
