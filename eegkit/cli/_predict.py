"""``eegkit predict``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eegkit.cli._options import FILE, PATH, option, recording_options

if TYPE_CHECKING:
    import pandas as pd

N_SHOWN = 10


@click.command()
@click.argument("model", type=PATH)
@click.argument("recording", type=PATH)
@option("--out", type=FILE, help="CSV file to make: a row for each window.")
@recording_options
@option(
    "--calibrate",
    "calibration",
    is_flag=False,
    flag_value="self",
    metavar="[FILE]",
    help="Let a model that adapts to people learn this one's statistics first, from the recording "
    "itself (behind all else: --calibrate) or from another one of the person.",
)
def predict(model: Path, recording: Path, out: Path | None, **options: Any) -> None:
    """Label every window of a recording.

    MODEL is a file of eegkit train or eegkit.save; RECORDING an EDF, BDF, GDF, BrainVision
    (.vhdr), EEGLAB (.set) or FIF file. The recording goes through what those of the training
    trials went through: the same channels in the same order, filter, rate and windows. In Python:
    eegkit.predict.

    The table has a row for each window: where it begins, its label, the probability of each class
    (p_CLASS), and unlike_training: whether its amplitude or spectrum is nothing like that of the
    training trials, as of another unit, filter or cap; its label is then worth little.

    \b
    Examples:
      eegkit predict hands.eegkit session.edf --out hands.csv
      eegkit predict load.eegkit task.edf --calibrate rest.edf
    """
    import eegkit
    from eegkit.csv_file import write_csv

    table = eegkit.predict(eegkit.load(model), recording, **options)
    _say_unlike(table)
    done = table.attrs
    click.echo(
        f"{recording.name}: {len(table)} windows, {len(done['channels'])} channels; "
        f"{done['preparation']}"
    )
    for note in done["notes"]:
        click.echo(note, err=True)
    _show(table)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_csv(table, out)
        click.echo(f"Wrote {out}")
    elif len(table) > N_SHOWN:
        click.echo(f"{len(table) - N_SHOWN} more windows; --out FILE.csv writes all.")


def _show(table: pd.DataFrame) -> None:
    """How many windows have each label, and the first windows."""
    from eegkit.cli._console import Console, literal
    from eegkit.cli._tables import windows_table

    for label, n in table["label"].value_counts().items():
        Console().print(literal(f"  {label}: {n} windows ({n / len(table):.0%})"))
    Console().print(windows_table(table.head(N_SHOWN)))


def _say_unlike(table: pd.DataFrame) -> None:
    """Say how many windows are nothing like the training trials."""
    n_unlike = table["unlike_training"].sum() if "unlike_training" in table else 0
    if n_unlike:
        click.echo(
            f"{n_unlike} of {len(table)} windows are nothing like the training trials in amplitude "
            "or spectrum (column unlike_training).",
            err=True,
        )
