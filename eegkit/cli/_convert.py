"""``eegkit convert``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from eegkit import registry
from eegkit.cli._errors import debug_option
from eegkit.text import suggest


@click.command()
@click.argument("dataset")
@click.argument("conversion")
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--n-jobs", type=int, default=-1, help="Files at once; -1: as many as cores.")
@debug_option
def convert(dataset: str, conversion: str, source: Path, target: Path, n_jobs: int) -> None:
    """Turn a data set's published files at SOURCE into faster ones at TARGET.

    What was converted before stays: run it again after an interruption.
    """
    cls: Any = registry.get("datasets", dataset)
    known = cls.conversions
    if conversion not in known:
        hint = suggest(conversion, known, f"it has {', '.join(known) or 'none'}")
        raise ValueError(f"{dataset} has no conversion {conversion!r}{hint}")
    known[conversion](source, target, n_jobs=n_jobs, progress=True)
