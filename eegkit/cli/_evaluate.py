"""``eegkit evaluate``."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eegkit.cli._errors import debug_option
from eegkit.cli._parse import Setting, Subjects, Words, make_pipeline, seed, set_params

if TYPE_CHECKING:
    from eegkit.evaluation import Results
    from eegkit.pipeline import Pipeline
    from eegkit.trials import Trials


@click.command()
@click.option("--dataset", required=True, metavar="NAME", help="Data set; see: eegkit list.")
@click.option("--path", type=click.Path(path_type=Path), help="Folder of the recordings.")
@click.option("--subjects", type=Subjects(), help="People to use; all by default.")
@click.option(
    "--option", "options", type=Setting(), multiple=True, help="Option of the data set; repeatable."
)
@click.option(
    "--pipeline",
    "pipelines",
    required=True,
    multiple=True,
    metavar="STEP+...+CLASSIFIER",
    help="Transforms and a classifier, such as stft+cnn_bigru; repeat to compare.",
)
@click.option(
    "--set",
    "settings",
    type=Setting(),
    multiple=True,
    help="Parameter of a step, such as cnn_bigru__max_epochs=5; repeatable.",
)
@click.option(
    "--cv",
    default="group-5",
    show_default=True,
    metavar="NAME",
    help="group-K, stratified-group-K or loso keep people apart; within-K trains and tests "
    "on the same person.",
)
@click.option(
    "--scoring",
    type=Words(),
    default="balanced_accuracy,accuracy",
    show_default=True,
    help="Names of scikit-learn scorers.",
)
@click.option("--n-jobs", type=int, default=1, show_default=True, help="Processes.")
@click.option(
    "--seed",
    "random_state",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Set as random_state of every step that has one.",
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
    pipelines: tuple[str, ...],
    settings: tuple[tuple[str, Any], ...],
    cv: str,
    scoring: list[str],
    n_jobs: int,
    random_state: int,
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
    from eegkit.evaluation.scoring import make_scorers

    # Everything that can be wrong about the words is said before any data is loaded.
    make_splitter(cv)
    make_scorers(scoring)
    if len(set(pipelines)) < len(pipelines):
        raise ValueError("The same --pipeline is given twice; its results would be the same.")
    made = {name: make_pipeline(name) for name in pipelines}
    seed(made.values(), random_state)
    set_params(list(made.values()), settings)
    given = dict(options)
    given |= {k: v for k, v in (("path", path), ("subjects", subjects)) if v is not None}
    trials = load(dataset, given)
    results = run(made, trials, cv=cv, scoring=scoring, n_jobs=n_jobs)
    results.settings["command"] = {
        "dataset": dataset,
        "options": {name: str(value) for name, value in given.items()},
        "seed": random_state,
    }
    write(results, out or default_folder(dataset, pipelines, cv))


def load(dataset: str, options: dict[str, Any]) -> Trials:
    """Load a data set and say what it is."""
    from eegkit.datasets._base import make_dataset

    made = make_dataset(dataset, **options)
    click.echo(f"Loading {dataset} ...", err=True)
    trials = made.load()
    click.echo(repr(trials).strip("<>"))
    return trials


def run(pipelines: dict[str, Pipeline], trials: Trials, **settings: Any) -> Results:
    """Evaluate with a progress bar, then show the tables."""
    from eegkit.cli._tables import show_results
    from eegkit.evaluation import evaluate

    started = time.perf_counter()
    results = evaluate(pipelines, trials, verbose=True, **settings)
    show_results(results)
    seconds = time.perf_counter() - started
    click.echo(f"{results.describe()}; {duration(seconds)}.")
    return results


def write(results: Results, folder: Path) -> None:
    """Write the results as JSON, as CSV and as a picture, and say where."""
    from matplotlib.figure import Figure

    from eegkit.plots import ScoresDisplay

    folder.mkdir(parents=True, exist_ok=True)
    results.save(folder / "results.safetensors")
    results.to_csv(folder / "results.csv")
    figure = Figure(layout="constrained")
    ScoresDisplay.from_results(results, ax=figure.subplots())
    beside = folder / ".scores.part.png"
    figure.savefig(beside, dpi=150)
    beside.replace(folder / "scores.png")
    click.echo(f"Wrote results.safetensors, results.csv and scores.png to {folder}")


def default_folder(dataset: str, pipelines: Iterable[str], cv: str) -> Path:
    """``results/<dataset>-<pipeline>-<cv>``, in characters that every file system takes."""
    name = "-".join([dataset, ",".join(pipelines), cv])
    return Path("results") / name.replace(":", ".").replace("/", "_")


def duration(seconds: float) -> str:
    """A time as a person would say it."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
