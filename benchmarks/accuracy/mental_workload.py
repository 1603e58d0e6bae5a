"""Task 1: rest against mental arithmetic on people never seen.

    uv run --all-packages python benchmarks/accuracy/mental_workload.py --store folds

The recordings of `MentalArithmetic` (``EEGKIT_DATA``), windows of 5 s, 8 folds by people drawn
with seed 0. Scores are means over people, of the windows after each person's first minute: on
these decoders of access "calibration" and wider are calibrated, and no pipeline is scored there.
Nothing is random but the folds, so each pipeline is fitted once.

The transductive decoder has the covariances of all trials computed once, see
`shared_covariances`; ``--whole`` takes it, and decoders of other access, through `evaluate` as the
others are: the same scores, at more work. A run that was stopped goes on from its store.
"""

from __future__ import annotations

# ruff: noqa: E402
import argparse
import json
import os
import time
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import pandas as pd
from person_identification import COLUMNS, FOLDER, processor
from shared_covariances import person_scores

from eegkit import Results, evaluate, load_dataset
from eegkit.atomic import atomic_write
from eegkit.decoders import mental_workload
from eegkit.decoders.mental_workload import ACCESSES
from eegkit.evaluation import baselines, bootstrap_interval

METRICS = ("balanced_accuracy", "auroc")


def name_of(access: str) -> str:
    return f'mental_workload("{access}")'


def rows_of_results(results: Results) -> list[list[object]]:
    """The rows of the table, of all that `evaluate` scored."""
    summary = results.summary()
    minutes = summary["pipeline"].map(results.costs().set_index("pipeline")["total_s"] / 60)
    kinds = summary["pipeline"].isin(baselines()).map({True: "baseline", False: "eegkit"})
    table = summary.rename(columns={"pipeline": "decoder"})
    table = table.assign(task="group-8", kind=kinds, minutes=minutes)
    return table[list(COLUMNS)].to_numpy().tolist()


def rows_of_access(access: str, trials: object) -> list[list[object]]:
    """The rows of a decoder whose covariances are computed once."""
    start = time.process_time()
    scores = pd.DataFrame(person_scores(trials, access, "group-8"), index=METRICS)
    minutes = (time.process_time() - start) / 60
    rows = []
    for metric in METRICS:
        interval = bootstrap_interval(scores.loc[metric])
        shared = ["group-8", name_of(access), "eegkit", access, metric]
        rows.append([*shared, *interval[:3], None, 1, interval.n, minutes])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", type=Path, help="a folder for finished folds")
    parser.add_argument("--whole", action="store_true", help="every access, through evaluate")
    options = parser.parse_args()
    trials = load_dataset("mental_arithmetic")
    # With the baselines stands one that calibrates, so that they are scored on the same windows.
    accesses = ACCESSES if options.whole else ("calibration",)
    decoders = {name_of(access): mental_workload(access) for access in accesses}
    results = evaluate(
        baselines() | decoders,
        trials,
        cv="group-8",
        scoring=METRICS,
        random_state=0,
        store=options.store,
        verbose=True,
    )
    print(results.compare())
    rows = rows_of_results(results)
    if not options.whole:
        rows += rows_of_access("transductive", trials)
    write(rows, results.settings.to_dict())


def write(rows: list[list[object]], settings: dict[str, object]) -> None:
    path = FOLDER / "mental_workload.csv"
    with atomic_write(path) as part:
        pd.DataFrame(rows, columns=COLUMNS).round(5).to_csv(part, index=False)
    document = {"cpu": processor(), "settings": settings}
    with atomic_write(path.with_suffix(".json")) as part:
        part.write_text(json.dumps(document, indent=1, default=str) + "\n")


if __name__ == "__main__":
    main()
