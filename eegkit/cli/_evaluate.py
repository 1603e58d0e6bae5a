"""``eegkit evaluate``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from eegkit.atomic import atomic_write
from eegkit.cli._errors import debug_option
from eegkit.cli._parse import Setting, Subjects, Words, set_params

if TYPE_CHECKING:
    from eegkit.evaluation import Results
    from eegkit.trials import Trials

Function = TypeVar("Function", bound=Callable[..., Any])


def _options(*options: Callable[[Any], Any]) -> Callable[[Function], Function]:
    def add(function: Function) -> Function:
        for option in reversed(options):
            function = option(function)
        return function

    return add


data_options = _options(
    click.option(
        "--dataset", required=True, metavar="NAME", help="Data set; see: eegkit list datasets."
    ),
    click.option("--path", type=click.Path(path_type=Path), help="Folder of the recordings."),
    click.option("--subjects", type=Subjects(), help="People to use; all by default."),
    click.option(
        "--option",
        "options",
        type=Setting(),
        multiple=True,
        help="Option of the data set; repeatable.",
    ),
    click.option(
        "--label",
        metavar="COLUMN",
        help="Decode a column of the metadata in place of the labels: subject tells people apart.",
    ),
)
set_option = click.option(
    "--set",
    "settings",
    type=Setting(),
    multiple=True,
    help="Parameter of a step, such as cnn_bigru__max_epochs=5; repeatable.",
)
seed_option = click.option(
    "--random-state",
    "random_state",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Set as random_state of every step that has one.",
)
work_options = _options(
    click.option("--n-jobs", type=int, default=1, show_default=True, help="Processes."),
    click.option(
        "--dask",
        metavar="ADDRESS",
        help="Fit on a dask cluster: the address of its scheduler, or local.",
    ),
)


@click.command()
@data_options
@click.option(
    "--pipeline",
    "pipelines",
    required=True,
    multiple=True,
    metavar="STEP+...+CLASSIFIER",
    help="Transforms and a classifier, such as stft+cnn_bigru; repeat to compare.",
)
@set_option
@click.option("--baselines", is_flag=True, help="Evaluate classical decoders beside them.")
@click.option(
    "--cv",
    default="group-5",
    show_default=True,
    metavar="NAME",
    help="group-K, stratified-group-K and loso keep people apart; within-K, within-session-K, "
    "cross-session and cross-run train and test on the same person.",
)
@click.option(
    "--scoring",
    type=Words(),
    default="balanced_accuracy,accuracy",
    show_default=True,
    help="Names of scikit-learn scorers, or auroc, cohen_kappa, top_K_accuracy.",
)
@click.option(
    "--on-leak",
    type=click.Choice(["refuse", "mark"]),
    default="refuse",
    show_default=True,
    help="What to do about a split through which something leaks.",
)
@seed_option
@work_options
@click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder that keeps every finished fold: a killed run goes on from there.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for results.safetensors, results.csv and scores.png  "
    "[default: results/DATASET-PIPELINE-CV]",
)
@debug_option
def evaluate(
    dataset: str,
    path: Path | None,
    subjects: list[Any] | None,
    options: tuple[tuple[str, Any], ...],
    label: str | None,
    pipelines: tuple[str, ...],
    settings: tuple[tuple[str, Any], ...],
    baselines: bool,
    cv: str,
    scoring: list[str],
    on_leak: str,
    random_state: int,
    n_jobs: int,
    dask: str | None,
    store: Path | None,
    out: Path | None,
) -> None:
    """Cross-validate pipelines on a data set, person by person.

    Values of --option and --set are written as in Python; what is no Python is a string.

    \b
    Examples:
      eegkit evaluate --dataset simulated --pipeline stft+cnn_bigru
      eegkit evaluate --dataset eegbci --subjects 1-9 --cv loso \\
          --pipeline stft+cnn_bigru --set cnn_bigru__max_epochs=10
    """
    from eegkit.evaluation import make_splitter
    from eegkit.evaluation.metrics import make_scorers
    from eegkit.experiment import parse_pipeline, set_random_state

    # Everything that can be wrong about the words is said before any data is loaded.
    make_splitter(cv)
    make_scorers(scoring)
    if len(set(pipelines)) < len(pipelines):
        raise ValueError("The same --pipeline is given twice; its results would be the same.")
    made = {name: parse_pipeline(name) for name in pipelines}
    set_random_state(made.values(), random_state)
    set_params(list(made.values()), settings)
    given = data_given(path, subjects, options)
    trials = load(dataset, given, label)
    results = run(
        made, {dataset: trials}, cv=cv, scoring=scoring, baselines=baselines, on_leak=on_leak,
        n_jobs=n_jobs, dask=dask, store=store,
    )  # fmt: skip
    write(results, out or default_folder(dataset, pipelines, cv))


def data_given(
    path: Path | None, subjects: list[Any] | None, options: Iterable[tuple[str, Any]]
) -> dict[str, Any]:
    """The options of the data set, from those of the command."""
    named = (("path", path), ("subjects", subjects))
    return dict(options) | {name: value for name, value in named if value is not None}


def load(dataset: str, options: dict[str, Any], label: str | None = None) -> Trials:
    """Load a data set and say what it is."""
    from eegkit.datasets._base import make_dataset

    made = make_dataset(dataset, **options)
    click.echo(f"Loading {dataset} ...", err=True)
    trials = made.load().relabel(label)
    click.echo(repr(trials).strip("<>"))
    return trials


def run(pipelines: dict[str, Any], trials: dict[str, Trials], **settings: Any) -> Results:
    """Evaluate with a progress bar, then show the tables."""
    from eegkit.evaluation import evaluate

    return shown(lambda: evaluate(pipelines, trials, verbose=True, **settings))


def shown(make: Callable[[], Results]) -> Results:
    """Make results, then show their tables and how long it took."""
    from eegkit.cli._tables import show_results

    started = time.perf_counter()
    results = make()
    show_results(results)
    seconds = time.perf_counter() - started
    click.echo(f"{results.describe()}; {duration(seconds)}.")
    return results


def write(results: Results, folder: Path, reported: Mapping[str, Trials] | None = None) -> None:
    """Write the results, their table as CSV, and a picture of each data set; say where.

    Given the trials, write the report, too.
    """
    from eegkit import report
    from eegkit.plots import ScoresDisplay
    from eegkit.plots._styles import figures_hidden

    folder.mkdir(parents=True, exist_ok=True)
    results.save(folder / "results.safetensors")
    results.to_csv(folder / "results.csv")
    written = ["results.safetensors", "results.csv"]
    for dataset in results.datasets:
        selection = results.select(dataset=dataset)
        ending = "" if len(results.datasets) == 1 else f"-{file_name(dataset)}"
        written.append(f"scores{ending}.png")
        with figures_hidden():
            save_figure(ScoresDisplay.from_results(selection).figure_, folder / written[-1])
    if reported is not None:
        report(results, folder / "report.html", reported)
        written.append("report.html")
    *most, last = written
    click.echo(f"Wrote {', '.join(most)} and {last} to {folder}")


def save_figure(figure: Any, path: Path) -> None:
    """Write a picture, whole or not at all, and close it."""
    import matplotlib.pyplot as plt

    with atomic_write(path) as part:
        figure.savefig(part, format=path.suffix[1:], dpi=150)
    plt.close(figure)


def default_folder(dataset: str, pipelines: Iterable[str], cv: str) -> Path:
    """``results/<dataset>-<pipeline>-<cv>``, in characters that every file system takes."""
    return Path("results") / file_name("-".join([dataset, ",".join(pipelines), cv]))


def file_name(name: str) -> str:
    """A name in characters that every file system takes."""
    return name.replace(":", ".").replace("/", "_").replace("\\", "_")


def duration(seconds: float) -> str:
    """A time as a person would say it."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
