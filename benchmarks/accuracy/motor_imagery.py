"""Task 4: imagined movements of one person, run by run.

    EEGKIT_DATA=folder python benchmarks/accuracy/motor_imagery.py --store folds

Person 1 of `EEGBCI`, two runs of each task of 15 trials: decoders are trained on one run and tested
on the other, and back. Trials are the four seconds after the cue at 128 Hz. Nothing was chosen by
these runs: decoders have their defaults, and nets 60 epochs in batches of 8, as a run has 15 trials
alone. Accuracy and Wilson's interval are over the test trials of both runs. Nets have three seeds.
Beside the table stands what a coin gets: 30 trials tell little. ``--decoders`` computes some of the
table and leaves the other rows as they are. A run that was stopped goes on from its store.
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

import numpy as np
import pandas as pd
import torch
from bci_competition_ii import interval
from person_identification import COLUMNS, FOLDER, processor
from scipy.stats import binom

from eegkit import Pipeline, Results, Trials, evaluate
from eegkit.atomic import atomic_write
from eegkit.datasets import EEGBCI
from eegkit.decoders import motor_imagery
from eegkit.evaluation import Predictions, baselines
from eegkit.registry import get
from eegkit.transforms import Standardizer

PATH = FOLDER / "motor_imagery.csv"
# A third run of each was recorded; these are the two that the table is of.
RUNS = {"imagine_left_right": ("4", "8"), "imagine_hands_feet": ("6", "10")}
PEERS = ("EEGNet", "ShallowFBCSPNet", "Deep4Net", "ATCNet")
NETS = ("eegnet", "shallow_convnet")
TRAINING = {"max_epochs": 60, "batch_size": 8, "random_state": 0}
LIBRARIES = ("eegkit", "numpy", "scipy", "scikit-learn", "pyriemann", "torch", "braindecode")


def trials_of(task: str) -> Trials:
    trials = EEGBCI(subjects=[1], task=task, on_error="skip").load()
    return trials[trials.metadata["run"].isin(RUNS[task])]


def decoders() -> dict[str, tuple[str, Any]]:
    """Kind and estimator by name."""
    named: dict[str, tuple[str, Any]] = {k: ("baseline", d) for k, d in baselines().items()}
    named["motor_imagery()"] = ("eegkit", motor_imagery())
    for name in NETS:
        net = get("classifiers", name)(**TRAINING)
        named[name] = ("eegkit", Pipeline([Standardizer(), net]))
    for model in PEERS:
        net = get("classifiers", "braindecode")(model=model, **TRAINING)
        named[f"braindecode {model}"] = ("peer", Pipeline([Standardizer(), net]))
    return named


def rows_of(task: str, n_trials: int, results: Results) -> list[dict[str, Any]]:
    minutes = results.costs().set_index("pipeline")["total_s"] / 60
    kinds = {name: kind for name, (kind, _) in decoders().items()}
    return [
        {"task": task, "decoder": name, "kind": kinds[name], "access": access}
        | scores_of(results.predictions(name, seed=None), n_trials)
        | {"minutes": minutes[name]}
        for name, access in results.settings.access.items()
    ]


def scores_of(predictions: Predictions, n_trials: int) -> dict[str, Any]:
    """The share of right answers, its interval over trials and its spread over seeds."""
    right = pd.Series(predictions.predicted == predictions.y)
    shares = right.groupby(predictions.seed).mean()
    return {
        "metric": "accuracy",
        **interval(float(shares.mean()), n_trials),
        "sd_seeds": float(np.std(shares, ddof=1)) if len(shares) > 1 else np.nan,
        "n_seeds": len(shares),
        "n_subjects": 1,
    }


def coin(n_trials: int) -> dict[str, float]:
    """The shares between which a coin stays in 95 of 100 such tests."""
    low, high = binom.interval(0.95, n_trials, 0.5)
    return {"n_trials": n_trials, "low": low / n_trials, "high": high / n_trials}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--store", type=Path, help="a folder for finished folds")
    parser.add_argument("--decoders", nargs="+", choices=decoders(), default=list(decoders()))
    options = parser.parse_args()
    torch.set_num_threads(1)
    pipelines = {name: decoders()[name][1] for name in options.decoders}
    rows, tasks = [], {}
    for task in RUNS:
        trials = trials_of(task)
        results = evaluate(
            pipelines,
            trials,
            cv="cross-run",
            scoring="accuracy",
            n_seeds=3,
            store=options.store,
            verbose=True,
        )
        rows += rows_of(task, len(trials), results)
        tasks[task] = {"coin": coin(len(trials)), "settings": results.settings.to_dict()}
    write(rows, tasks)


def write(rows: list[dict[str, Any]], tasks: dict[str, Any]) -> None:
    """Put the rows in the place of those there are, and their settings beside them."""
    table = pd.DataFrame(rows, columns=COLUMNS).round(5)
    print(table.to_string())
    document: dict[str, Any] = {"coin": {}, "runs": {}}
    if PATH.exists():
        keys = ["task", "decoder"]
        table = pd.concat([pd.read_csv(PATH), table]).drop_duplicates(keys, keep="last")
        document = json.loads(PATH.with_suffix(".json").read_text())
    document["coin"] = {task: about["coin"] for task, about in tasks.items()}
    names = dict.fromkeys(row["decoder"] for row in rows)
    document["runs"][", ".join(names)] = {
        "cpu": processor(),
        "versions": {name: version(name) for name in LIBRARIES},
        "settings": {task: about["settings"] for task, about in tasks.items()},
    }
    with atomic_write(PATH) as part:
        table.to_csv(part, index=False)
    with atomic_write(PATH.with_suffix(".json")) as part:
        part.write_text(json.dumps(document, indent=1, default=str) + "\n")


if __name__ == "__main__":
    main()
