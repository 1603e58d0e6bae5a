"""Results as tables in the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from eegkit.naming import spoken, wrap_name

if TYPE_CHECKING:
    from eegkit.evaluation import Results

# Pipelines that have a column of their own in the table of people.
MOST_COLUMNS = 4
# So wide that the summary of several metrics fits into 80 columns.
NAME_WIDTH = 18
STYLES = {"leak": "bold red", "warning": "yellow", "note": "dim"}


def show_results(results: Results, console: Console | None = None) -> None:
    """Print the scores of every person, the means beside chance, and what went wrong or leaks."""
    console = console or Console()
    for dataset in results.datasets:
        console.print()
        console.print(people_table(results, dataset))
    show_summary(results, console=console)
    console.print(costs_table(results))
    if len(results.failures):
        console.print(failures_table(results))
    _show_audits(results, console)


def show_summary(
    results: Results, metrics: Sequence[str] | None = None, console: Console | None = None
) -> None:
    """Print the mean scores on every data set."""
    console = console or Console()
    for dataset in results.datasets:
        console.print()
        console.print(summary_table(results, dataset, metrics))


def _show_audits(results: Results, console: Console) -> None:
    """Print what the audits found; of notes only how many there are."""
    n_notes = 0
    for dataset, audit in results.audits.items():
        serious = audit.findings["severity"] != "note"
        n_notes += int((~serious).sum())
        if serious.any():
            console.print(audit_table(audit.findings[serious], dataset, results))
    if n_notes:
        are = "is 1 note" if n_notes == 1 else f"are {n_notes} notes"
        console.print(
            f"There {are} of the audit besides, on what it could not check: results.audits.",
            style=STYLES["note"],
        )


def people_table(results: Results, dataset: str | None = None) -> Table:
    """One line per person of a data set: all metrics of a single pipeline, else the first one."""
    dataset = results.datasets[0] if dataset is None else dataset
    pipelines = results.pipelines
    metrics = results.metrics if len(pipelines) == 1 else results.metrics[:1]
    title = f"{pipelines[0]}," if len(pipelines) == 1 else spoken(metrics[0])
    table = _table(f"{title} per person", dataset, results)
    table.add_column("person")
    table.add_column("trials", justify="right")
    has_names = len(pipelines) <= MOST_COLUMNS
    for metric in metrics:
        for i, pipeline in enumerate(pipelines):
            name = spoken(metric) if len(pipelines) == 1 else pipeline
            table.add_column(name if has_names else f"[{i + 1}]", justify="right", overflow="fold")
        table.add_column("chance", justify="right", style="dim")
    if not has_names:
        table.caption = ", ".join(f"[{i + 1}] {name}" for i, name in enumerate(pipelines))
        table.caption_justify = "left"
    people = results.per_subject()
    for subject, rows in people[people["dataset"] == dataset].groupby("subject"):
        scores = rows.set_index("pipeline")
        cells = [str(subject), str(rows["n_test"].max())]
        for metric in metrics:
            chance = scores[f"chance_{metric}"]
            cells += [_score(scores[metric].get(p), chance.get(p)) for p in pipelines]
            cells.append(_number(chance.max()))
        table.add_row(*cells)
    return table


def summary_table(
    results: Results, dataset: str | None = None, metrics: Sequence[str] | None = None
) -> Table:
    """One line per pipeline and metric: the mean and its interval, beside chance."""
    dataset = results.datasets[0] if dataset is None else dataset
    metrics = results.metrics if metrics is None else metrics
    with_metric = len(metrics) > 1
    title = "Mean over people" if with_metric else f"{spoken(metrics[0])}, mean over people"
    table = _table(title, dataset, results)
    table.add_column("pipeline", overflow="fold")
    if with_metric:
        table.add_column("metric", overflow="fold")
    for name in ("mean", "95 % interval", "chance", "above"):
        table.add_column(name, justify="right", no_wrap=True)
    summary = results.summary()
    mask = (summary["dataset"] == dataset) & summary["metric"].isin(metrics)
    before = None
    for row in summary[mask].to_dict("records"):
        name = wrap_name(row["pipeline"], NAME_WIDTH)
        cells: list[Any] = ["" if row["pipeline"] == before else Text(name)]
        before = row["pipeline"]
        if with_metric:
            cells.append(spoken(row["metric"]))
        has_interval = not (math.isnan(row["ci_low"]) or math.isnan(row["ci_high"]))
        interval = f"{row['ci_low']:.3f} to {row['ci_high']:.3f}" if has_interval else "unknown"
        above = f"{row['n_above_chance']} of {row['n_subjects']}"
        table.add_row(
            *cells, _score(row["mean"], row["chance"]), interval, _number(row["chance"]), above
        )
    return table


def costs_table(results: Results) -> Table:
    """One line per data set and pipeline: what the fits took."""
    table = _table("Costs")
    columns = _names(table, results)
    for name in ("folds", "fit s (median)", "all folds s", "peak MB"):
        table.add_column(name, justify="right")
    for row in results.costs().to_dict("records"):
        peak = "unknown" if pd.isna(row["peak_mb"]) else f"{row['peak_mb']:.0f}"
        seconds = [f"{row[c]:.3g}" for c in ("fit_time_s", "total_s")]
        table.add_row(*(row[c] for c in columns), str(row["n_folds"]), *seconds, peak)
    return table


def failures_table(results: Results) -> Table:
    """One line for each fold that failed."""
    table = _table("Failed")
    table.title_style = "bold red"
    columns = _names(table, results)
    table.add_column("fold", justify="right")
    table.add_column("error", overflow="fold")
    for row in results.failures.to_dict("records"):
        error = " ".join(str(row["error"]).partition("\n\n")[0].split())
        table.add_row(*(row[c] for c in columns), str(row["fold"]), Text(error))
    return table


def audit_table(findings: pd.DataFrame, dataset: str, results: Results) -> Table:
    """One line for each finding of an audit, leaks in red."""
    table = _table("Audit of the split", dataset, results)
    table.add_column("found", no_wrap=True)
    table.add_column("what, and what to do", overflow="fold")
    for row in findings.itertuples():
        style = STYLES[row.severity]
        kind = Text(f"{row.severity}\n{row.kind}", style=style)
        table.add_row(kind, Text(f"{row.detail} {row.advice}".strip(), style=style))
    return table


def comparison_table(
    differences: pd.DataFrame, metric: str, dataset: str, results: Results
) -> Table:
    """One line for each pair of pipelines."""
    title = f"Differences of {spoken(metric)}, paired over people"
    table = _table(title, dataset, results)
    table.add_column("first - second", overflow="fold")
    for name in ("difference", "95 % interval", "p (Holm)", "effect", "people"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in differences.to_dict("records"):
        p = row["p_corrected"]
        style = "bold green" if p < 0.05 else ""
        table.add_row(
            Text(f"{row['first']}\n- {row['second']}"),
            f"{row['mean_difference']:+.3f}",
            f"{row['low']:+.3f} to {row['high']:+.3f}",
            Text("< 0.001" if p < 0.001 else f"{p:.3f}", style=style),
            f"{row['effect_size']:+.2f}",
            str(row["n_subjects"]),
        )
    return table


def windows_table(windows: pd.DataFrame) -> Table:
    """Some windows of a recording."""
    table = _table("")
    table.title = None
    for name in windows:
        heading = {"onset_s": "onset (s)", "label": "label"}.get(name, name)
        table.add_column(Text(heading), justify="left" if name == "label" else "right")
    for row in windows.to_dict("records"):
        table.add_row(
            *(
                f"{value:.2f}" if name == "onset_s" else
                f"{value:.3f}" if name != "label" else Text(str(value))
                for name, value in row.items()
            )
        )  # fmt: skip
    return table


def _names(table: Table, results: Results) -> list[str]:
    """Add the columns that tell the rows of results apart; their names."""
    columns = ["dataset", "pipeline"] if len(results.datasets) > 1 else ["pipeline"]
    for name in columns:
        table.add_column(name.replace("dataset", "data set"), overflow="fold")
    return columns


def _table(title: str, dataset: str | None = None, results: Results | None = None) -> Table:
    if results is not None and len(results.datasets) > 1:
        title = f"{dataset}: {title}"
    return Table(
        title=Text(title), title_justify="left", title_style="bold", header_style="bold",
        box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False,
    )  # fmt: skip


def _number(value: Any) -> str:
    return "undefined" if value is None or pd.isna(value) else f"{value:.3f}"


def _score(value: Any, chance: Any) -> Text:
    """A score, green where it is above chance."""
    text = Text(_number(value))
    if value is not None and not pd.isna(value) and not pd.isna(chance):
        text.stylize("bold green" if value > chance + 1e-9 else "yellow")
    return text
