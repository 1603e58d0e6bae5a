"""``eegkit cache``."""

from __future__ import annotations

import time
from pathlib import Path

import click

from eegkit.cli._options import FOLDER, option

folder_option = option(
    "--folder",
    type=FOLDER,
    help="A folder of your own; by default that of EEGKIT_CACHE, else the user's.",
)


@click.group()
def cache() -> None:
    """Show or remove prepared trials and spectrograms.

    \b
    Example:
      eegkit cache list
    """


@cache.command("list")
@folder_option
def list_cache(folder: Path | None) -> None:
    """List what is kept.

    \b
    Example:
      eegkit cache list --folder kept
    """
    from eegkit.cli._console import show_table, words
    from eegkit.datasets import cache_folder
    from eegkit.kept_files import cached_files

    folder = folder or cache_folder()
    files = cached_files(folder)
    rows = []
    for file in files:
        date = time.strftime("%Y-%m-%d %H:%M", time.localtime(file.made))
        kind = file.path.name.lstrip(".").partition("-")[0]
        name = file.path.name if file.complete else f"{file.path.name} (not complete)"
        rows.append((kind, f"{file.n_bytes / 1e6:.1f}", date, name))
    if files:
        show_table(str(folder), words("of", "MB", "made", "file"), rows)
    n_bytes = sum(file.n_bytes for file in files)
    click.echo(f"{len(files)} files, {n_bytes / 1e6:.1f} MB in {folder}")


@cache.command("clear")
@folder_option
def clear(folder: Path | None) -> None:
    """Remove what is kept, and nothing else.

    \b
    Example:
      eegkit cache clear
    """
    from eegkit.datasets import cache_folder
    from eegkit.kept_files import clear_cache

    folder = folder or cache_folder()
    click.echo(f"{clear_cache(folder) / 1e6:.1f} MB freed in {folder}")
