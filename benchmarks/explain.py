"""Whether attributions find the source that a simulation has, on people not trained on.

Of every correctly classified trial of new people the channel and the band with the largest mean
size of attribution are looked up. Motor imagery: the channel is right if it is C3 or C4, the band
if it is alpha or beta, where the hand areas' rhythms lose power. Seizure (trials of seizures of
people with a focus alone): the channel is right if it is one of the five electrodes nearest to the
focus, the focus among them, the band if it is delta or theta. A line has net, seed, accuracy,
method, the parts of trials whose channel and band are right, how many trials there were, whether
the attributions added up, and s.

    python benchmarks/explain.py --condition motor_imagery --nets stft+cnn_bigru --seeds 0 1 2
"""

from __future__ import annotations

import argparse
import platform
import time
import warnings
from typing import Any

import mne
import numpy as np
import pandas as pd
import torch

from eegkit import ParameterError, Pipeline, explain, load_dataset, registry
from eegkit.explanation import METHODS
from eegkit.transforms import CWT, STFT

N_PEOPLE, N_TEST, N_TRIALS = 12, 4, 40
NETS = ["eegnet", "stft+cnn_bigru", "cwt+efficientnet"]
BANDS = {
    "motor_imagery": ("alpha", "beta"),
    "seizure": ("delta", "theta"),
}


def decoder_of(name: str, seed: int) -> Any:
    """A net, with what it needs before it."""
    if name == "eegnet":
        return registry.get("classifiers", "eegnet")(max_epochs=30, random_state=seed)
    if name == "stft+cnn_bigru":
        net = registry.get("classifiers", "cnn_bigru")(random_state=seed)
        return Pipeline([STFT(normalize="fitted"), net])
    net = registry.get("classifiers", "efficientnet")(max_epochs=15, random_state=seed)
    return Pipeline([CWT(normalize="fitted"), net])


def nearest(focus: str, ch_names: tuple[str, ...], n: int = 5) -> set[str]:
    """The electrodes nearest to one of them, itself included."""
    places = mne.channels.make_standard_montage("standard_1005").get_positions()["ch_pos"]
    distances = {name: np.linalg.norm(places[name] - places[focus]) for name in ch_names}
    return set(sorted(distances, key=distances.__getitem__)[:n])


def regions(trials: Any, condition: str) -> list[set[str]]:
    """The channels that are right, by trial; none where there is no focus."""
    names = trials.X.ch_names
    if condition == "motor_imagery":
        return [{"C3", "C4"}] * len(trials)
    focuses = trials.metadata["focus"]
    is_focal = (trials.y == "seizure") & focuses.isin(names).to_numpy()
    pairs = zip(focuses, is_focal, strict=True)
    return [nearest(focus, names) if focal else set() for focus, focal in pairs]


def top(attributions: Any, axis: str) -> list[str] | None:
    """The channel or band that counts most in each trial; None where they are not told apart."""
    try:
        table = attributions.mean(["trial", axis], absolute=True)
    except ParameterError:
        return None
    if table.groupby("trial")["attribution"].nunique().max() == 1:
        return None
    best = table.groupby("trial")["attribution"].idxmax()
    return table.loc[best, axis].tolist()


def rates(decoder: Any, trials: Any, condition: str, method: str) -> dict[str, Any]:
    """How often channel and band are right."""
    options = {"by": ["channel", "band"]} if method == "occlusion" else {}
    begin = time.perf_counter()
    with warnings.catch_warnings(record=True, action="always") as records:
        attributions = explain(decoder, trials, method=method, **options)
    seconds = time.perf_counter() - begin
    right = regions(trials, condition)
    rows = [i for i, region in enumerate(right) if region]
    channels, bands = top(attributions, "channel"), top(attributions, "band")
    told = any("add up" in str(record.message) for record in records)
    return {
        "channel": channels and np.mean([channels[i] in right[i] for i in rows]),
        "band": bands and np.mean([bands[i] in BANDS[condition] for i in rows]),
        "n_trials": len(rows),
        "adds_up": "no" if told else "yes",
        "seconds": seconds,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--condition", default="motor_imagery", choices=list(BANDS))
    parser.add_argument(
        "--nets", nargs="+", default=["eegnet", "stft+cnn_bigru", "cwt+efficientnet"]
    )
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--difficulty", default="easy")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print(f"# {platform.processor() or platform.machine()}, torch {torch.__version__}")
    for seed in arguments.seeds:
        trials = load_dataset(
            "simulated",
            condition=arguments.condition,
            n_subjects=N_PEOPLE,
            n_trials=N_TRIALS,
            difficulty=arguments.difficulty,
            random_state=seed,
        )
        new = np.isin(trials.groups, np.unique(trials.groups)[-N_TEST:])
        for name in arguments.nets:
            decoder = decoder_of(name, seed).fit(trials.X[~new], trials.y[~new])
            correct = decoder.predict(trials.X[new]) == trials.y[new]
            for method in arguments.methods:
                row = {"net": name, "seed": seed, "accuracy": correct.mean(), "method": method}
                try:
                    row |= rates(decoder, trials[new][correct], arguments.condition, method)
                except ParameterError:  # not of this net
                    continue
                print(pd.Series(row).to_frame().T.to_csv(index=False, header=False).strip())


if __name__ == "__main__":
    main()
