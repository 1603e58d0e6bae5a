"""Task 1: rest against mental arithmetic on people never seen.

    uv run --all-packages python benchmarks/accuracy/mental_workload.py --store folds

The recordings of `MentalArithmetic` (``EEGKIT_DATA``), windows of 5 s, 8 folds by people drawn
with seed 0, and leave-one-person-out. Scores are means over people, of the windows after each
person's first minute: on these decoders of access "calibration" and wider are calibrated, and no
pipeline is scored there. Nothing is random but the folds and the peers' nets, which are fitted
with ``--seeds`` seeds, 0 and on.

Decoders by task have the covariances of all trials computed once, see `shared_covariances`; all
else goes through `evaluate`, together with a decoder that calibrates, so that the same windows are
scored. ``--parts`` computes some of the table and leaves the other rows as they are. A run that
was stopped goes on from its store.
"""

from __future__ import annotations

# ruff: noqa: E402
import argparse
import json
import os
import time
from importlib.metadata import version
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import pandas as pd
import torch
from peers import peers
from person_identification import COLUMNS, FOLDER, processor
from shared_covariances import person_scores
from sklearn.linear_model import LogisticRegression

from eegkit import Pipeline, Results, Trials, evaluate, load_dataset
from eegkit.access import access_of
from eegkit.atomic import atomic_write
from eegkit.decoders import mental_workload
from eegkit.decoders.mental_workload import ACCESSES
from eegkit.evaluation import baselines, bootstrap_interval
from eegkit.transforms import BandPower, Standardizer, SubjectStandardizer

METRICS = ("balanced_accuracy", "auroc")
PATH = FOLDER / "mental_workload.csv"
# The time constants of what is smoothed, in s, by access.
SMOOTHING_S = dict.fromkeys(ACCESSES[1:], 5.0)
LIBRARIES = ("eegkit", "numpy", "scipy", "scikit-learn", "torch", "braindecode")
# Of leave-one-person-out the slow baselines are left out: the best of all is among these.
QUICK = ("band_power+lr", "log_spectrum+lda")


def calibrated_power() -> dict[str, Pipeline]:
    """Band power standardised by each person's first minute."""
    steps = [BandPower(), SubjectStandardizer(access="calibration")]
    lr = LogisticRegression(class_weight="balanced", max_iter=1000)
    return {"band_power, calibrated+lr": Pipeline([*steps, lr])}


def parts() -> dict[str, tuple[str, str, dict[str, Pipeline]]]:
    """By name: the split, the kind, and the decoders."""
    nets = peers(Standardizer(mode="trial"))  # every channel of a trial by itself
    named = {f"{name} group-8": ("group-8", "peer", {name: net}) for name, net in nets.items()}
    quick = {name: baselines()[name] for name in QUICK}
    named["baselines group-8"] = ("group-8", "baseline", baselines())
    named["baselines loso"] = ("loso", "baseline", quick)
    return named | {f"eegkit {cv}": (cv, "eegkit", {}) for cv in ("group-8", "loso")}


def rows_of_results(cv: str, kind: str, results: Results) -> list[list[object]]:
    """The rows of the table, of all that `evaluate` scored."""
    summary = results.summary()
    minutes = summary["pipeline"].map(results.costs().set_index("pipeline")["total_s"] / 60)
    table = summary.rename(columns={"pipeline": "decoder"})
    table = table.assign(task=cv, kind=kind, minutes=minutes)
    table.loc[table["decoder"].isin(calibrated_power()), "kind"] = "baseline"
    return table[list(COLUMNS)].to_numpy().tolist()


def decoders_by_task(cv: str) -> list[dict[str, Pipeline]]:
    """By name, those of one alignment together; of leave-one-person-out, what is cheap."""
    named = {_name(access): mental_workload(access) for access in ACCESSES}
    smoothed = {
        _name(access, seconds): mental_workload(access, smoothing_s=seconds)
        for access, seconds in SMOOTHING_S.items()
    }
    named |= smoothed
    alignments = [("none",), ("calibration", "transductive")]
    if cv != "loso":
        alignments.insert(1, ("causal",))
    return [
        {name: d for name, d in named.items() if access_of(d) in together}
        for together in alignments
    ]


def _name(access: str, seconds: float | None = None) -> str:
    smoothing = "" if seconds is None else f", smoothing_s={seconds:g}"
    return f'mental_workload("{access}"{smoothing})'


def rows_of_decoders(cv: str, trials: Trials) -> list[list[object]]:
    """The rows of decoders whose covariances are computed once."""
    rows = []
    for named in decoders_by_task(cv):
        start = time.process_time()
        scores = person_scores(trials, named, cv)
        minutes = (time.process_time() - start) / 60
        for name, table in scores.items():
            print(cv, name, table.mean().round(3).to_dict(), flush=True)
            for metric in METRICS:
                interval = bootstrap_interval(table[metric])
                shared = [cv, name, "eegkit", access_of(named[name]), metric]
                rows.append([*shared, *interval[:3], None, 1, interval.n, minutes])
    return rows


def run(
    cv: str,
    kind: str,
    pipelines: dict[str, Pipeline],
    trials: Trials,
    store: Path | None,
    n_seeds: int,
) -> tuple[list[list[object]], object]:
    """The rows of one part, and its settings."""
    if not pipelines:
        shown = {name: str(d) for named in decoders_by_task(cv) for name, d in named.items()}
        return rows_of_decoders(cv, trials), {"cv": cv, "random_state": 0, "pipelines": shown}
    results = evaluate(
        pipelines | calibrated_power(),
        trials,
        cv=cv,
        scoring=METRICS,
        random_state=0,
        n_seeds=n_seeds,
        store=store,
        verbose=True,
    )
    return rows_of_results(cv, kind, results), results.settings.to_dict()


def main() -> None:
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--store", type=Path, help="a folder for finished folds")
    parser.add_argument("--seeds", type=int, default=1, help="fits of every net, from seed 0")
    parser.add_argument("--parts", nargs="+", choices=parts(), default=list(parts()))
    options = parser.parse_args()
    trials = load_dataset("mental_arithmetic")
    for part in options.parts:
        rows, settings = run(*parts()[part], trials, options.store, options.seeds)
        write(part, rows, settings)


def write(part: str, rows: list[list[object]], settings: object) -> None:
    """Put the rows of a part in the place of those there are, and its settings beside them."""
    table = pd.DataFrame(rows, columns=COLUMNS).round(5)
    document = {"runs": {}}
    if PATH.exists():
        others = pd.read_csv(PATH)
        keys = ["task", "decoder"]
        is_here = others.set_index(keys).index.isin(table.set_index(keys).index)
        table = pd.concat([others[~is_here], table])
        document = json.loads(PATH.with_suffix(".json").read_text())
    document["runs"][part] = {"cpu": processor(), "settings": settings}
    document["runs"][part]["versions"] = {name: version(name) for name in LIBRARIES}
    with atomic_write(PATH) as file:
        table.to_csv(file, index=False)
    with atomic_write(PATH.with_suffix(".json")) as file:
        file.write_text(json.dumps(document, indent=1, default=str) + "\n")


if __name__ == "__main__":
    main()
