"""Results in one file, without pickle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from eegkit import tensor_file
from eegkit.evaluation.metrics.scoring import FIXED_COLUMNS
from eegkit.evaluation.results.predictions import Predictions, pack, unpack
from eegkit.evaluation.results.settings import RunSettings

FORMAT_VERSION = 1
COUNTS = ("seed", "fold", "n_train", "n_test", "n_train_subjects")


def write(
    path: Path,
    table: pd.DataFrame,
    settings: RunSettings,
    predictions: Mapping[tuple[str, str], Predictions],
    failures: pd.DataFrame,
) -> None:
    """Write beside, then rename."""
    arrays: dict[str, Any] = {}
    headers = [
        {"dataset": dataset, "pipeline": pipeline, "packed": pack(part, arrays, f"{i}/")}
        for i, ((dataset, pipeline), part) in enumerate(predictions.items())
    ]
    content = {
        "results_version": FORMAT_VERSION,
        "settings": settings.to_dict(),
        # JSON has no NaN.
        "table": table.astype(object).where(table.notna(), None).to_dict("list"),
        "failures": failures.to_dict("records"),
        "predictions": headers,
    }
    tensor_file.write(path, arrays, content)


def read(path: Path) -> dict[str, Any]:
    """The arguments of `Results`.

    Raises
    ------
    CorruptFileError
        The file is damaged, or holds something else.
    """
    content, arrays = tensor_file.read(path.read_bytes(), str(path))
    if content.get("results_version") != FORMAT_VERSION:
        raise tensor_file.CorruptFileError(
            f"{path} holds no results of this version of eegkit (results_version is "
            f"{content.get('results_version')!r}, expected {FORMAT_VERSION})."
        )
    table = pd.DataFrame(content["table"])
    # Older files know of one seed.
    counts = {name: "int64" for name in COUNTS if name in table}
    scores = {name: "float64" for name in table if name not in FIXED_COLUMNS}
    table = table.astype(scores | counts)
    predictions = {
        (item["dataset"], item["pipeline"]): unpack(item["packed"], arrays)
        for item in content["predictions"]
    }
    settings = RunSettings.from_dict(content["settings"])
    return {
        "table": table,
        "settings": settings,
        "predictions": predictions,
        "failures": content["failures"],
    }
