"""``eegkit train``."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import click

from eegkit.cli._errors import debug_option
from eegkit.cli._evaluate import data_given, data_options, load, seed_option, set_option
from eegkit.cli._parse import set_params


@click.command(short_help="Fit a pipeline on all trials of a data set and save it.")
@data_options
@click.option(
    "--pipeline",
    required=True,
    metavar="STEP+...+CLASSIFIER",
    help="Transforms and a classifier, such as stft+cnn_bigru.",
)
@set_option
@seed_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("model.eegkit"),
    show_default=True,
    help="The file to make; a file that is there is replaced.",
)
@debug_option
def train(
    dataset: str,
    path: Path | None,
    subjects: list[Any] | None,
    options: tuple[tuple[str, Any], ...],
    label: str | None,
    pipeline: str,
    settings: tuple[tuple[str, Any], ...],
    random_state: int,
    out: Path,
) -> None:
    """Fit a pipeline on all trials of a data set and save it, for eegkit predict.

    Nothing is evaluated: what the model is worth on people it has not seen, eegkit evaluate
    tells.

    \b
    Example:
      eegkit train --dataset eegbci --subjects 1-20 --pipeline stft+cnn_bigru --out hands.eegkit
    """
    import eegkit
    from eegkit.experiment import parse_pipeline, set_random_state

    made = parse_pipeline(pipeline)
    set_random_state([made], random_state)
    set_params([made], settings)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        eegkit.save(made, Path(folder) / "unfitted")  # what cannot be saved is told before the fit
    trials = load(dataset, data_given(path, subjects, options), label)
    click.echo(f"Fitting {pipeline} on all of them ...", err=True)
    made.fit(trials.X, trials.y)
    eegkit.save(made, out)
    click.echo(
        f"Wrote {out}: {len(trials.ch_names)} channels, {trials.n_times / trials.sfreq:g} s at "
        f"{trials.sfreq:g} Hz. It was not evaluated; see: eegkit evaluate."
    )
