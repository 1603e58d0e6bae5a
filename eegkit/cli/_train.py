"""``eegkit train``."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from eegkit.cli._evaluate import load
from eegkit.cli._options import FILE, data_options, option, seed_option, set_option
from eegkit.cli._parse import make_pipelines


@click.command(short_help="Fit a pipeline on all trials of a data set and save it.")
@data_options
@option(
    "--pipeline",
    required=True,
    metavar="STEP+...+CLASSIFIER",
    help="Transforms and a classifier, such as stft+cnn_bigru.",
)
@set_option
@seed_option()
@option(
    "--out",
    type=FILE,
    default=Path("model.eegkit"),
    help="The file to make; a file that is there is replaced.",
)
def train(
    pipeline: str, settings: Iterable[tuple[str, Any]], random_state: int, out: Path, **data: Any
) -> None:
    """Fit a pipeline on all trials of a data set and save it, for eegkit predict.

    Nothing is evaluated: what the model is worth on people it has not seen, eegkit evaluate
    tells.

    \b
    Example:
      eegkit train --dataset eegbci --subjects 1-20 --pipeline stft+cnn_bigru --out hands.eegkit
    """
    import eegkit

    [estimator] = make_pipelines([pipeline], settings, random_state).values()
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        eegkit.save(
            estimator, Path(folder) / "unfitted"
        )  # what cannot be saved is told before the fit
    trials = load(**data)
    click.echo(f"Fitting {pipeline} on all of them ...", err=True)
    estimator.fit(trials.X, trials.y)
    eegkit.save(estimator, out)
    click.echo(
        f"Wrote {out}: {len(trials.ch_names)} channels, {trials.n_times / trials.sfreq:g} s at "
        f"{trials.sfreq:g} Hz. It was not evaluated; see: eegkit evaluate."
    )
