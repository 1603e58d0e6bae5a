"""What the defaults of `STFT` and `CNNBiGRU` cost and reach, beside those before them.

    python benchmarks/defaults.py                     # the README's lines, now
    python benchmarks/defaults.py --settings before   # as they were: about 95 minutes of a CPU
    python benchmarks/defaults.py --choice            # what the default was chosen among
    python benchmarks/defaults.py --choice --data simulated

scores rest against arithmetic (the data set `mental_arithmetic`) in folds of people, as the README
does, and prints for each fold and for all accuracy, balanced accuracy, the area under the ROC curve
and the CPU time of the folds, training included. ``--choice`` does so for the settings that the
default was chosen among, on 12 of the 32 people in 4 folds, or on simulated people; ``--others``
leaves those 12 out. Scores depend on the seed: two settings less than three points apart are not
told apart by one.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
import torch
from sklearn.metrics import accuracy_score, balanced_accuracy_score, roc_auc_score
from sklearn.model_selection import GroupKFold

from eegkit import Pipeline, Trials, load_dataset
from eegkit.classifiers import CNNBiGRU
from eegkit.transforms import STFT

N_OF_CHOICE = 12
CHANNELS = ["F3", "Fz", "F4", "C3", "Cz", "C4", "P3", "Pz", "P4"]
LARGE = {
    "share_cnn": False,
    "n_filters": (32, 64, 128),
    "n_fused": 32,
    "hidden_size": 128,
    "n_layers": 2,
    "lr": 1e-3,
    "lr_schedule": None,
}
SLOW = {"lr": 1e-3, "lr_schedule": None}
SHARED = {"share_cnn": True, "n_fused": 16}
SETTINGS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "now": ({}, {}),
    "before": ({"nperseg": 256}, LARGE),
}
# The default's sizes are 8, 16 and 32 filters for each channel, and one GRU layer of 64 units.
CANDIDATES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "the default": ({}, {}),
    "the default, lr 1e-3 throughout": ({}, SLOW),
    "one CNN for all channels, lr 1e-3": ({}, SLOW | SHARED),
}


def load(name: str) -> Trials:
    """The trials; simulated ones are those of ``eegkit demo``."""
    if name != "simulated":
        return load_dataset(name)
    return load_dataset(name, n_subjects=10, channels=CHANNELS, random_state=0)


def people_of_choice(trials: Trials) -> list[Any]:
    """Every other person, up to twelve."""
    return sorted(set(trials.groups))[::2][:N_OF_CHOICE]


def scores_of(truth: Any, probabilities: Any, classes: Any) -> list[float]:
    """Accuracy, balanced accuracy and area under the ROC curve."""
    labels = classes[probabilities.argmax(axis=1)]
    return [
        accuracy_score(truth, labels),
        balanced_accuracy_score(truth, labels),
        roc_auc_score(truth == classes[1], probabilities[:, 1]),
    ]


def measure(name: str, decoder: Pipeline, trials: Trials, n_folds: int) -> None:
    """Print a line for every fold, and their mean."""
    X, y, groups = trials.X, trials.y, trials.groups
    lines = []
    for train, test in GroupKFold(n_folds).split(X, y, groups):
        start, start_cpu = time.perf_counter(), time.process_time()
        decoder.fit(X[train], y[train])
        probabilities = decoder.predict_proba(X[test])
        cpu, wall = time.process_time() - start_cpu, time.perf_counter() - start
        lines.append([*scores_of(y[test], probabilities, decoder.classes_), cpu / 60, wall / 60])
        show(f"{name}, fold {len(lines)}", lines[-1])
    mean = np.mean(lines, axis=0)
    show(f"{name}, mean (and all minutes)", [*mean[:3], *(n_folds * mean[3:])])


def show(name: str, line: Any) -> None:
    accuracy, balanced, area, cpu, wall = line
    print(
        f"{name}: accuracy {accuracy:.3f}, balanced {balanced:.3f}, AUROC {area:.3f}; "
        f"{cpu:.1f} CPU minutes, {wall:.1f} minutes",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--settings", nargs="+", choices=list(SETTINGS), default=["now"])
    parser.add_argument("--choice", action="store_true", help="the candidates, on 12 people")
    parser.add_argument("--others", action="store_true", help="without these 12 people")
    parser.add_argument(
        "--data", choices=["mental_arithmetic", "simulated"], default="mental_arithmetic"
    )
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    trials = load(options.data)
    of_choice = np.isin(trials.groups, people_of_choice(trials))
    is_real = options.data == "mental_arithmetic"
    if is_real and (options.choice or options.others):
        trials = trials[np.flatnonzero(of_choice == options.choice)]
    settings = CANDIDATES if options.choice else {n: SETTINGS[n] for n in options.settings}
    for name, (spectrogram, net) in settings.items():
        decoder = Pipeline([STFT(**spectrogram), CNNBiGRU(random_state=options.seed, **net)])
        measure(name, decoder, trials, 4 if is_real and options.choice else options.folds)


if __name__ == "__main__":
    main()
