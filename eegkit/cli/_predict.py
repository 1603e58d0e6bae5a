"""``eegkit predict``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eegkit.cli._options import FILE, PATH, option
from eegkit.cli._parse import words

if TYPE_CHECKING:
    import pandas as pd

    from eegkit.signals import SignalArray

N_SHOWN = 10


@click.command()
@click.argument("model", type=PATH)
@click.argument("recording", type=PATH)
@option("--out", type=FILE, help="CSV file to make: a row for each window.")
@option(
    "--window-s",
    type=click.FloatRange(min=0, min_open=True),
    help="Length of a window in s, where the model does not know that of its training trials.",
)
@option(
    "--overlap",
    type=click.FloatRange(0, 1, max_open=True),
    help="Part of a window shared with the next, in place of the training's.",
)
@option(
    "--l-freq",
    type=click.FloatRange(min=0),
    help="Lower edge in Hz of a band-pass, in place of the training's; 0 for none.",
)
@option(
    "--h-freq",
    type=click.FloatRange(min=0, min_open=True),
    help="Upper edge in Hz of a band-pass, in place of the training's; inf for none.",
)
@option(
    "--channels",
    type=words,
    metavar="NAME,NAME",
    help="Channels in order, where the model does not know them.",
)
@option("--sfreq", type=float, help="Rate in Hz, where the model does not know it.")
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
    from eegkit.cli._calibration import calibrate, signals_of_person, statistics_notes
    from eegkit.cli._model_input import complete, input_of, preparation_for
    from eegkit.csv_file import write_csv
    from eegkit.recordings import read_windows

    fitted = eegkit.load(model)
    model_input = complete(input_of(fitted), channels=channels, sfreq=sfreq, window_s=window_s)
    names = model_input.ch_names
    assert names is not None
    preparation, notes = preparation_for(model_input, filters)
    for note in notes:
        click.echo(note, err=True)

    def read(path: Any) -> tuple[SignalArray, Any, dict[str, tuple[str, ...]]]:
        X, onsets, sources = read_windows(path, names, preparation)
        return signals_of_person(X, onsets, preparation.sfreq, names), onsets, sources

    signals, onsets, sources = read(recording)
    _say_renamed(sources)
    basis = calibrate(fitted, signals, calibration, lambda path: read(path)[0])
    table = _table(fitted, signals, onsets)
    _say_unlike(table)
    click.echo(f"{recording.name}: {len(table)} windows, {len(sources)} channels; {preparation}")
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


def _say_renamed(sources: dict[str, tuple[str, ...]]) -> None:
    """Say which channels of the recording are read under another name."""
    pairs = [
        f"{' - '.join(names)} as {name}" for name, names in sources.items() if names != (name,)
    ]
    if pairs:
        more = f" and {len(pairs) - 8} more" if len(pairs) > 8 else ""
        click.echo(f"Read {', '.join(pairs[:8])}{more}.", err=True)


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
