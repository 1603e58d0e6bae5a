"""Whether attributions find the source that a simulation has, on people not trained on.

    python benchmarks/explain.py                # what is not in the file yet, then the page
    python benchmarks/explain.py --seeds 0 --nets eegnet --methods deep_lift

Of correctly classified trials of new people the channel and the band with the largest mean size of
attribution are looked up. Motor imagery: the channel is right if it is C3 or C4, the band if it is
alpha or beta, where the hand areas' rhythms lose power. Seizure (trials of seizures of people with
a focus alone): the channel is right if it is one of the five electrodes nearest to the focus, the
focus among them, the band if it is delta or theta. EEGNet reads signals, so its gradients are those
of their spectrum (``space="spectrum"``); occlusion hides channels, then bands, of raw trials.

Data and nets are drawn anew with each seed.

``results/explain.csv`` has a row for each net, task, seed and method: accuracy on new people, the
shares of trials whose channel and band are right, how many trials there were, how many explained
ones did not add up, and processor time in s. Nothing was chosen by these shares; but the size of
the images and the epochs of EfficientNet were, by its accuracy on the new people of seed 0. Where
it was stopped, it goes on; what is in the file is not computed again. The JSON beside it has
versions, processor and settings; the table goes to ``docs/explanation.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
import warnings
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
import torch

from eegkit import ParameterError, Pipeline, explain, load_dataset, registry
from eegkit.atomic import atomic_write
from eegkit.explanation import METHODS
from eegkit.recordings import make_info
from eegkit.transforms import CWT, STFT

PATH = Path(__file__).parent / "results" / "explain.csv"
PAGE = Path(__file__).parents[1] / "docs" / "explanation.md"
MARKS = ("% table of benchmarks/explain.py", "% end of the table")
N_TEST, N_TRIALS, N_EXPLAINED = 4, 40, 60
# The large net learns nothing that holds for new people from eight of them.
N_PEOPLE = {"eegnet": 12, "stft+cnn_bigru": 12, "cwt+efficientnet": 28}
# The smallest of the family: on one processor the others take too long for three seeds.
EFFICIENTNET = {
    "variant": "tinynet_e", "max_epochs": 12, "lr": 2e-3, "lr_schedule": "one_cycle",
    "drop_path": 0.0, "batch_size": 32,
}  # fmt: skip
SETTINGS: dict[str, dict[str, Any]] = {
    "eegnet": {"max_epochs": 30},
    "cnn_bigru": {},
    "efficientnet": EFFICIENTNET,
}
NETS = {
    "eegnet": "EEGNet",
    "stft+cnn_bigru": "STFT + CNNBiGRU",
    "cwt+efficientnet": "CWT + EfficientNet",
}
BEFORE = {
    "stft": {"normalize": "fitted"},
    "cwt": {"n_freqs": 64, "n_frames": 32, "f_min": 2, "f_max": 40},
}
BANDS = {"motor_imagery": ("alpha", "beta"), "seizure": ("delta", "theta")}
OPTIONS: dict[str, dict[str, Any]] = {"smoothgrad": {"n_samples": 10}, "occlusion": {"n_others": 2}}
COLUMNS = [
    "condition", "net", "seed", "method", "accuracy", "channel", "band", "n_trials", "n_missed",
    "cpu_s",
]  # fmt: skip
KEYS = ["condition", "net", "seed", "method"]


def decoder_of(name: str, seed: int) -> Any:
    """A net, with what it needs before it."""
    *before, last = name.split("+")
    net = registry.get("classifiers", last)(random_state=seed, **SETTINGS[last])
    steps = [{"stft": STFT, "cwt": CWT}[step](**BEFORE[step]) for step in before]
    return Pipeline([*steps, net]) if steps else net


@cache
def nearest(focus: str, ch_names: tuple[str, ...], n: int = 5) -> frozenset[str]:
    """The electrodes nearest to one of them, itself included."""
    places = {ch["ch_name"]: ch["loc"][:3] for ch in make_info(ch_names, 1.0)["chs"]}
    distances = {name: np.linalg.norm(place - places[focus]) for name, place in places.items()}
    return frozenset(sorted(distances, key=distances.__getitem__)[:n])


def regions(trials: Any, condition: str) -> list[frozenset[str]]:
    """The channels that are right, by trial; none where there is no focus."""
    names = trials.X.ch_names
    if condition == "motor_imagery":
        return [frozenset({"C3", "C4"})] * len(trials)
    focuses = trials.metadata["focus"]
    is_focal = (trials.y == "seizure") & focuses.isin(names).to_numpy()
    pairs = zip(focuses, is_focal, strict=True)
    return [nearest(focus, names) if focal else frozenset() for focus, focal in pairs]


def sample_of(decoder: Any, trials: Any, condition: str) -> Any:
    """Trials that are classified correctly: some whose right place is known, and as many others.

    Baselines are means of the trials explained, and occlusion takes parts of others of them: of
    seizures alone either would be a seizure, too.
    """
    right = decoder.predict(trials.X) == trials.y
    has_place = np.array([bool(region) for region in regions(trials, condition)])
    rng = np.random.default_rng(0)
    kinds = [np.flatnonzero(right & kind) for kind in (has_place, ~has_place)]
    rows = [rng.permutation(kind)[:N_EXPLAINED] for kind in kinds]
    return trials[np.sort(np.concatenate(rows))]


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


def maps_of(decoder: Any, trials: Any, method: str) -> dict[str, Any]:
    """The attributions that name channels, and those that name bands."""
    options = OPTIONS.get(method, {})
    if method == "occlusion":
        return {
            by: explain(decoder, trials, method=method, by=by, **options)
            for by in ("channel", "band")
        }
    is_raw = not isinstance(decoder, Pipeline) and method not in ("gradcam", "attention_rollout")
    space = "spectrum" if is_raw else "input"
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # gaps are counted
        attributions = explain(decoder, trials, method=method, space=space, **options)
    return dict.fromkeys(("channel", "band"), attributions)


def n_missed(attributions: Any) -> int | None:
    """In how many trials attributions miss more than 5 % of what they have to add up to."""
    if attributions.gap is None:
        return None
    totals = np.asarray(attributions.values, dtype=float).reshape(len(attributions), -1).sum(axis=1)
    differences = np.abs(totals - attributions.gap)
    return int((np.abs(attributions.gap) > 0.05 * np.maximum(differences, 1.0)).sum())


def shares(decoder: Any, trials: Any, condition: str, method: str) -> dict[str, Any]:
    """How often channel and band are right."""
    begin = time.process_time()
    maps = maps_of(decoder, trials, method)
    seconds = time.process_time() - begin
    right = regions(trials, condition)
    channels, bands = (top(maps[axis], axis) for axis in ("channel", "band"))
    rows = [i for i, region in enumerate(right) if region]
    return {
        "channel": channels and np.mean([channels[i] in right[i] for i in rows]),
        "band": bands and np.mean([bands[i] in BANDS[condition] for i in rows]),
        "n_trials": len(rows),
        "n_missed": n_missed(maps["channel"]),
        "cpu_s": round(seconds, 2),
    }


def rows_of(condition: str, name: str, seed: int, methods: list[str]) -> list[dict[str, Any]]:
    """What methods find in one net."""
    trials = load_dataset(
        "simulated", condition=condition, n_subjects=N_PEOPLE[name], n_trials=N_TRIALS,
        difficulty="easy", random_state=seed,
    )  # fmt: skip
    new = np.isin(trials.groups, np.unique(trials.groups)[-N_TEST:])
    begin = time.process_time()
    decoder = decoder_of(name, seed).fit(trials.X[~new], trials.y[~new])
    accuracy = decoder.score(trials.X[new], trials.y[new])
    print(f"{name} {condition} {seed}: {accuracy:.2f}, {time.process_time() - begin:.0f} s")
    some = sample_of(decoder, trials[new], condition)
    rows = []
    for method in methods:
        row = {"condition": condition, "net": name, "seed": seed, "method": method}
        try:
            rows.append(row | {"accuracy": accuracy} | shares(decoder, some, condition, method))
        except ParameterError as error:
            print(f"  no {method}: {error}")
    return rows


def store(rows: list[dict[str, Any]]) -> None:
    """Add rows to the file, in place of those of the same net, task, seed and method."""
    PATH.parent.mkdir(exist_ok=True)
    table = pd.DataFrame(rows, columns=COLUMNS)
    if PATH.exists():
        table = pd.concat([pd.read_csv(PATH), table]).drop_duplicates(KEYS, keep="last")
    table = table.convert_dtypes().sort_values(KEYS)
    with atomic_write(PATH) as part:
        table.to_csv(part, index=False, float_format="%.4f", lineterminator="\n")
    facts = {
        "cpu": processor(),
        "versions": {name: version(name) for name in ("eegkit", "numpy", "torch", "captum")},
        "simulated": {"n_trials": N_TRIALS, "difficulty": "easy"},
        "n_people": N_PEOPLE,
        "n_test_people": N_TEST,
        "n_explained_at_most": N_EXPLAINED,
        "nets": SETTINGS,
        "transforms": BEFORE,
        "methods": OPTIONS,
    }
    with atomic_write(PATH.with_suffix(".json")) as part:
        part.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def processor() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:  # not Linux
        return platform.processor()
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def page_table() -> str:
    """The tables of the page."""
    stored = pd.read_csv(PATH)
    parts = [_of_condition(stored[stored["condition"] == name], name) for name in BANDS]
    return "\n\n".join([MARKS[0], *filter(None, parts), MARKS[1]])


def _of_condition(stored: pd.DataFrame, condition: str) -> str:
    nets = [name for name in NETS if name in set(stored["net"])]
    label = condition.replace("_", " ").capitalize()
    titles = [f"{title}: channel | band" for title in (_title(stored, name) for name in nets)]
    lines = [f"| {label} | {' | '.join(titles)} |", "| --- " * (1 + 2 * len(nets)) + "|"]
    for method in METHODS:
        rows = [stored[(stored["net"] == n) & (stored["method"] == method)] for n in nets]
        cells = [_cell(part[axis]) for part in rows for axis in ("channel", "band")]
        if any(cells):
            lines.append(f"| `{method}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def _title(stored: pd.DataFrame, net: str) -> str:
    """The net's name, how many seeds it had, and how often it was right."""
    seeds = stored[stored["net"] == net].drop_duplicates("seed")
    n = len(seeds)
    text = f"{n} seed{'s' if n > 1 else ''}, {seeds['accuracy'].mean():.2f} correct"
    return f"{NETS[net]} ({text})"


def _cell(shares: pd.Series) -> str:
    """The mean over seeds, and its standard deviation."""
    values = shares.dropna()
    if values.empty:
        return ""
    spread = f" ± {values.std():.2f}" if len(values) > 1 else ""
    return f"{values.mean():.2f}{spread}"


def write_page() -> None:
    """Put the tables where the page has them."""
    text = PAGE.read_text(encoding="utf-8")
    head, rest = text.split(MARKS[0])
    with atomic_write(PAGE) as part:
        part.write_text(head + page_table() + rest.split(MARKS[1])[1], encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--conditions", nargs="+", default=list(BANDS), choices=list(BANDS))
    parser.add_argument("--nets", nargs="+", default=list(NETS), choices=list(NETS))
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--page", action="store_true", help="write the page alone")
    arguments = parser.parse_args()
    for seed in [] if arguments.page else arguments.seeds:
        _run_seed(seed, arguments)
    write_page()


def _run_seed(seed: int, arguments: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    for name in arguments.nets:
        for condition in arguments.conditions:
            stored = pd.read_csv(PATH) if PATH.exists() else pd.DataFrame(columns=COLUMNS)
            if [condition, name, seed] not in stored[KEYS[:3]].to_numpy().tolist():
                store(rows_of(condition, name, seed, arguments.methods))


if __name__ == "__main__":
    main()
