"""``eegkit explain``."""

from __future__ import annotations

from pathlib import Path

import click

from eegkit.cli._options import FILE, PATH, option, recording_options

ENDINGS = (".png", ".pdf", ".svg")


@click.command(short_help="Draw what a model looks at in a recording.")
@click.argument("model", type=PATH)
@click.argument("recording", type=PATH)
@option(
    "--method",
    default="occlusion",
    help="As in eegkit.explain: occlusion is for every model, integrated_gradients and others for "
    "nets.",
)
@option(
    "--out",
    type=FILE,
    default=Path("explanation.png"),
    help="Picture to make (.png, .pdf or .svg), and a CSV file beside it.",
)
@option(
    "--check/--no-check",
    default=True,
    help="Whether to try if the map can be trusted, which explains some windows several times "
    "again, and to say so.",
)
@recording_options
def explain(
    model: Path,
    recording: Path,
    method: str,
    out: Path,
    check: bool,
    window_s: float | None,
    channels: list[str] | None,
    sfreq: float | None,
    **filters: float | None,
) -> None:
    """Draw what a model looks at in a recording, and write it as a table.

    MODEL and RECORDING are as in eegkit predict. In every window the class is explained that the
    model labels it with; the picture shows the mean of each class, the table a row for each part
    of a window. Best of a person the model was not trained on. What the check says is printed,
    and stands under the picture; a map that is not to be trusted is no error.

    \b
    Example:
      eegkit explain hands.eegkit session.edf --out hands.png
      eegkit explain hands.eegkit session.edf --method integrated_gradients
    """
    import eegkit
    from eegkit.cli._maps import write_map
    from eegkit.prediction import recordings_for
    from eegkit.prediction.recordings import renamed

    if out.suffix.lower() not in ENDINGS:
        raise ValueError(f"--out is {out}; expected a name that ends in {', '.join(ENDINGS)}.")
    fitted = eegkit.load(model)
    recordings = recordings_for(fitted, channels, sfreq, window_s, filters)
    signals, onsets, sources = recordings.read(recording)
    for note in [*recordings.notes, *renamed(sources)]:
        click.echo(note, err=True)
    attributions = eegkit.explain(fitted, signals, method=method)
    if check:
        click.echo("Checking the map; --no-check leaves that out ...", err=True)
        attributions.check(n_stages=1)
    table = attributions.to_frame().drop(columns="person")
    table.insert(0, "onset_s", onsets[table.pop("trial")])
    note = write_map(attributions, table, out)
    click.echo(f"{recording.name}: {len(attributions)} windows by {method}. {note}")
    click.echo(f"Wrote {out} and {out.with_suffix('.csv').name}")
