"""What stopping settings over people saves, and what choosing with people mixed claims.

    uv run --all-packages --extra tune python benchmarks/tuning.py
    uv run --all-packages --extra tune python benchmarks/tuning.py leak

``pruning`` searches the settings of EEGNet on 24 simulated people, four inner folds, with and
without stopping, among the same random settings, and prints fits and the best score of both. A fit
that was stopped on the way counts as one. ``leak`` has labels that say nothing
of the signals: each person answers one way more often than the other, at random. People can be told
apart, so that a search that mixes them claims much; nested tuning by people says what is so.
"""

from __future__ import annotations

# ruff: noqa: E402
import argparse
import os
import time
import warnings
from typing import Any

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np
from scipy.stats import loguniform
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from eegkit import Pipeline, Trials, load_dataset
from eegkit.registry import get
from eegkit.transforms import BandPower, Standardizer
from eegkit.tuning import TunedClassifier, tune

N_TRIALS = 30
SPACE: dict[str, Any] = {
    "eegnet__lr": loguniform(1e-5, 1e-1),
    "eegnet__dropout": [0.1, 0.25, 0.5],
    "eegnet__batch_size": [8, 16, 32, 64],
    "eegnet__F1": [2, 4, 8],
}


def pruning(sampler: str, seeds: int) -> None:
    """Print fits, score and time of searches with and without stopping."""
    trials = load_dataset(
        "simulated", n_subjects=24, n_trials=24, sfreq=64.0, difficulty="easy", random_state=0
    )
    net = get("classifiers", "eegnet")(max_epochs=8, random_state=0)
    decoder = Pipeline([Standardizer(), net])
    shares, gaps = [], []
    for seed in range(seeds):
        rows = {}
        for pruner in (None, "people"):
            start = time.process_time()
            search = TunedClassifier(
                decoder, SPACE, n_trials=N_TRIALS, sampler=sampler, pruner=pruner, random_state=seed
            ).fit(trials.X, trials.y)
            minutes = (time.process_time() - start) / 60
            rows[pruner] = int(search.trials_["n_fits"].sum()), search.best_score_
            states = search.trials_["state"].value_counts().to_dict()
            n_fits, best = rows[pruner]
            print(
                f"seed {seed}, pruner {pruner}: {n_fits} fits, best {best:.4f}, {minutes:.1f} CPU "
                f"minutes; {states}",
                flush=True,
            )
        shares.append(rows["people"][0] / rows[None][0])
        gaps.append(rows["people"][1] - rows[None][1])
    print(
        f"fits with stopping over fits without: {np.round(shares, 3)}, mean {np.mean(shares):.3f}"
    )
    print(f"best score with stopping less without: {np.round(gaps, 4)}, mean {np.mean(gaps):+.4f}")


def leak() -> None:
    """Print what a search with people mixed claims, and what nested tuning says."""
    trials = without_meaning()
    decoder = Pipeline([BandPower(), StandardScaler(), KNeighborsClassifier()])
    space = {"kneighborsclassifier__n_neighbors": [1, 3, 5, 9]}
    mixed = TunedClassifier(
        decoder, space, sampler="grid", cv=StratifiedKFold(4, shuffle=True, random_state=0)
    ).fit(np.asarray(trials.X), trials.y)
    print(f"people mixed: balanced accuracy {mixed.best_score_:.3f} is claimed")
    results = tune(decoder, trials, space, sampler="grid", cv_outer="group-6", baselines=False)
    row = results.summary().set_index("pipeline").loc["tuned"]
    print(f"nested, by people: {row['mean']:.3f} ({row['ci_low']:.3f} to {row['ci_high']:.3f})")
    print(results.tuning().describe())


def without_meaning(n_subjects: int = 16, seed: int = 0) -> Trials:
    """Simulated people who can be told apart; labels are random, with a share of each person."""
    trials = load_dataset(
        "simulated", condition="identity", n_subjects=n_subjects, n_trials=24, random_state=seed
    )
    rng = np.random.default_rng(seed)
    people = np.unique(trials.groups, return_inverse=True)[1]
    share = rng.permutation(np.resize([0.15, 0.85], n_subjects))[people]
    y = np.where(rng.random(len(trials)) < share, "yes", "no")
    return Trials(trials.X, y, trials.metadata, trials.info)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("part", nargs="?", choices=["pruning", "leak"], default="pruning")
    parser.add_argument("--sampler", choices=["random", "tpe"], default="random")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if options.part == "leak":
        leak()
    else:
        pruning(options.sampler, options.seeds)


if __name__ == "__main__":
    main()
