"""``eegkit describe``: what a data set holds, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from eegkit.cli._errors import debug_option
from eegkit.cli._evaluate import data_given
from eegkit.cli._parse import Setting, Subjects


@click.command(short_help="Look through the trials of a data set before decoding them.")
@click.argument("dataset")
@click.option("--path", type=click.Path(path_type=Path), help="Folder of the recordings.")
@click.option("--subjects", type=Subjects(), help="People to use; all by default.")
@click.option(
    "--option", "options", type=Setting(), multiple=True, help="Option of the data set; repeatable."
)
@click.option("--channels", is_flag=True, help="Show every channel, not the extremes alone.")
@click.option("--people", is_flag=True, help="Show every person.")
@debug_option
def describe(
    dataset: str,
    path: Path | None,
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
    """
    from eegkit.datasets._base import make_dataset

    source = make_dataset(dataset, **data_given(path, subjects, options))
    click.echo(f"Loading {dataset} ...", err=True)
    description = source.load().describe()
    click.echo(repr(description))
    if people:
        click.echo(f"\nPeople\n{description.people.to_string()}")
    if channels:
        table = description.channels.to_string(float_format=lambda value: f"{value:.3g}")
        click.echo(f"\nChannels\n{table}")
