"""``eegkit compare`` and ``eegkit report``: from results that are there."""

from __future__ import annotations

import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eegkit.cli._evaluate import draw
from eegkit.cli._options import FILE, FOLDER, PATH, option
from eegkit.text import suggest

if TYPE_CHECKING:
    import pandas as pd

    from eegkit.evaluation import Results

TESTS = ("wilcoxon", "permutation", "t")


@click.command()
@click.argument("results", nargs=-1, required=True, type=PATH)
@option("--metric", metavar="NAME", help="Of those evaluated; the first by default.")
@option("--test", type=click.Choice(TESTS), default=TESTS[0], help="Paired test over people.")
@option("--out", type=FOLDER, help="Folder for summary.csv, comparison.csv and comparison.png.")
def compare(results: tuple[Path, ...], metric: str | None, test: str, out: Path | None) -> None:
    """Compare the pipelines of one or several runs, person by person.

    RESULTS are folders of runs, or their files results.safetensors. The runs must be of the
    same trials and folds. p is corrected for the number of pairs, by Holm's method.

    \b
    Example:
      eegkit compare results/one results/other --metric balanced_accuracy
    """
    from rich.console import Console

    from eegkit.cli._tables import comparison_table, show_summary
    from eegkit.evaluation import Results, join_results
    from eegkit.evaluation.results.file import results_file

    paths = [results_file(path) for path in results]
    if len(set(paths)) < len(paths):
        raise ValueError("The same results are given twice; name every run once.")
    runs = zip(_names(paths), map(Results.load, paths), strict=True)
    joined = join_results(dict(runs))
    metric = metric or joined.metrics[0]
    if metric not in joined.metrics:
        raise ValueError(f"--metric is {metric!r}{suggest(metric, joined.metrics)}")
    console = Console()
    show_summary(joined, [metric], console)
    several = len(joined.pipelines) > 1
    if not several:
        click.echo(
            f"There is one pipeline only, {joined.pipelines[0]}; a comparison needs two: give "
            "another run, or evaluate with --baselines."
        )
    datasets = joined.datasets if several else []
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Not like with like")  # the tables say it
        tables = {name: joined.compare(metric, name, test=test) for name in datasets}
    for dataset, table in tables.items():
        console.print(comparison_table(table, metric, dataset, joined))
    click.echo(joined.describe())
    if out is not None:
        _write(joined, metric, tables, out)


@click.command()
@click.argument("results", type=PATH)
@option("--out", "-o", type=FILE, help="The file to make  [default: report.html beside RESULTS]")
def report(results: Path, out: Path | None) -> None:
    """Make an HTML report of a run.

    RESULTS is the folder of a run, or its file results.safetensors.

    \b
    Examples:
      eegkit report results/one
      eegkit report results/one -o report.html
    """
    import eegkit
    from eegkit.evaluation import Results
    from eegkit.evaluation.results.file import results_file

    source = results_file(results)
    target = out or source.with_name("report.html")
    click.echo(f"Wrote {eegkit.report(Results.load(source), target)}")


def _names(paths: list[Path]) -> list[str]:
    """A short name for each run: its folder's, or the path where that comes twice."""
    from eegkit.evaluation.results.file import RESULTS_FILE

    short = [p.resolve().parent.name if p.name == RESULTS_FILE else p.stem for p in paths]
    return [s if short.count(s) == 1 else str(p) for s, p in zip(short, paths, strict=True)]


def _write(results: Results, metric: str, tables: dict[str, pd.DataFrame], out: Path) -> None:
    import pandas as pd

    from eegkit.csv_file import write_csv
    from eegkit.plots.comparison import ComparisonDisplay

    out.mkdir(parents=True, exist_ok=True)
    summary = results.summary()
    frames = {"summary.csv": summary[summary["metric"] == metric]}
    pictures = []
    if tables:
        frames["comparison.csv"] = pd.concat(tables, names=["dataset"]).reset_index("dataset")
        pictures = draw(
            results, out / "comparison.png", partial(ComparisonDisplay.from_results, metric=metric)
        )
    for name, frame in frames.items():
        write_csv(frame, out / name)
    click.echo(f"Wrote {', '.join([*frames, *pictures])} to {out}")
