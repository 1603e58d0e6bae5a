"""``eegkit demo``: from nothing to an honest score in a few minutes."""

from __future__ import annotations

from pathlib import Path

import click

from eegkit.cli._evaluate import carry_out, load
from eegkit.cli._options import FOLDER, n_jobs_option, option, seed_option
from eegkit.cli._parse import make_pipelines

# Chosen so that it ends within five minutes on two cores, with most people above chance; the
# pipeline's own settings are the defaults.
DATASET = "simulated"
N_PEOPLE = 10
CHANNELS = ["F3", "Fz", "F4", "C3", "Cz", "C4", "P3", "Pz", "P4"]
PIPELINE = "stft+cnn_bigru"
N_FOLDS = 5
SCORING = ["balanced_accuracy"]


@click.command(short_help="Decode simulated people, tested on people not seen in training.")
@option("--people", type=click.IntRange(min=2), default=N_PEOPLE, help="Simulated people.")
@seed_option("Of the people and of the training.")
@n_jobs_option
@option(
    "--out",
    type=FOLDER,
    default=Path("eegkit-demo"),
    help="Folder for results.safetensors, results.csv and scores.png.",
)
def demo(people: int, random_state: int, n_jobs: int, out: Path) -> None:
    """Decode the imagined hand of simulated people, tested on people not seen in training.

    It takes about half a minute on two cores, and downloads nothing.

    \b
    Example:
      eegkit demo
    """
    from eegkit.evaluation import evaluate

    pipelines = make_pipelines([PIPELINE], (), random_state)
    cv = f"group-{min(N_FOLDS, people)}"
    click.echo(
        f"{people} simulated people imagine a movement of the left or the right hand. "
        f"{PIPELINE} learns from some of them and is tested on the others ({cv}). Nothing is "
        "downloaded; on two cores it takes about half a minute."
    )
    options = {"n_subjects": people, "random_state": random_state, "channels": CHANNELS}
    trials = {DATASET: load(DATASET, options=options.items())}
    results = carry_out(
        evaluate, pipelines, trials, cv=cv, scoring=SCORING, n_jobs=n_jobs, folder=out
    )
    mean = results.summary().iloc[0]
    click.echo(
        f"On people it has never seen, {PIPELINE} reaches a balanced accuracy of "
        f"{mean['mean']:.3f} (chance {mean['chance']:.3f})."
    )
    click.echo(
        f"The picture of everybody's score is {out / 'scores.png'}.\n\nTry next:\n"
        f"  eegkit report {out}\n"
        "  eegkit describe simulated\n"
        f"  eegkit evaluate --dataset eegbci --subjects 1-10 --pipeline {PIPELINE}"
        "    (downloads recordings)"
    )
