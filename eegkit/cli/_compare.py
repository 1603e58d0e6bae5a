"""``eegkit compare`` and ``eegkit report``: from results that are there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from eegkit.atomic import atomic_write
from eegkit.cli._errors import debug_option
from eegkit.cli._evaluate import file_name, save_figure
from eegkit.text import suggest

if TYPE_CHECKING:
    import pandas as pd

    from eegkit.evaluation import Results

RESULTS_FILE = "results.safetensors"
TESTS = ("wilcoxon", "permutation", "t")


@click.command()
@click.argument("results", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--metric", metavar="NAME", help="Of those evaluated; the first by default.")
@click.option(
    "--test",
    type=click.Choice(TESTS),
    default=TESTS[0],
    show_default=True,
    help="Paired test over people.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for summary.csv, comparison.csv and comparison.png.",
)
@debug_option
def compare(results: tuple[Path, ...], metric: str | None, test: str, out: Path | None) -> None:
    """Compare the pipelines of one or several runs, person by person.

    RESULTS are folders of runs, or their files results.safetensors. The runs must be of the
    same trials and folds. p is corrected for the number of pairs, by Holm's method.
    """
    from rich.console import Console

    from eegkit.cli._tables import comparison_table, failures_table, show_summary
    from eegkit.evaluation import join_results

    paths = [results_file(path) for path in results]
    if len(set(paths)) < len(paths):
        raise ValueError("The same results are given twice; name every run once.")
    loaded = {path: load_results(path) for path in paths}
    joined = join_results(dict(zip(_names(paths), loaded.values(), strict=True)))
    metric = metric or joined.metrics[0]
    if metric not in joined.metrics:
        raise ValueError(f"--metric is {metric!r}{suggest(metric, joined.metrics)}")
    console = Console()
    show_summary(joined, [metric], console)
    if len(joined.failures):
        console.print(failures_table(joined))
    tables = []
    if len(joined.pipelines) < 2:
        click.echo(
            f"There is one pipeline only, {joined.pipelines[0]}; a comparison needs two: give "
            "another run, or evaluate with --baselines."
        )
    else:
        for dataset in joined.datasets:
            found = joined.compare(metric, dataset, test=test)
            found.insert(0, "dataset", dataset)
            tables.append(found)
            console.print(comparison_table(found, metric, dataset, joined))
    click.echo(joined.describe())
    if out is not None:
        _write(joined, metric, tables, out)


@click.command()
@click.argument("results", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("report.html"),
    show_default=True,
    help="The file to make.",
)
@debug_option
def report(results: Path, out: Path) -> None:
    """Make an HTML report of a run.

    RESULTS is the folder of a run, or its file results.safetensors.
    """
    import eegkit

    loaded = load_results(results_file(results))
    if out.parent != Path():
        out.parent.mkdir(parents=True, exist_ok=True)
    click.echo(f"Wrote {eegkit.report(loaded, out)}")


def results_file(path: Path) -> Path:
    """The file of results that a folder, or a file itself, stands for.

    Raises
    ------
    ValueError
        The folder holds none.
    FileNotFoundError
        There is no such file.
    """
    if path.is_dir():
        if (path / RESULTS_FILE).is_file():
            return path / RESULTS_FILE
        runs = sorted(p.parent.name for p in path.glob(f"*/{RESULTS_FILE}"))
        hint = f" It holds the runs {', '.join(runs[:5])}: name one of them." if runs else ""
        raise ValueError(f"The folder {path} holds no {RESULTS_FILE}.{hint}")
    if not path.exists():
        raise FileNotFoundError(
            f"There is no {path}; expected the folder of a run, or its {RESULTS_FILE}."
        )
    return path


def load_results(path: Path) -> Results:
    """Read a file of results."""
    from eegkit.evaluation import Results

    return Results.load(path)


def _names(paths: list[Path]) -> list[str]:
    """A short name for each run: its folder's, or the path where that comes twice."""
    short = [p.resolve().parent.name if p.name == RESULTS_FILE else p.stem for p in paths]
    return [s if short.count(s) == 1 else str(p) for s, p in zip(short, paths, strict=True)]


def _write(results: Results, metric: str, tables: list[pd.DataFrame], out: Path) -> None:
    import pandas as pd

    out.mkdir(parents=True, exist_ok=True)
    summary = results.summary()
    with atomic_write(out / "summary.csv") as part:
        summary[summary["metric"] == metric].to_csv(part, index=False)
    written = ["summary.csv"]
    if tables:
        with atomic_write(out / "comparison.csv") as part:
            pd.concat(tables).to_csv(part, index=False)
        written += ["comparison.csv", *_draw(results, metric, out)]
    click.echo(f"Wrote {', '.join(written)} to {out}")


def _draw(results: Results, metric: str, out: Path) -> list[str]:
    """A picture of each data set; their names."""
    from eegkit.plots._styles import figures_hidden
    from eegkit.plots.comparison import ComparisonDisplay

    written = []
    for dataset in results.datasets:
        selection = results.select(dataset=dataset)
        ending = "" if len(results.datasets) == 1 else f"-{file_name(dataset)}"
        written.append(f"comparison{ending}.png")
        with figures_hidden():
            save_figure(
                ComparisonDisplay.from_results(selection, metric).figure_, out / written[-1]
            )
    return written
