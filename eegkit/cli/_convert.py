"""``eegkit convert``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from eegkit import registry
from eegkit.cli._options import PATH, option
from eegkit.text import suggest


@click.command()
@click.argument("dataset")
@click.argument("conversion")
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@click.argument("target", type=PATH)
@option("--n-jobs", type=int, default=-1, help="Files at once; -1: as many as cores.")
def convert(dataset: str, conversion: str, source: Path, target: Path, n_jobs: int) -> None:
    """Turn a data set's published files at SOURCE into faster ones at TARGET.

    What was converted before stays: run it again after an interruption.

    \b
    Example (eegkit info DATASET names the conversions):
      eegkit convert hms parquet-to-npy hms hms-npy
    """
    cls: Any = registry.get("datasets", dataset)
    conversions = cls.conversions
    if conversion not in conversions:
        hint = suggest(conversion, conversions, f"it has {', '.join(conversions) or 'none'}")
        raise ValueError(f"{dataset} has no conversion {conversion!r}{hint}")
    conversions[conversion](source, target, n_jobs=n_jobs, progress=True)
