"""Results as tables in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from eegkit.cli._console import literal, make_table, numbers, words
from eegkit.naming import spoken

if TYPE_CHECKING:
    from eegkit.evaluation import Results
    from eegkit.evaluation.results.tuning import Tuning

# Pipelines that have a column of their own in the table of people.
MOST_COLUMNS = 4
STYLES = {"leak": "bold red", "warning": "yellow", "note": "dim"}


def show_results(results: Results, console: Console | None = None) -> None:
    """Print the scores of every person, the means beside chance, and what went wrong or leaks."""
    console = console or Console()
    for dataset in results.datasets:
        console.print()
        console.print(people_table(results, dataset))
    show_summary(results, results.metrics, console)
    if results.twin is not None:
        for dataset in results.datasets:
            console.print(twin_table(results, dataset))
    _show_tuning(results, console)
    console.print(costs_table(results))
    _show_audits(results, console)


def show_summary(results: Results, metrics: Sequence[str], console: Console) -> None:
    """Print the mean scores on every data set, and what failed."""
    for dataset in results.datasets:
        console.print()
        console.print(summary_table(results, dataset, metrics))
    if len(results.failures):
        console.print(failures_table(results))


def _show_audits(results: Results, console: Console) -> None:
    """Print what the audits found; notes in a line each below."""
    notes = []
    for dataset, audit in results.audits.items():
        serious = audit.findings["severity"] != "note"
        if serious.any():
            console.print(audit_table(audit.findings[serious], dataset, results))
        for row in audit.findings[~serious].itertuples():
            text = f"{row.detail} {row.advice}".strip()
            notes.append(_of_dataset(text, dataset, results))
    for note in notes:
        console.print(literal(f"Note of the audit: {note}", STYLES["note"]))


def people_table(results: Results, dataset: str) -> Table:
    """One line per person of a data set: all metrics of a single pipeline, else the first one."""
    pipelines = results.pipelines
    single = len(pipelines) == 1
    metrics = results.metrics if single else results.metrics[:1]
    caption, headings = None, pipelines
    if len(pipelines) > MOST_COLUMNS:
        headings = [f"[{i + 1}]" for i in range(len(pipelines))]
        caption = ", ".join(map("{} {}".format, headings, pipelines))
    columns = [*words("person"), *numbers("trials")]
    for metric in metrics:
        columns += numbers(*([spoken(metric)] if single else headings), overflow="fold")
        columns += numbers("chance", style="dim")
    people = results.per_subject()
    rows = []
    for subject, lines in people[people["dataset"] == dataset].groupby("subject"):
        scores = lines.set_index("pipeline")
        cells = [str(subject), str(lines["n_test"].max())]
        for metric in metrics:
            chance = scores[f"chance_{metric}"]
            cells += [_score(scores[metric].get(p), chance.get(p)) for p in pipelines]
            cells.append(_number(chance.max()))
        rows.append(cells)
    title = f"{pipelines[0]}," if single else spoken(metrics[0])
    title = _of_dataset(f"{title} per person", dataset, results)
    return make_table(title, columns, rows, caption=caption)


def summary_table(results: Results, dataset: str, metrics: Sequence[str]) -> Table:
    """One line per pipeline and metric: the mean and its interval, beside chance."""
    several = len(metrics) > 1
    title = "Mean over people" if several else f"{spoken(metrics[0])}, mean over people"
    columns = words("pipeline", "metric") if several else words("pipeline")
    summary = results.summary()
    has_seeds = (summary["n_seeds"] > 1).any()
    seeds = ["seed sd"] if has_seeds else []
    columns += numbers("mean", "95 % interval", *seeds, "chance", "above", no_wrap=True)
    mask = (summary["dataset"] == dataset) & summary["metric"].isin(metrics)
    rows = []
    for row in summary[mask].to_dict("records"):
        name = row["pipeline"]
        if row["access"] != "none":
            name += f"\n({row['access']})"
        cells: list[Any] = ["" if row["metric"] != metrics[0] else name]
        if several:
            cells.append(spoken(row["metric"]))
        has_interval = pd.notna(row["ci_low"]) and pd.notna(row["ci_high"])
        rows.append(
            [
                *cells,
                _score(row["mean"], row["chance"]),
                f"{row['ci_low']:.3f} to {row['ci_high']:.3f}" if has_interval else "unknown",
                *([_spread(row)] if has_seeds else []),
                _number(row["chance"]),
                f"{row['n_above_chance']} of {row['n_subjects']}"
                + (" right" if row["answers"] == "per person" else ""),
            ]
        )
    title = _of_dataset(title, dataset, results)
    return make_table(title, columns, rows, caption=results.access_note)


def twin_table(results: Results, dataset: str) -> Table:
    """One line per leaky split and pipeline: what the leak adds to the first metric."""
    inflation = results.inflation(dataset=dataset)
    rows = [
        [
            spoken(row.split),
            row.pipeline,
            _number(row.honest),
            _number(row.leaky),
            f"{row.gap:+.3f}",
            "unknown" if pd.isna(row.gap_low) else f"{row.gap_low:+.3f} to {row.gap_high:+.3f}",
        ]
        for row in inflation.summary().itertuples()
    ]
    title = _of_dataset(f"Leaky twin, {spoken(inflation.metric)}", dataset, results)
    columns = numbers("honest", "leaky", "gap", "95 % interval", no_wrap=True)
    return make_table(title, [*words("split", "pipeline"), *columns], rows)


def _show_tuning(results: Results, console: Console) -> None:
    """Print what every search chose, and what it claimed beside what is so."""
    if results.searches is None:
        return
    for dataset, pipeline in results.searches.groupby(["dataset", "pipeline"], sort=False).groups:
        tuning = results.tuning(pipeline, dataset)
        console.print()
        console.print(literal(_of_dataset(tuning.describe(), dataset, results)))
        console.print(settings_table(tuning))
        console.print(agreement_table(tuning))


def settings_table(tuning: Tuning) -> Table:
    """One line per fold: the settings that it chose, and what they scored on those who chose."""
    settings = tuning.settings()
    places = ["seed", "fold"] if settings["seed"].any() else ["fold"]
    rows = [
        [*(str(row[name]) for name in places), _number(row["score"])]
        + [_setting(row[name]) for name in tuning.parameters]
        for row in settings.to_dict("records")
    ]
    columns = numbers(*places, "score")
    columns += numbers(*tuning.parameters, overflow="fold")
    return make_table("Chosen", columns, rows)


def agreement_table(tuning: Tuning) -> Table:
    """One line per parameter: what most folds chose, and between what they differ."""
    rows = [
        [
            name,
            _setting(row["most_chosen"]),
            "" if pd.isna(row["share"]) else f"{row['share']:.0%}",
            "" if pd.isna(row["lowest"]) else f"{row['lowest']:.4g} to {row['highest']:.4g}",
        ]
        for name, row in tuning.agreement().to_dict("index").items()
    ]
    columns = [*words("parameter"), *numbers("most chosen", "of folds", "between")]
    return make_table("Agreement", columns, rows)


def costs_table(results: Results) -> Table:
    """One line per data set and pipeline: what the fits took."""
    names = _names(results)
    rows = [
        [
            *(row[name] for name in names.values()),
            str(row["n_folds"]),
            f"{row['fit_time_s']:.3g}",
            f"{row['total_s']:.3g}",
            "unknown" if pd.isna(row["peak_mb"]) else f"{row['peak_mb']:.0f}",
        ]
        for row in results.costs().to_dict("records")
    ]
    columns = numbers("folds", "fit s (median)", "all folds s", "peak MB")
    return make_table("Costs", [*words(*names), *columns], rows)


def failures_table(results: Results) -> Table:
    """One line for each fold that failed."""
    names = _names(results)
    rows = []
    failures = results.failures
    places = [name for name in ("split", "seed") if failures[name].astype(bool).any()] + ["fold"]
    for row in failures.to_dict("records"):
        error = " ".join(str(row["error"]).partition("\n\n")[0].split())
        numbered = [str(row[name]) for name in places]
        rows.append([*(row[name] for name in names.values()), *numbered, error])
    columns = [*words(*names), *numbers(*places), *words("error")]
    return make_table("Failed", columns, rows, title_style="bold red")


def audit_table(findings: pd.DataFrame, dataset: str, results: Results) -> Table:
    """One line for each finding of an audit, leaks in red."""
    rows = []
    for row in findings.itertuples():
        cells = (f"{row.severity}\n{row.kind}", f"{row.detail} {row.advice}".strip())
        rows.append([literal(cell, STYLES[row.severity]) for cell in cells])
    columns = [*words("found", no_wrap=True), *words("what, and what to do")]
    return make_table(_of_dataset("Audit of the split", dataset, results), columns, rows)


def comparison_table(
    differences: pd.DataFrame, metric: str, dataset: str, results: Results
) -> Table:
    """One line for each pair of pipelines."""
    rows = []
    for row in differences.to_dict("records"):
        p = row["p_corrected"]
        rows.append(
            [
                f"{row['first']}\n- {row['second']}",
                f"{row['mean_difference']:+.3f}",
                f"{row['low']:+.3f} to {row['high']:+.3f}",
                Text(
                    "< 0.001" if p < 0.001 else f"{p:.3f}", style="bold green" if p < 0.05 else ""
                ),
                f"{row['effect_size']:+.2f}",
                str(row["n_subjects"]),
            ]
        )
    columns = numbers("difference", "95 % interval", "p (Holm)", "effect", "people", no_wrap=True)
    title = f"Differences of {spoken(metric)}, paired over people"
    title = _of_dataset(title, dataset, results)
    columns = [*words("first - second"), *columns]
    return make_table(title, columns, rows, caption=results.access_note)


def replay_table(differences: pd.DataFrame) -> Table:
    """One line for each person and fold whose scores did not come again."""
    rows = [
        [
            str(row["subject"]),
            row["pipeline"],
            *(str(row[name]) for name in ("seed", "fold")),
            _number(row["score_difference"]),
            _number(row["answer_difference"]),
        ]
        for row in differences.to_dict("records")
    ]
    columns = numbers("seed", "fold", "score differs by", "answers differ by")
    return make_table("Different", [*words("person", "pipeline"), *columns], rows)


def windows_table(windows: pd.DataFrame) -> Table:
    """Some windows of a recording."""
    formats = {"onset_s": "{:.2f}", "label": "{}", "unlike_training": "{}"}
    headings = {"onset_s": "onset (s)", "unlike_training": "unlike training"}
    windows = windows.replace({"unlike_training": {True: "yes", False: "no"}})
    columns = []
    for name in windows:
        heading = headings.get(name, name)
        columns += (words if formats.get(name) == "{}" else numbers)(heading)
    cells = [map(formats.get(name, "{:.3f}").format, values) for name, values in windows.items()]
    return make_table("", columns, zip(*cells, strict=True))


def _names(results: Results) -> dict[str, str]:
    """What tells the rows of results apart: headings, and the columns that have it."""
    names = {"data set": "dataset", "pipeline": "pipeline"}
    return names if len(results.datasets) > 1 else {"pipeline": "pipeline"}


def _of_dataset(title: str, dataset: str, results: Results) -> str:
    return title if len(results.datasets) == 1 else f"{dataset}: {title}"


def _number(value: Any) -> str:
    return "undefined" if pd.isna(value) else f"{value:.3f}"


def _setting(value: Any) -> str:
    """A setting: numbers in few digits, nothing where the parameter did not apply."""
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.4g}"
    return "" if value is None else str(value)


def _spread(row: Mapping[str, Any]) -> str:
    """How far the seed moves a mean."""
    return f"{row['sd_seeds']:.3f}" if row["n_seeds"] > 1 else ""


def _score(value: Any, chance: Any) -> Text:
    """A score, green where it is above chance."""
    text = Text(_number(value))
    if pd.notna(value) and pd.notna(chance):
        text.stylize("bold green" if value > chance + 1e-9 else "yellow")
    return text
