"""``eegkit cache``."""

from __future__ import annotations

import time
from pathlib import Path

import click

from eegkit.cli._errors import debug_option

FOLDER = click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder of your own; by default that of EEGKIT_CACHE, else the user's.",
)


@click.group()
def cache() -> None:
    """Show or remove prepared trials and spectrograms."""


@cache.command("list")
@FOLDER
@debug_option
def list_cache(folder: Path | None) -> None:
    """List what is kept."""
    from rich.console import Console
    from rich.table import Table

    from eegkit.datasets import cache_folder
    from eegkit.kept_files import cached_files

    folder = folder or cache_folder()
    files = cached_files(folder)
    table = Table("of", "MB", "made", "file", title=str(folder), title_justify="left")
    for file in files:
        date = time.strftime("%Y-%m-%d %H:%M", time.localtime(file.made))
        kind = file.path.name.lstrip(".").partition("-")[0]
        name = file.path.name if file.complete else f"{file.path.name} (not complete)"
        table.add_row(kind, f"{file.n_bytes / 1e6:.1f}", date, name)
    console = Console()
    if files:
        console.print(table)
    console.print(
        f"{len(files)} files, {sum(file.n_bytes for file in files) / 1e6:.1f} MB in {folder}"
    )


@cache.command("clear")
@FOLDER
@debug_option
def clear(folder: Path | None) -> None:
    """Remove what is kept, and nothing else."""
    from eegkit.datasets import cache_folder
    from eegkit.kept_files import clear_cache

    folder = folder or cache_folder()
    click.echo(f"{clear_cache(folder) / 1e6:.1f} MB freed in {folder}")
