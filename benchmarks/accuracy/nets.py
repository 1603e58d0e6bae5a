"""Every net of every plugin with its defaults, as they are and as they were, on tasks 1 and 2.

    uv run --all-packages python benchmarks/accuracy/nets.py --store folds
    uv run --all-packages python benchmarks/accuracy/nets.py --settings before --nets eegnet vit

The recordings of `MentalArithmetic` (``EEGKIT_DATA``), windows of 5 s in microvolts as they are
loaded; nets that read spectrograms stand behind ``STFT()``. Task 1 is rest against arithmetic in
two folds of 16 people, drawn with seed 0: balanced accuracy. Task 2 is to tell the 32 people apart,
from rest to arithmetic and back: accuracy. All are means over people, with one seed. A run that was
stopped goes on from its store, and nets that are not named keep their rows in the table.
"""

from __future__ import annotations

# ruff: noqa: E402
import argparse
import json
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import pandas as pd
from person_identification import COLUMNS, FOLDER, WAYS, processor

from eegkit import Pipeline, Trials, evaluate, load_dataset
from eegkit.atomic import atomic_write
from eegkit.evaluation import FixedSplit, bootstrap_interval
from eegkit.registry import get, names
from eegkit.transforms import STFT

# A module of braindecode is a parameter of "braindecode", and DenseNet reads features.
NO_RAW_OR_SPECTROGRAM = ("braindecode", "dense_net")
NETS = tuple(name for name in names("classifiers") if name not in NO_RAW_OR_SPECTROGRAM)
TASKS = ("rest against arithmetic", *WAYS)
LIBRARIES = ("eegkit", "numpy", "scikit-learn", "torch")
# What the defaults of a net were, where they are others now.
BEFORE: dict[str, dict[str, Any]] = {
    "cnn_bigru": {
        "share_cnn": False, "n_filters": (32, 64, 128), "n_fused": 32, "hidden_size": 128,
        "n_layers": 2, "lr": 1e-3, "lr_schedule": None,
    },
    "deep_convnet": {"max_epochs": 20, "lr": 1e-3, "lr_schedule": None},
    "eegnet": {"max_epochs": 20},
    "eegnet_v1": {"max_epochs": 20},
    "swin": {"embed_dim": 96, "depths": (2, 2, 6, 2), "n_heads": (3, 6, 12, 24)},
}  # fmt: skip


def decoder(name: str, settings: str) -> Any:
    """The net, behind ``STFT()`` where it reads spectrograms."""
    net = get("classifiers", name)(random_state=0)
    if settings == "before":
        net.set_params(**BEFORE[name])
    return net if net.input_kind == "raw" else Pipeline([STFT(), net])


def score(task: str, trials: Trials, decoder: Any, **options: Any) -> Any:
    """What `evaluate` says of one decoder on one task."""
    if task in WAYS:
        train, test = WAYS[task]
        trials = Trials(trials.X, trials.groups, trials.metadata, trials.info)
        split = FixedSplit(train=[train], test=[test], by="run")
        return evaluate(decoder, trials, cv=split, scoring="accuracy", **options)
    options |= {"cv": "group-2", "scoring": "balanced_accuracy", "random_state": 0}
    return evaluate(decoder, trials, **options)


def row(task: str, name: str, results: Any) -> list[Any]:
    metric = "accuracy" if task in WAYS else "balanced_accuracy"
    (person,) = results.scores(metric).to_dict("series").values()
    interval = bootstrap_interval(person)
    minutes = results.costs()["total_s"].sum() / 60
    return [task, name, "eegkit", "none", metric, *interval[:3], None, 1, interval.n, minutes]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--nets", nargs="+", choices=NETS, default=NETS)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=TASKS)
    parser.add_argument("--settings", nargs="+", choices=("now", "before"), default=["now"])
    parser.add_argument("--store", type=Path, help="a folder for finished folds")
    options = parser.parse_args()
    trials = load_dataset("mental_arithmetic")
    for settings in options.settings:
        for name in options.nets if settings == "now" else BEFORE.keys() & options.nets:
            rows = []
            for task in options.tasks:
                results = score(task, trials, decoder(name, settings), store=options.store)
                rows.append([settings, *row(task, name, results)])
                print(*rows[-1], flush=True)
            write(rows, f"{name} {settings}", decoder(name, settings).get_params())


def write(rows: list[list[Any]], run: str, parameters: dict[str, Any]) -> None:
    """Put the rows in place of those of the same net, task and settings, and parameters beside."""
    table = pd.DataFrame(rows, columns=("settings", *COLUMNS))
    path = FOLDER / "nets.csv"
    keys = ["settings", "task", "decoder"]
    if path.exists():
        table = pd.concat([pd.read_csv(path), table]).drop_duplicates(keys, keep="last")
    with atomic_write(path) as part:
        table.sort_values(keys).round(4).to_csv(part, index=False)
    path = path.with_suffix(".json")
    document = json.loads(path.read_text()) if path.exists() else {"runs": {}}
    libraries = {name: version(name) for name in LIBRARIES}
    document["runs"][run] = {"cpu": processor(), "versions": libraries, "parameters": parameters}
    with atomic_write(path) as part:
        part.write_text(json.dumps(document, indent=1, default=str) + "\n")


if __name__ == "__main__":
    main()
