"""``eegkit evaluate``."""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eegkit.atomic import atomic_write
from eegkit.cli._options import (
    BASELINES,
    FOLDER,
    data_options,
    option,
    seed_option,
    set_option,
    work_options,
)
from eegkit.cli._parse import as_typed, make_pipelines, split, words
from eegkit.cli._waiting import says_what_is_kept

if TYPE_CHECKING:
    from eegkit.evaluation import Results
    from eegkit.explanation import PeopleAttributions
    from eegkit.trials import Trials

Settings = Iterable[tuple[str, Any]]

# Settings of results that a run does not choose.
FOUND = ("versions", "audit", "one_by_one")
# The text of a file, whose comments ask for nothing; what it says stands in the other settings.
SAID_ELSEWHERE = ("experiment",)


@click.command()
@data_options
@option(
    "--pipeline",
    "pipelines",
    required=True,
    multiple=True,
    metavar="STEP+...+CLASSIFIER",
    help="Transforms and a classifier, such as stft+cnn_bigru, or a baseline, which stands whole: "
    f"{BASELINES}. Repeat to compare.",
)
@set_option
@option("--baselines", is_flag=True, help="Evaluate classical decoders beside them.")
@option(
    "--cv",
    type=split,
    default="group-5",
    metavar="NAME",
    help="group-K, stratified-group-K and loso keep people apart; within-K, within-session-K, "
    "cross-session and cross-run train and test on the same person. To tell people apart: "
    """'{"by": "session", "train": ["1"], "test": ["2"]}'.""",
)
@option(
    "--scoring",
    type=words,
    metavar="NAME,NAME",
    default="balanced_accuracy,accuracy",
    help="Names of scikit-learn scorers, or auroc, cohen_kappa, top_K_accuracy.",
)
@option(
    "--on-leak",
    type=click.Choice(["refuse", "mark"]),
    default="refuse",
    help="What to do about a split through which something leaks.",
)
@seed_option()
@option(
    "--seeds",
    "n_seeds",
    type=click.IntRange(min=1),
    default=1,
    help="Fits of every pipeline that has a random_state, each with another.",
)
@option(
    "--twin",
    is_flag=True,
    help="Show what leaky splits would add: the same with trials shuffled, and with sessions or "
    "runs kept apart only.",
)
@work_options
@option(
    "--store",
    type=FOLDER,
    help="Folder that keeps every finished fold: a killed run goes on from there.",
)
@option(
    "--out",
    type=FOLDER,
    help="Folder for results.safetensors, results.csv and scores.png  "
    "[default: results/DATASET-PIPELINE-CV, with a number behind it where that holds a run with "
    "other settings]",
)
def evaluate(
    dataset: str,
    path: Path | None,
    labels: Path | None,
    subjects: list[Any] | None,
    options: Settings,
    label: str | None,
    pipelines: tuple[str, ...],
    settings: Settings,
    cv: Any,
    scoring: list[str],
    random_state: int,
    out: Path | None,
    **work: Any,
) -> None:
    """Cross-validate pipelines on a data set, person by person.

    Values of --option and --set are written as in Python; what is no Python is text, and a list
    where one is expected: --option channels=C3,Cz,C4.

    \b
    Examples:
      eegkit evaluate --dataset simulated --pipeline stft+cnn_bigru
      eegkit evaluate --dataset eegbci --subjects 1-9 --cv loso \\
          --pipeline stft+cnn_bigru --set cnn_bigru__max_epochs=10
      eegkit evaluate --dataset folder:recordings --labels labels.csv --option window_s=4 \\
          --pipeline stft+cnn_bigru
    """
    from eegkit.evaluation import evaluate, make_splitter
    from eegkit.evaluation.metrics.scoring import make_scorers
    from eegkit.evaluation.splits.named import describe_split

    # Everything that can be wrong about the words is said before any data is loaded.
    split_name = describe_split(cv, make_splitter(cv))["split"]
    make_scorers(scoring)
    if len(set(pipelines)) < len(pipelines):
        raise ValueError("The same --pipeline is given twice; its results would be the same.")
    estimators = make_pipelines(pipelines, settings, random_state)
    for name, estimator in estimators.items():
        click.echo(f"{name}: {' | '.join(' '.join(repr(s).split()) for _, s in estimator.steps)}")
    data = load(dataset, label, path=path, labels=labels, subjects=subjects, options=options)
    folder = out or Path("results") / file_name(
        "-".join([dataset, ",".join(pipelines), split_name])
    )
    with says_what_is_kept(work["store"] is not None):
        carry_out(
            evaluate, estimators, {dataset: data}, cv=cv, scoring=scoring, folder=folder,
            keep_others=out is None, **work,
        )  # fmt: skip


def load(dataset: str, label: str | None = None, **options: Any) -> Trials:
    """Load a data set, with options as `load_silently` takes them, and say what it is."""
    trials = load_silently(dataset, **options).relabel(label)
    click.echo(repr(trials).strip("<>"))
    return trials


def load_silently(
    dataset: str,
    path: Path | None = None,
    labels: Path | None = None,
    subjects: list[Any] | None = None,
    options: Settings = (),
) -> Trials:
    """Load a data set with the options of a command; say only that it may take a while."""
    from eegkit.datasets.loading import make_dataset, option_types

    places = {"path": path, "labels": labels, "subjects": subjects}
    chosen = {name: value for name, value in places.items() if value is not None}
    types = option_types(dataset)
    typed = {name: as_typed(value, types.get(name)) for name, value in options}
    source = make_dataset(dataset, **typed, **chosen)
    click.echo(f"Loading {dataset} ...", err=True)
    return source.load()


def carry_out(
    run: Callable[..., Results],
    *args: Any,
    folder: Path | None,
    keep_others: bool = False,
    reported: Mapping[str, Trials] | None = None,
    explain: Callable[[Results], Mapping[str, PeopleAttributions]] | None = None,
    **kwargs: Any,
) -> Results:
    """Evaluate with a progress bar, save the results, and only then show, draw and report them.

    Whatever goes wrong in showing them, they are in the folder, or with `keep_others` in one
    beside it where it holds those of another run. A report is made of trials, and of what
    `explain` makes of the results.
    """
    start = time.perf_counter()
    results = run(*args, verbose=True, **kwargs)
    if folder is None:
        _show(results, time.perf_counter() - start)
        return results
    if keep_others:
        folder = _folder_beside_others(folder, results)
    folder.mkdir(parents=True, exist_ok=True)
    results.save(folder / "results.safetensors")
    results.to_csv(folder / "results.csv")
    try:
        _show(results, time.perf_counter() - start)
        _write_pages(results, folder, reported, explain)
    except Exception as error:
        error.add_note(f"The results themselves are saved, in {folder / 'results.safetensors'}.")
        raise
    _check_scored(results)
    return results


def _folder_beside_others(folder: Path, results: Results) -> Path:
    """The folder, or the first with a number behind its name, that holds no other run."""
    settings = _what_was_asked(results)
    for number in itertools.count(1):
        place = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        file = place / "results.safetensors"
        if not file.exists() or _settings_in(file) == settings:
            break
    if place != folder:
        click.echo(f"{folder} holds a run with other settings, and stays as it is.", err=True)
    return place


def _settings_in(file: Path) -> str:
    """What a run was asked for; nothing of a file that cannot be read."""
    from eegkit.evaluation import Results

    try:
        return _what_was_asked(Results.load(file))
    except (ValueError, OSError):
        return ""


def _what_was_asked(results: Results) -> str:
    """All settings but what a run found on its way, and the software, as text."""
    left_out = FOUND + SAID_ELSEWHERE
    settings = results.settings.to_dict()
    asked = {name: value for name, value in settings.items() if name not in left_out}
    return json.dumps(asked, default=repr)


def _check_scored(results: Results) -> None:
    """Raise ValueError where a pipeline has no score on a data set, as every fold of it failed."""
    failed = results.failures[results.failures["split"] == ""]
    scored = set(zip(results.table["dataset"], results.table["pipeline"], strict=True))
    first = failed.drop_duplicates(["dataset", "pipeline"]).to_dict("records")
    without = [row for row in first if (row["dataset"], row["pipeline"]) not in scored]
    if without:
        names = ", ".join(f"{row['pipeline']!r} on {row['dataset']}" for row in without)
        raise ValueError(
            f"Every fold of {names} failed; the scores of the others are written. The first "
            f"error: {without[0]['error']}"
        )


def _show(results: Results, duration_s: float) -> None:
    """Print the tables, and how long it took."""
    from eegkit.cli._tables import show_results

    show_results(results)
    minutes, seconds = divmod(duration_s, 60)
    duration = f"{minutes:.0f} min {seconds:.0f} s" if minutes else f"{seconds:.0f} s"
    click.echo(f"{results.describe()}; {duration}.")


def _write_pages(
    results: Results,
    folder: Path,
    reported: Mapping[str, Trials] | None,
    explain: Callable[[Results], Mapping[str, PeopleAttributions]] | None,
) -> None:
    """Draw each data set, make the report of trials that are given, and say what is where."""
    from eegkit import report
    from eegkit.plots import ScoresDisplay

    names = ["results.safetensors", "results.csv"]
    names += draw(results, folder / "scores.png", ScoresDisplay.from_results)
    maps = None if explain is None else explain(results)
    names += _draw_maps(maps or {}, folder)
    if reported is not None:
        report(results, folder / "report.html", reported, maps, check=False)
        names.append("report.html")
    *most, last = names
    click.echo(f"Wrote {', '.join(most)} and {last} to {folder}")


def draw(results: Results, path: Path, display: Callable[[Results], Any]) -> list[str]:
    """Write a picture of each data set, whole or not at all; their names."""
    import matplotlib.pyplot as plt

    from eegkit.plots._styles import figures_hidden

    names = []
    for dataset in results.datasets:
        ending = "" if len(results.datasets) == 1 else f"-{file_name(dataset)}"
        names.append(f"{path.stem}{ending}{path.suffix}")
        with figures_hidden(), atomic_write(path.with_name(names[-1])) as part:
            figure = display(results.select(dataset=dataset)).figure_
            figure.savefig(part, format=path.suffix[1:], dpi=150)
            plt.close(figure)
    return names


def _draw_maps(maps: Mapping[str, PeopleAttributions], folder: Path) -> list[str]:
    """Write a picture and a table of each pipeline that is explained; the pictures' names."""
    from eegkit.cli._maps import write_map

    names = []
    for name, people in maps.items():
        names.append(f"explanation-{file_name(name)}.png")
        table = people.to_frame().drop(columns=["trial", "class"])
        write_map(people, table, folder / names[-1])
    return names


def file_name(name: str) -> str:
    """A name in characters that every file system and shell takes as they are."""
    return re.sub(r"[^\w.+=@-]+", "_", name.replace(":", ".")).strip("_")
