"""Which trials of FingerMovements `movement_preparation` misses: of the test file, and inside.

    python benchmarks/accuracy/missed_movements.py

Inside is the answer to each training trial by a decoder of the other nine tenths. It is looked at
by hand moved, by place in the file, by how sure the decoder is, by each of its voters, and by how
large the signals are.
"""

from __future__ import annotations

# ruff: noqa: E402
import os

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np
import pandas as pd
from bci_competition_ii import trials_of
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from eegkit import Trials
from eegkit.decoders import movement_preparation

N_PARTS = 4


def answers(training: Trials, test: Trials | None) -> dict[str, np.ndarray]:
    """The probability of the second hand for each trial, by the vote and by each voter."""
    decoder = movement_preparation()
    named = {"vote": decoder, **dict(decoder.estimators)}
    if test is None:
        folds = StratifiedKFold(10, shuffle=True, random_state=0)
        return {
            name: cross_val_predict(
                model, training.X, training.y, cv=folds, method="predict_proba"
            )[:, 1]
            for name, model in named.items()
        }
    return {
        name: model.fit(training.X, training.y).predict_proba(test.X)[:, 1]
        for name, model in named.items()
    }


def table_of(trials: Trials, probabilities: dict[str, np.ndarray]) -> pd.DataFrame:
    """A row for each trial."""
    X = np.asarray(trials.X)
    second = trials.y == np.unique(trials.y)[1]
    vote = probabilities["vote"]
    size = np.log(X.std(axis=-1).mean(axis=-1))
    return pd.DataFrame(
        {
            "hand": trials.y,
            "is_second": second,
            "right": (vote > 0.5) == second,
            "part": np.arange(len(trials)) * N_PARTS // len(trials) + 1,
            "sure": np.maximum(vote, 1 - vote),
            "size": pd.qcut(size, 3, labels=["small", "middle", "large"]),
            **{
                f"{name} right": (p > 0.5) == second
                for name, p in probabilities.items()
                if name != "vote"
            },
        }
    )


def show(title: str, trials: Trials, probabilities: dict[str, np.ndarray]) -> None:
    table = table_of(trials, probabilities)
    voters = [name for name in table if str(name).endswith(" right")]
    print(f"\n{title}: {len(table)} trials, {(~table['right']).sum()} missed")
    for name, values in probabilities.items():
        print(f"  area of {name}: {roc_auc_score(table['is_second'], values):.3f}")
    print(f"  share right that its probabilities promise: {table['sure'].mean():.3f}")
    table["sure"] = pd.cut(table["sure"], [0.5, 0.7, 0.9, 1.0])
    for columns in (["hand"], ["part"], ["size"], ["sure"], voters):
        grouped = table.groupby(columns, observed=True)["right"]
        print(grouped.agg(trials="size", missed=lambda right: int((~right).sum())).to_string())


def main() -> None:
    training, test = (trials_of("FingerMovements", split) for split in ("TRAIN", "TEST"))
    show("Inside the training file", training, answers(training, None))
    show("Test file", test, answers(training, test))


if __name__ == "__main__":
    main()
