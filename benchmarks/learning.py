"""Does every net learn? Accuracy within simulated people, on the easy setting.

    uv run --all-packages python benchmarks/learning.py
    uv run --all-packages python benchmarks/learning.py --nets eegnet crnn

makes trials of two people (C3, Cz and C4, left or right hand, ``difficulty="easy"``), trains every
registered net on three quarters of each person's trials, tests it on the last quarter, and prints
the accuracy beside the settings that differ from the net's defaults. Nets on raw trials come after
a `Standardizer`, nets on spectrograms after an `STFT` standardised by frequency. Exits with 1
where a net stays below ``--least``.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from eegkit import Pipeline, load_dataset, registry
from eegkit.transforms import STFT, SpectrogramImage, Standardizer

N_THREADS = 2
# Of all nets, unless a line below says otherwise.
SETTINGS: dict[str, Any] = {"max_epochs": 30, "batch_size": 16, "lr": 1e-3, "random_state": 0}
OF_NET: dict[str, dict[str, Any]] = {
    "efficientnet": {"lr": 2e-3, "lr_schedule": "one_cycle", "drop_path": 0.0},
    "inception_transformer": {"lr": 3e-4, "max_epochs": 15},
}
# Nets whose maps are 32 or 16 times smaller than the image get one of 64 x 64.
LARGE_IMAGES = ("efficientnet", "inception_transformer")


def settings_of(name: str) -> dict[str, Any]:
    """The parameters a net is trained with here."""
    return SETTINGS | OF_NET.get(name, {})


def decoder(name: str) -> Pipeline:
    """A net behind what it needs to read the trials."""
    net = registry.get("classifiers", name)(**settings_of(name))
    if net.input_kind == "raw":
        return Pipeline([Standardizer(), net])
    hop_s = 0.0625 if name in LARGE_IMAGES else 0.125
    steps = [STFT(window_s=0.5, hop_s=hop_s, f_min=4, f_max=36, normalize="fitted")]
    if name in LARGE_IMAGES:
        steps.append(SpectrogramImage(n_freqs=64, n_frames=64))
    return Pipeline([*steps, net])


def accuracies(name: str, trials: Any) -> list[float]:
    """Of each person: trained on their first three quarters, tested on the rest."""
    found = []
    for person in np.unique(trials.groups):
        of = np.flatnonzero(trials.groups == person)
        train, test = np.split(of, [3 * len(of) // 4])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of padding
            model = decoder(name).fit(trials.X[train], trials.y[train])
        found.append(model.score(trials.X[test], trials.y[test]))
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nets", nargs="*", default=registry.names("classifiers"))
    parser.add_argument("--trials", type=int, default=200, help="trials of each person")
    parser.add_argument("--least", type=float, default=0.9, help="accuracy every net must reach")
    options = parser.parse_args(arguments)
    torch.set_num_threads(N_THREADS)
    trials = load_dataset(
        "simulated", n_subjects=2, n_trials=options.trials, difficulty="easy",
        channels=["C3", "Cz", "C4"],
    )  # fmt: skip
    table = Table("net", "accuracy", "of each person", "s", "settings", title=repr(trials))
    below = []
    for name in options.nets:
        started = time.perf_counter()
        found = accuracies(name, trials)
        mean = float(np.mean(found))
        below += [name] if mean < options.least else []
        told = ", ".join(f"{key}={value}" for key, value in settings_of(name).items())
        each = " ".join(f"{score:.2f}" for score in found)
        table.add_row(name, f"{mean:.3f}", each, f"{time.perf_counter() - started:.0f}", told)
        print(
            f"{name}: {mean:.3f} ({each}), {time.perf_counter() - started:.0f} s", file=sys.stderr
        )
    Console(width=140).print(table)
    if below:
        print(f"below {options.least}: {', '.join(below)}")
    return int(bool(below))


if __name__ == "__main__":
    sys.exit(main())
