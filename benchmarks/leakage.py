"""What shuffled trials add to a score, on real recordings.

    uv run --all-packages python benchmarks/leakage.py --path FOLDER
    uv run --all-packages python benchmarks/leakage.py --path FOLDER --out inflation.png

FOLDER holds the recordings of "EEG during mental arithmetic tasks" (`eegkit info
mental_arithmetic` says where they come from). Two questions are put to them, with people kept
apart and with trials shuffled, both times in five folds:

- Does somebody rest, or do mental arithmetic? It differs from trial to trial.
- Does somebody count well? It is the same in all trials of a person, as a diagnosis would be, so
  that whoever recognises the person knows the answer.

With the defaults it takes about four minutes on one core.
"""

from __future__ import annotations

import argparse
from typing import Any

import matplotlib as mpl
import numpy as np
from eegkit_convnets import EEGNet
from rich.console import Console
from rich.table import Table

from eegkit import Pipeline, Trials, evaluate, load_dataset
from eegkit.evaluation import Inflation, baselines
from eegkit.transforms import Standardizer

mpl.use("agg")


def counting(trials: Trials) -> Trials:
    """The trials labelled by how well the person counts."""
    well = trials.metadata["count_quality"].to_numpy().astype(int)
    return Trials(trials.X, np.array(["poorly", "well"])[well], trials.metadata, trials.info)


def decoders(n_epochs: int) -> dict[str, Any]:
    net = EEGNet(max_epochs=n_epochs, class_weight="balanced", random_state=0)
    return {
        "band_power+lr": baselines()["band_power+lr"],
        "standardizer+eegnet": Pipeline([Standardizer(), net]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--path", help="Folder of the recordings.", required=True)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--n-jobs", type=int, default=None)
    parser.add_argument("--store", help="Folder that keeps finished folds.")
    parser.add_argument("--out", help="Picture to write.")
    chosen = parser.parse_args()
    trials = load_dataset("mental_arithmetic", path=chosen.path)
    options = {"random_state": 0, "n_jobs": chosen.n_jobs, "store": chosen.store, "verbose": True}
    options["twin"] = True
    pipelines = decoders(chosen.epochs)
    found = {
        "rest or arithmetic": evaluate(pipelines, trials, **options).inflation(),
        "counts well or poorly": evaluate(
            pipelines, counting(trials), cv="stratified-group-5", scoring="accuracy", **options
        ).inflation(),
    }
    show(found)
    if chosen.out:
        draw(found, chosen.out)


def show(found: dict[str, Inflation]) -> None:
    table = Table("question", "pipeline", "metric", "split", "honest", "leaky", "gap", "95 %")
    for question, made in found.items():
        for row in made.summary().itertuples():
            table.add_row(
                question, row.pipeline, made.metric, row.split, f"{row.honest:.3f}",
                f"{row.leaky:.3f}",
                f"{row.gap:+.3f}", f"{row.gap_low:+.3f} to {row.gap_high:+.3f}",
            )  # fmt: skip
    Console(width=110).print(table)


def draw(found: dict[str, Inflation], path: str) -> None:
    import matplotlib.pyplot as plt

    from eegkit.plots.inflation import InflationDisplay

    figure, axes = plt.subplots(1, len(found), figsize=(11, 4.8), layout="constrained")
    for ax, (question, made) in zip(axes, found.items(), strict=True):
        InflationDisplay.from_inflation(made, ax=ax)
        ax.set_title(question, pad=62)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
