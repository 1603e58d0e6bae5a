"""``eegkit predict``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eegkit.cli._errors import debug_option
from eegkit.cli._parse import Words

if TYPE_CHECKING:
    import pandas as pd

N_SHOWN = 10


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("recording", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="CSV file to make: a row for each window.",
)
@click.option(
    "--window",
    type=click.FloatRange(min=0, min_open=True),
    help="Length of a window in s, where the model does not know that of its training trials.",
)
@click.option(
    "--overlap",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.0,
    show_default=True,
    help="Part of a window shared with the next.",
)
@click.option("--l-freq", type=float, help="Lower edge in Hz of a band-pass, if the training's.")
@click.option("--h-freq", type=float, help="Upper edge in Hz of a band-pass, if the training's.")
@click.option(
    "--channels", type=Words(), help="Channels in order, where the model does not know them."
)
@click.option("--sfreq", type=float, help="Rate in Hz, where the model does not know it.")
@debug_option
def predict(
    model: Path,
    recording: Path,
    out: Path | None,
    window: float | None,
    overlap: float,
    l_freq: float | None,
    h_freq: float | None,
    channels: list[str] | None,
    sfreq: float | None,
) -> None:
    """Label every window of a recording.

    MODEL is a file of eegkit train or eegkit.save; RECORDING an EDF, BDF, GDF, BrainVision
    (.vhdr), EEGLAB (.set) or FIF file. The recording is brought to the channels, the order, the
    rate and the window that the model was fitted on. Filters of the training data are not in
    the model: give the same by --l-freq and --h-freq.

    \b
    Example:
      eegkit predict hands.eegkit session.edf --out hands.csv
    """
    from rich.console import Console

    import eegkit
    from eegkit.cli._tables import windows_table
    from eegkit.cli._windows import complete, input_of, read_windows
    from eegkit.signals import SignalArray

    fitted = eegkit.load(model)
    wanted = complete(input_of(fitted), channels=channels, sfreq=sfreq, window=window)
    X, onsets, renamed = read_windows(recording, wanted, overlap, l_freq, h_freq)
    other = [f"{there} as {name}" for name, there in renamed.items() if there != name]
    if other:
        shown = ", ".join(other[:8]) + (f" and {len(other) - 8} more" if len(other) > 8 else "")
        click.echo(f"Read {shown}.", err=True)
    signals = SignalArray(X, sfreq=wanted.sfreq, ch_names=wanted.ch_names)
    table = _table(fitted, signals, onsets)
    assert wanted.n_times is not None
    assert wanted.sfreq is not None
    length = wanted.n_times / wanted.sfreq
    click.echo(
        f"{recording.name}: {len(table)} windows of {length:g} s at {wanted.sfreq:g} Hz, "
        f"{len(renamed)} channels"
    )
    console = Console()
    counts = table["label"].value_counts()
    for label, n in counts.items():
        console.print(f"  {label}: {n} windows ({n / len(table):.0%})", highlight=False)
    console.print(windows_table(table.head(N_SHOWN)))
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        beside = out.with_name(f".{out.name}.part")
        table.to_csv(beside, index=False, lineterminator="\n")
        beside.replace(out)
        click.echo(f"Wrote {out}")
    elif len(table) > N_SHOWN:
        click.echo(f"{len(table) - N_SHOWN} more windows; --out FILE.csv writes all.")


def _table(fitted: Any, signals: Any, onsets: Any) -> pd.DataFrame:
    """``onset_s``, ``label`` and the probability of each class, ``p_<class>``."""
    import numpy as np
    import pandas as pd

    columns: dict[str, Any] = {"onset_s": onsets}
    if hasattr(fitted, "predict_proba"):
        proba = np.asarray(fitted.predict_proba(signals))
        columns["label"] = np.asarray(fitted.classes_)[proba.argmax(axis=1)]
        columns |= {f"p_{c}": proba[:, i] for i, c in enumerate(fitted.classes_)}
    else:
        columns["label"] = fitted.predict(signals)
    return pd.DataFrame(columns)
