"""Rest against mental arithmetic on people never seen, by every decoder and baseline.

    uv run --all-packages python benchmarks/accuracy/mental_workload.py --data FOLDER

32 people, windows of 5 s, 8 folds by people (the people of a fold are drawn with seed 0). Scores
are means over people, of the windows after each person's first minute, on which decoders of access
"calibration" and wider are calibrated: no decoder is scored on these. Nothing is random but the
folds, so each pipeline is fitted once.

``--split loso`` leaves one person out at a time. Finished folds are kept in ``--store``, so a run
that was stopped goes on from there; the covariances of a fold's trials, which do not depend on the
access, are computed once and kept there, too.
"""

from __future__ import annotations

# ruff: noqa: E402
import argparse
import os
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

from common import write_results

from eegkit import evaluate, load_dataset
from eegkit.decoders import mental_workload
from eegkit.decoders.mental_workload import ACCESSES
from eegkit.evaluation import baselines
from eegkit.pipeline import Pipeline
from eegkit.transforms import Cached

SPLITS = {"group-8": "mental_workload", "loso": "mental_workload_loso"}
METRICS = ("balanced_accuracy", "auroc")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of the recordings")
    parser.add_argument("--split", choices=SPLITS, default="group-8")
    parser.add_argument("--store", type=Path, default=Path("mental_workload_store"))
    parser.add_argument("--n-jobs", type=int, default=1)
    args = parser.parse_args()
    trials = load_dataset("mental_arithmetic", path=args.data)
    decoders = {f"mental_workload({a})": _cached(mental_workload(a), args.store) for a in ACCESSES}
    results = evaluate(
        baselines() | decoders,
        trials,
        cv=args.split,
        scoring=METRICS,
        random_state=0,
        n_jobs=args.n_jobs,
        store=args.store,
        verbose=True,
    )
    print(results.compare())
    kinds = dict.fromkeys(decoders, "eegkit")
    write_results(SPLITS[args.split], "mental_workload", results, kinds)


def _cached(decoder: Pipeline, store: Path) -> Pipeline:
    """The same, with its covariances kept on the disk."""
    for _, branch in decoder.named_steps["covariances"].transformer_list:
        name, covariance = branch.steps[0]
        branch.steps[0] = (name, Cached(covariance, folder=store / "covariances"))
    return decoder


if __name__ == "__main__":
    main()
