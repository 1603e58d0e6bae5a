"""Results in one file, without pickle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from eegkit import tensor_file
from eegkit.evaluation.metrics.scoring import FIXED_COLUMNS
from eegkit.evaluation.results.predictions import pack, unpack
from eegkit.evaluation.results.settings import RunSettings
from eegkit.evaluation.results.tuning import searches_table
from eegkit.text import suggest

FORMAT_VERSION = 1
RESULTS_FILE = "results.safetensors"
TABLES = (".csv", ".tsv", ".xlsx")
COUNTS = ("seed", "fold", "n_train", "n_test", "n_train_subjects")


def write(path: Path, results: Any) -> None:
    """Write beside, then rename."""
    if path.suffix.lower() in TABLES:
        raise ValueError(
            f"path is {str(path)!r}, but save writes no table; results.to_csv({str(path)!r}) does. "
            f"Expected a name such as {path.with_suffix('.safetensors').name!r}, which load reads."
        )
    arrays: dict[str, Any] = {}
    headers = [
        {"dataset": dataset, "pipeline": pipeline, "packed": pack(part, arrays, f"{i}/")}
        for i, ((dataset, pipeline), part) in enumerate(results._predictions.items())
    ]
    content = {
        "results_version": FORMAT_VERSION,
        "settings": results.settings.to_dict(),
        "table": _lists(results.table),
        "failures": results.failures.to_dict("records"),
        "twin": None if results.twin is None else _lists(results.twin),
        "searches": None if results.searches is None else _lists(results.searches),
        "predictions": headers,
    }
    tensor_file.write(path, arrays, content)


def _lists(table: pd.DataFrame) -> dict[str, Any]:
    # JSON has no NaN.
    return table.astype(object).where(table.notna(), None).to_dict("list")


def _table(lists: Mapping[str, Any]) -> pd.DataFrame:
    table = pd.DataFrame(lists)
    # Older files know of one seed.
    counts = {name: "int64" for name in COUNTS if name in table}
    scores = {name: "float64" for name in table if name not in (*FIXED_COLUMNS, "split")}
    return table.astype(scores | counts)


def results_file(path: Path) -> Path:
    """The file of results that a folder, or a file itself, stands for.

    Raises
    ------
    ValueError
        The folder holds none.
    FileNotFoundError
        There is no such file.
    """
    if path.is_dir():
        if (path / RESULTS_FILE).is_file():
            return path / RESULTS_FILE
        runs = sorted(p.parent.name for p in path.glob(f"*/{RESULTS_FILE}"))
        hint = f" It holds the runs {', '.join(runs[:5])}: name one of them." if runs else ""
        raise ValueError(f"The folder {path} holds no {RESULTS_FILE}.{hint}")
    if not path.exists():
        hint = suggest(path.name, [p.name for p in path.parent.glob("*")], "")
        raise FileNotFoundError(
            f"There is no {path}; expected the folder of a run, or its {RESULTS_FILE}{hint}"
        )
    return path


def read(path: Path) -> dict[str, Any]:
    """The arguments of `Results`.

    Raises
    ------
    CorruptFileError
        The file is damaged, or holds something else.
    """
    path = results_file(path)
    content, arrays = tensor_file.read(path.read_bytes(), str(path))
    if content.get("results_version") != FORMAT_VERSION:
        raise tensor_file.CorruptFileError(
            f"{path} holds no results of this version of eegkit (results_version is "
            f"{content.get('results_version')!r}, expected {FORMAT_VERSION})."
        )
    predictions = {
        (item["dataset"], item["pipeline"]): unpack(item["packed"], arrays)
        for item in content["predictions"]
    }
    settings = RunSettings.from_dict(content["settings"])
    return {
        "table": _table(content["table"]),
        "settings": settings,
        "predictions": predictions,
        "failures": content["failures"],
        # Older files have none.
        "twin": _table(content["twin"]) if content.get("twin") else None,
        "searches": searches_table(content["searches"]) if content.get("searches") else None,
    }
