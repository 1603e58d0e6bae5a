"""``eegkit describe``: what a data set holds, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from eegkit.cli._evaluate import load_silently
from eegkit.cli._options import complete_names, option, recordings_options


@click.command(short_help="Look through the trials of a data set before decoding them.")
@click.argument("dataset", required=False, shell_complete=complete_names("datasets"))
@option(
    "--dataset",
    "named",
    metavar="NAME",
    shell_complete=complete_names("datasets"),
    help="The data set, as eegkit evaluate takes it, in place of DATASET.",
)
@recordings_options
@option("--channels", is_flag=True, help="Show every channel, not the extremes alone.")
@option("--people", is_flag=True, help="Show every person.")
def describe(
    dataset: str | None,
    named: str | None,
    path: Path | None,
    labels: Path | None,
    subjects: list[Any] | None,
    options: tuple[tuple[str, Any], ...],
    channels: bool,
    people: bool,
) -> None:
    """Say what a data set holds, and what is wrong with it or looks it.

    People, runs, classes, amplitudes; missing samples, flat and clipped channels, wrong units,
    line noise, trials that are there twice or overlap, classes tied to people or runs.

    \b
    Example:
      eegkit describe simulated --option condition=seizure --channels
      eegkit describe folder:recordings --labels labels.csv --option window_s=4
    """
    chosen = [name for name in (dataset, named) if name is not None]
    if len(chosen) != 1:
        seen = "it is given twice" if chosen else "it is missing"
        raise click.UsageError(f"Name one data set, such as: eegkit describe simulated; {seen}.")
    description = load_silently(chosen[0], path, labels, subjects, options).describe()
    click.echo(repr(description))
    if people:
        click.echo(f"\nPeople\n{description.people.to_string()}")
    if channels:
        table = description.channels.to_string(float_format=lambda value: f"{value:.3g}")
        click.echo(f"\nChannels\n{table}")
