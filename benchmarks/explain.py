"""Whether attributions find the source that a simulation has, on people not trained on.

    python benchmarks/explain.py                # what is not in the file yet, then the page
    python benchmarks/explain.py --seeds 0 --nets eegnet --methods deep_lift

Of correctly classified trials of new people the channel and the band that count most are looked up:
by the size of their mean attribution, signs kept, and by the mean of the sizes. The first is what
counts: attributions that add up say by their sum what a part gave to the answer, while sizes add
up what cancels in it, noise of the gradients above all. This was settled before it was computed.
Of methods whose attributions have no sign both are the same.

Motor imagery: the channel is right if it is C3 or C4, the band if it is alpha or beta, where the
hand areas' rhythms lose power. Seizure (trials of seizures of people with a focus alone): the
channel is right if it is one of the five electrodes nearest to the focus, the focus among them, the
band if it is delta or theta. EEGNet reads signals, so its gradients are those of their spectrum
(``space="spectrum"``); occlusion hides channels, then bands, of raw trials.

Data and nets are drawn anew with each seed.

``results/explain.csv`` has a row for each net, task, seed and method: accuracy on new people; in
how many of the trials the answer stays right without the right channels (``without``, see
`right_without`); the shares of trials whose channel and band are right (by sizes: ``channel_size``,
``band_size``; empty where a method does not tell them); how many trials there were, how many
explained ones did not add up; and processor time in s. Nothing was chosen by these shares, nor by
the people of these seeds: the settings of EfficientNet were chosen by its accuracy in motor imagery
on people of seeds 100 and 101. Where it was stopped, it goes on; what is in the file is not
computed again. The JSON beside it has versions, processor and settings; the table goes to
``docs/explanation.md``.
"""

from __future__ import annotations

import argparse
import itertools
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

from eegkit import ParameterError, Pipeline, SignalArray, explain, load_dataset, registry
from eegkit.atomic import atomic_write
from eegkit.explanation import METHODS
from eegkit.recordings import make_info
from eegkit.transforms import CWT, STFT

PATH = Path(__file__).parent / "results" / "explain.csv"
PAGE = Path(__file__).parents[1] / "docs" / "explanation.md"
MARKS = ("% table of benchmarks/explain.py", "% end of the table")
N_TEST, N_TRIALS, N_EXPLAINED = 4, 40, 60
# EfficientNet is one net for all channels together, and needs more people to learn from.
N_PEOPLE = {"eegnet": 12, "stft+cnn_bigru": 12, "cwt+efficientnet": 64}
# The smallest of the family: the next one, tinynet_e, learns from so few trials little that holds
# for new people (0.54 to 0.69 of the answers on those of seed 100 are right).
EFFICIENTNET = {
    "variant": "test_efficientnet", "max_epochs": 10, "lr": 2e-3, "lr_schedule": "one_cycle",
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
    "condition", "net", "seed", "method", "accuracy", "without", "channel", "band", "channel_size",
    "band_size", "n_trials", "n_missed", "cpu_s",
]  # fmt: skip
KEYS = ["condition", "net", "seed", "method"]
SIGNED = ("input_x_gradient", "integrated_gradients", "deep_lift")


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


def top(attributions: Any, axis: str, *, sizes: bool) -> list[str] | None:
    """The channel or band that counts most in each trial; None where they are not told apart."""
    try:
        table = attributions.mean(["trial", axis], absolute=sizes)
    except ParameterError:
        return None
    table["attribution"] = table["attribution"].abs()
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
    right = {"channel": regions(trials, condition), "band": [BANDS[condition]] * len(trials)}
    rows = [i for i, region in enumerate(right["channel"]) if region]
    row = {}
    for axis, sizes in itertools.product(maps, (False, True)):
        best = top(maps[axis], axis, sizes=sizes)
        share = best and np.mean([best[i] in right[axis][i] for i in rows])
        row[f"{axis}_size" if sizes else axis] = share
    return row | {
        "n_trials": len(rows),
        "n_missed": n_missed(maps["channel"]),
        "cpu_s": round(seconds, 2),
    }


def right_without(decoder: Any, trials: Any, condition: str) -> float:
    """In how many trials an answer stays right where the channels that are right are hidden.

    They become those of a trial of the same person and another class, so that a net that goes by
    them alone changes its answer.
    """
    rng = np.random.default_rng(0)
    X, names = np.array(trials.X), list(trials.X.ch_names)
    rows = []
    for i, region in enumerate(regions(trials, condition)):
        others = np.flatnonzero((trials.groups == trials.groups[i]) & (trials.y != trials.y[i]))
        if region and len(others):
            channels = [names.index(name) for name in sorted(region)]
            X[i, channels] = np.asarray(trials.X)[rng.choice(others), channels]
            rows.append(i)
    facts = {"sfreq": trials.sfreq, "ch_names": trials.X.ch_names, "groups": trials.groups}
    right = decoder.predict(SignalArray(X, **facts)) == trials.y
    return float(right[rows].mean())


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
    facts = {"condition": condition, "net": name, "seed": seed, "accuracy": accuracy}
    facts["without"] = right_without(decoder, some, condition)
    for method in methods:
        row = facts | {"method": method}
        try:
            rows.append(row | shares(decoder, some, condition, method))
        except ParameterError as error:
            print(f"  no {method}: {error}")
            rows.append(row)
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
        for ending in ("", "_size") if method in SIGNED else ("",):
            cells = [_cell(part[axis + ending]) for part in rows for axis in ("channel", "band")]
            label = f"`{method}`{', sizes' if ending else ''}"
            if any(cells):
                lines.append(f"| {label} | {' | '.join(cells)} |")
    lines.append(_row_without(stored, nets))
    return "\n".join(lines)


def _row_without(stored: pd.DataFrame, nets: list[str]) -> str:
    seeds = stored.drop_duplicates(["net", "seed"])
    cells = [f"{_cell(seeds.loc[seeds['net'] == net, 'without'])} |" for net in nets]
    return f"| answers right without these channels | {' | '.join(cells)} |"


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
            there = stored[KEYS].to_numpy().tolist()
            methods = [m for m in arguments.methods if [condition, name, seed, m] not in there]
            if methods:
                store(rows_of(condition, name, seed, methods))


if __name__ == "__main__":
    main()
