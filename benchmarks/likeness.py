"""How often trials are called unlike those of `fit` that are no such thing, on real recordings.

    uv run --all-packages python benchmarks/likeness.py --path FOLDER

FOLDER holds the recordings of "EEG during mental arithmetic tasks" (`eegkit info
mental_arithmetic` says where they come from). Every person is left out in turn, and a profile is
made of the trials of the others, of some of them or of one; it is asked about the person's trials
together, as `predict` asks, and about each alone, as `eegkit predict` does. The same is asked of
the person's trials in volts and through a band-pass of 8 to 30 Hz, which should be noticed. With
the defaults it takes some minutes on one core.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
import scipy.signal
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from eegkit import Trials, load_dataset
from eegkit.likeness import is_unlike, profile_of, sentences


def changed(X: NDArray[np.float32], sfreq: float) -> dict[str, NDArray[np.float32]]:
    """The trials of a person, and what should be noticed of them."""
    sections = scipy.signal.butter(4, (8, 30), "bandpass", output="sos", fs=sfreq)
    filtered = scipy.signal.sosfiltfilt(sections, X, axis=-1).astype(np.float32)
    return {"as recorded": X, "in volts": X * np.float32(1e-6), "8 to 30 Hz": filtered}


def asked(trials: Trials, n_train: int | None, seed: int) -> Iterator[tuple[str, bool, float]]:
    """Of every person: what was done, whether `predict` warns, the part of trials told alone."""
    X, rng = np.asarray(trials.X), np.random.default_rng(seed)
    people = np.unique(trials.groups)
    for person in people:
        others = people[people != person]
        training = others if n_train is None else rng.choice(others, n_train, replace=False)
        profile = profile_of(X[np.isin(trials.groups, training)])
        assert profile is not None
        for name, data in changed(X[trials.groups == person], trials.sfreq).items():
            warns = any(sentences(profile, data, trials.sfreq))
            yield name, warns, float(is_unlike(profile, data).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--path", help="Folder of the recordings.", required=True)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    trials = load_dataset("mental_arithmetic", path=chosen.path)
    table = Table("trials", "trained on", "people told", "trials told alone")
    for n_train in (None, 3, 1):
        rows = list(asked(trials, n_train, chosen.seed))
        for name in dict.fromkeys(row[0] for row in rows):
            warned = [warns for kind, warns, _ in rows if kind == name]
            alone = np.mean([part for kind, _, part in rows if kind == name])
            training = "all others" if n_train is None else str(n_train)
            table.add_row(name, training, f"{sum(warned)} of {len(warned)}", f"{alone:.2%}")
    Console().print(table)


if __name__ == "__main__":
    main()
