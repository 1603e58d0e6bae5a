"""Results as tables in the terminal."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from eegkit.evaluation import Results


def show_results(results: Results, console: Console | None = None) -> None:
    """Print the scores of every person, and the means beside the chance level."""
    console = console or Console()
    console.print()
    console.print(people_table(results))
    console.print()
    console.print(summary_table(results))


def people_table(results: Results) -> Table:
    """One line per person: all metrics of a single pipeline, or the first one of several."""
    pipelines = results.pipelines
    metrics = results.metrics if len(pipelines) == 1 else results.metrics[:1]
    title = f"{pipelines[0]}, per person" if len(pipelines) == 1 else f"{metrics[0]} per person"
    table = _table(title)
    table.add_column("person")
    table.add_column("trials", justify="right")
    for metric in metrics:
        for pipeline in pipelines:
            name = _spaced(metric) if len(pipelines) == 1 else pipeline
            table.add_column(name, justify="right", overflow="fold")
        table.add_column("chance", justify="right", style="dim")
    people = results.per_subject()
    for subject, rows in people.groupby("subject"):
        of = rows.set_index("pipeline")
        cells = [str(subject), str(rows["n_test"].iloc[0])]
        for metric in metrics:
            chance = of[f"chance_{metric}"]
            cells += [_score(of[metric].get(p), chance.get(p)) for p in pipelines]
            cells.append(_number(chance.max()))
        table.add_row(*cells)
    return table


def summary_table(results: Results) -> Table:
    """One line per pipeline and metric: mean and spread over people, beside chance."""
    table = _table("Mean over people")
    table.add_column("pipeline", overflow="fold")
    table.add_column("metric", overflow="fold")
    for name in ("mean ± sd", "chance", "above chance"):
        table.add_column(name, justify="right")
    for row in results.summary().itertuples():
        mean = _score(row.mean, row.chance)
        if not math.isnan(row.sd):
            mean.append(f" ± {row.sd:.3f}", style="not bold")
        above = f"{row.n_above_chance} of {row.n_subjects}"
        table.add_row(row.pipeline, _spaced(row.metric), mean, _number(row.chance), above)
    return table


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", header_style="bold")


def _spaced(metric: str) -> str:
    return metric.replace("_", " ")


def _number(value: Any) -> str:
    return "undefined" if value is None or pd.isna(value) else f"{value:.3f}"


def _score(value: Any, chance: Any) -> Text:
    """A score, green where it is above chance."""
    text = Text(_number(value))
    if value is not None and not pd.isna(value) and not pd.isna(chance):
        text.stylize("bold green" if value > chance + 1e-9 else "yellow")
    return text
