"""``eegkit run`` and ``eegkit tune``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eegkit.cli._evaluate import carry_out
from eegkit.cli._options import FOLDER, PATH, option, together, work_options
from eegkit.cli._waiting import says_what_is_kept

if TYPE_CHECKING:
    from eegkit.evaluation import Results
    from eegkit.experiment import Experiment
    from eegkit.explanation import PeopleAttributions
    from eegkit.trials import Trials

experiment_options = together(
    click.argument("file", type=PATH),
    option("--check", is_flag=True, help="Only read the file and say what would be done."),
    work_options,
    option(
        "--store",
        type=FOLDER,
        help="Folder that keeps every finished fold  [default: OUT/folds]",
    ),
    option(
        "--out",
        type=FOLDER,
        help="Folder for what comes out  [default: what the file says, else results/FILE]",
    ),
)


@click.command(short_help="Carry out the experiment that a YAML file describes.")
@experiment_options
def run(file: Path, check: bool, store: Path | None, out: Path | None, **work: Any) -> None:
    """Carry out the experiment that the YAML file FILE describes.

    Every finished fold is kept: a run that was killed goes on where it stopped when the same
    command is given again. See the page Experiments of the documentation for what FILE may say.

    \b
    Example of a file:
      datasets:
        simulated: {n_subjects: 10}
      pipelines:
        stft+cnn_bigru:
          cnn_bigru: {max_epochs: 10}
      baselines: true
      cv: group-5
    """
    run_file(file, check=check, store=store, out=out, **work)


@click.command(short_help="Tune the pipelines of an experiment, and score them on other people.")
@experiment_options
def tune(file: Path, check: bool, store: Path | None, out: Path | None, **work: Any) -> None:
    """Tune pipelines of the experiment that the YAML file FILE describes.

    In every fold settings are chosen by inner folds of its training people; the score is on people
    who had no part in that. Each pipeline that is tuned is evaluated as it is, too. What to choose
    among stands in the section tune of FILE; without it every pipeline is tuned among what its
    steps themselves say. Every setting tried is kept: a search that was killed goes on where it
    stopped when the same command is given again.

    \b
    Example of the section:
      tune:
        pipelines: [stft+cnn_bigru]
        space:
          stft__window_s: [0.5, 1.0]
          cnn_bigru__lr: {loguniform: [1e-4, 1e-2]}
        n_trials: 20
    """
    run_file(file, check=check, store=store, out=out, tune=True, **work)


def run_file(
    file: Path,
    *,
    check: bool,
    store: Path | None,
    out: Path | None,
    tune: bool = False,
    **work: Any,
) -> None:
    """Carry out the experiment of a file, or say what would be done."""
    import dataclasses

    from eegkit.experiment import explain_experiment, read_experiment, run_experiment

    experiment = read_experiment(file, tune=tune)
    if out is not None:
        experiment = dataclasses.replace(experiment, out=out)
    _show(experiment)
    if check:
        click.echo(f"{file.name} can be run; nothing was loaded.")
        return
    folds = experiment.out / "folds" if store is None else store
    n_kept = len(list(folds.glob("fold-*.safetensors"))) if folds.is_dir() else 0
    kept = f"; {n_kept} are there already" if n_kept else ""
    click.echo(f"Finished folds are kept in {folds}{kept}: run again after an interruption.")
    if experiment.tuned:
        click.echo(f"Settings tried are kept in {experiment.out / 'searches'}.")

    data: dict[str, Trials] = {}

    def loaded(name: str, trials: Trials) -> None:
        data[name] = trials
        click.echo(f"{name}: {repr(trials).strip('<>')}")

    def explain(results: Results) -> dict[str, PeopleAttributions]:
        click.echo("Explaining ...", err=True)
        return explain_experiment(experiment, results, data)

    with says_what_is_kept(is_kept=True):
        carry_out(
            run_experiment, experiment, store=folds, loaded=loaded, folder=experiment.out,
            keep_others=out is None, reported=data,
            explain=None if experiment.explain is None else explain, **work,
        )  # fmt: skip


def _show(experiment: Experiment) -> None:
    """What will be done, in a few lines."""
    from eegkit.cli._console import show_facts

    beside = ", and the baselines" if experiment.baselines else ""
    cv = experiment.cv
    rows = {
        "data sets": ", ".join(experiment.datasets),
        "pipelines": ", ".join(experiment.pipelines) + beside,
        "tuned": _tuned(experiment),
        "explained": _explained(experiment),
        "split": cv if isinstance(cv, str) else f"fixed, by {cv.get('by', 'subject')}",
        "metrics": ", ".join(experiment.scoring),
        "label": experiment.label or "",
        "random state": str(experiment.random_state),
        "seeds": str(experiment.n_seeds) if experiment.n_seeds > 1 else "",
        "out": str(experiment.out),
    }
    show_facts({name: text for name, text in rows.items() if text})


def _tuned(experiment: Experiment) -> str:
    """Which pipelines are tuned, among what, and how long that may take."""
    lines = []
    for name, search in experiment.tuned.items():
        from eegkit.tuning.spaces import Space

        names = ", ".join(Space(search.decoder, search.space))
        lines.append(f"{name}: {names} ({search.n_trials} settings, inner folds {search.cv})")
    return "\n".join(lines)


def _explained(experiment: Experiment) -> str:
    """Which pipelines are explained, by which method."""
    plan = experiment.explain
    return "" if plan is None else f"{', '.join(plan.pipelines)}, by {plan.method}"
