"""What a worker does: fit a pipeline on one fold, score every person of its test trials."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from eegkit.evaluation.chance import chance_level
from eegkit.evaluation.scoring import Scorer, score
from eegkit.evaluation.splits import Fold
from eegkit.signals import SignalArray


@dataclass(frozen=True)
class Data:
    """The trials as workers get them: a plain array, which joblib shares once as a memmap."""

    X: NDArray[Any]
    knowledge: dict[str, Any]
    y: NDArray[Any]
    groups: NDArray[Any]

    def signals(self, rows: NDArray[np.intp]) -> SignalArray:
        """Some of the trials, with what is known about them."""
        return SignalArray(self.X, **self.knowledge)[rows]


@dataclass(frozen=True)
class Outcome:
    """What comes back of one pipeline and fold.

    ``warnings`` holds (text, category, filename, lineno), ``undefined`` the metrics that are
    NaN as (metric, subject).
    """

    task: int
    rows: list[dict[str, Any]]
    warnings: list[tuple[str, type[Warning], str, int]]
    undefined: list[tuple[str, Any]]


def fit_and_score(
    task: int, name: str, pipeline: Any, data: Data, fold: Fold, scorers: dict[str, Scorer]
) -> Outcome:
    """Fit a clone of the pipeline on a fold, and score each subject of its test trials."""
    who = data.groups[fold.test]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        started = time.perf_counter()
        try:
            fitted = clone(pipeline).fit(data.signals(fold.train), data.y[fold.train])
        except Exception as error:
            error.add_note(f"This happened while fitting {name!r} on fold {fold.number}.")
            raise
        fit_time_s = time.perf_counter() - started
        rows = []
        for subject in np.unique(who):
            test = fold.test[who == subject]
            row = {
                "pipeline": name,
                "fold": fold.number,
                "subject": subject.item() if isinstance(subject, np.generic) else subject,
                "n_train": len(fold.train),
                "n_test": len(test),
                "n_train_subjects": len(np.unique(data.groups[fold.train])),
            }
            row |= _scores(fitted, data, fold, test, scorers)
            rows.append(row | {"fit_time_s": fit_time_s, "score_time_s": row.pop("score_time_s")})
    undefined = [(m, row["subject"]) for row in rows for m in scorers if np.isnan(row[m])]
    seen = [(str(w.message), w.category, w.filename, w.lineno) for w in caught]
    return Outcome(task, rows, seen, undefined)


def _scores(
    fitted: Any, data: Data, fold: Fold, test: NDArray[np.intp], scorers: dict[str, Scorer]
) -> dict[str, float]:
    """Every metric on these test trials, each followed by its chance level."""
    y_train, y_test = data.y[fold.train], data.y[test]
    started = time.perf_counter()
    scores = score(fitted, data.signals(test), y_test, scorers, classes=np.unique(y_train))
    seconds = time.perf_counter() - started
    columns = {}
    for metric, value in scores.items():
        columns[metric] = value
        columns[f"chance_{metric}"] = chance_level(scorers[metric], y_train, y_test)
    return columns | {"score_time_s": seconds}
