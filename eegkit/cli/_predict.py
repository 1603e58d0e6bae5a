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
def predict(
    model: Path,
    recording: Path,
    out: Path | None,
    window_s: float | None,
    channels: list[str] | None,
    sfreq: float | None,
    calibration: str | None,
    **filters: float | None,
) -> None:
    """Label every window of a recording.

    MODEL is a file of eegkit train or eegkit.save; RECORDING an EDF, BDF, GDF, BrainVision
    (.vhdr), EEGLAB (.set) or FIF file. The recording goes through what those of the training
    trials went through: the same channels in the same order, filter, rate and windows.

    \b
    Example:
      eegkit predict hands.eegkit session.edf --out hands.csv
      eegkit predict load.eegkit task.edf --calibrate rest.edf
    """
    import eegkit
    from eegkit.cli._calibration import calibrate, statistics_notes
    from eegkit.cli._recording import recordings_for
    from eegkit.csv_file import write_csv

    fitted = eegkit.load(model)
    recordings = recordings_for(fitted, channels, sfreq, window_s, filters)
    signals, onsets, sources = recordings.read(recording)
    basis = calibrate(fitted, signals, calibration, lambda path: recordings.read(path)[0])
    table = _table(fitted, signals, onsets)
    _say_unlike(table)
    click.echo(
        f"{recording.name}: {len(table)} windows, {len(sources)} channels; {recordings.preparation}"
    )
    for note in statistics_notes(fitted, signals, basis):
        click.echo(note)
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


def _table(fitted: Any, signals: Any, onsets: Any) -> pd.DataFrame:
    """``onset_s``, ``label``, the probability of each class, ``p_<class>``, and likeness.

    ``unlike_training`` is true where amplitude or spectrum of a window are nothing like those of
    the training trials; absent where the model remembers none.
    """
    import numpy as np
    import pandas as pd

    from eegkit.likeness import is_unlike

    columns: dict[str, Any] = {"onset_s": onsets}
    if hasattr(fitted, "predict_proba"):
        proba = np.asarray(fitted.predict_proba(signals))
        columns["label"] = np.asarray(fitted.classes_)[proba.argmax(axis=1)]
        columns |= {f"p_{c}": proba[:, i] for i, c in enumerate(fitted.classes_)}
    else:
        columns["label"] = fitted.predict(signals)
    profile = getattr(fitted, "training_profile_", None)
    if profile is not None:
        columns["unlike_training"] = is_unlike(profile, signals.view(np.ndarray))
    return pd.DataFrame(columns)
