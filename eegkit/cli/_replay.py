"""``eegkit replay``."""

from __future__ import annotations

from pathlib import Path

import click

from eegkit.cli._options import FOLDER, PATH, n_jobs_option, option

DIFFERENT = 3


@click.command(short_help="Evaluate again what a capsule tells of, and compare.")
@click.argument("capsule", type=PATH)
@option("--path", type=PATH, help="Folder of the recordings, in place of the one of then.")
@n_jobs_option
@option("--store", type=FOLDER, help="Folder that keeps every finished fold.")
@click.pass_context
def replay(
    ctx: click.Context, capsule: Path, path: Path | None, n_jobs: int, store: Path | None
) -> None:
    """Evaluate again what a capsule tells of, and say whether it gave the same.

    CAPSULE is a file that results.capsule wrote, a folder of a run, or its file
    results.safetensors. The trials are loaded from where they came from.

    \b
    Example:
      eegkit replay results/one

    Exit codes: 0 if all is the same, exactly or within rounding; 3 if something is different.
    """
    import eegkit
    from eegkit.cli._tables import replay_table
    from eegkit.evaluation.results.file import results_file

    file = results_file(capsule)
    found = eegkit.replay(file, path=path, n_jobs=n_jobs, store=store, verbose=True)
    rows = found.table[found.table["verdict"] == "different"]
    if len(rows):
        from rich.console import Console

        Console().print(replay_table(rows))
    click.echo(found.describe())
    if found.verdict == "different":
        ctx.exit(DIFFERENT)
