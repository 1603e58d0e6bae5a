"""What the accuracy benchmarks share: how their results are written."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import scipy
import sklearn

import eegkit
from eegkit.atomic import atomic_write
from eegkit.evaluation import Results

FOLDER = Path(__file__).parent / "results"
COLUMNS = [
    "task",
    "decoder",
    "kind",
    "access",
    "metric",
    "mean",
    "ci_low",
    "ci_high",
    "sd_seeds",
    "n_seeds",
    "n_subjects",
    "minutes",
]


def write_results(name: str, task: str, results: Results, kinds: Mapping[str, str]) -> None:
    """Write a table of scores, and a description of how it was made, to the results.

    Parameters
    ----------
    name : str
        Of the files, without suffix.
    task : str
    results : Results
    kinds : mapping of str to str
        "eegkit" or "peer" of each pipeline; others are baselines.
    """
    FOLDER.mkdir(exist_ok=True)
    table = score_table(task, results, kinds)
    with atomic_write(FOLDER / f"{name}.csv") as path:
        table.to_csv(path, index=False, float_format="%.4f")
    with atomic_write(FOLDER / f"{name}.json") as path:
        path.write_text(json.dumps(description(results), indent=2) + "\n")


def score_table(task: str, results: Results, kinds: Mapping[str, str]) -> pd.DataFrame:
    """A row for each decoder and metric, the columns as `COLUMNS`."""
    table = results.summary().rename(columns={"pipeline": "decoder"})
    costs = results.costs().set_index("pipeline")
    table["minutes"] = table["decoder"].map(costs["total_s"] / 60)
    table["kind"] = [kinds.get(name, "baseline") for name in table["decoder"]]
    table["task"] = task
    return table[COLUMNS]


def description(results: Results) -> dict[str, object]:
    """Versions, processor and settings."""
    libraries = {m.__name__: m.__version__ for m in (eegkit, np, scipy, sklearn, pd)}
    return {
        "versions": libraries | {"python": platform.python_version()},
        "processor": processor(),
        "settings": results.settings.to_dict(),
    }


def processor() -> str:
    """The name of the processor, where the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
