"""`Predictions`: what a pipeline answered to every test trial."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eegkit.text import count, shortlist

# What there is of every trial; the last are packed as codes of their values.
NUMBERS, NAMES = ("trial", "fold", "seed"), ("subject", "y", "predicted")
COLUMNS = NUMBERS + NAMES
# Rows that a notebook shows.
N_SHOWN = 5


@dataclass(frozen=True, repr=False)
class Predictions:
    """What a pipeline answered to every test trial, seed after seed and fold after fold.

    Parameters
    ----------
    trial : ndarray of int, shape (n,)
        Which of the trials it was.
    fold : ndarray of int, shape (n,)
        The number of the fold that tested it.
    seed : ndarray of int, shape (n,)
        The number of the seed, from 0 on.
    subject : ndarray, shape (n,)
        Whose trial it was.
    y : ndarray, shape (n,)
        The label; of soft labels, the number of the most probable class.
    predicted : ndarray, shape (n,)
        The label the pipeline gave.
    classes : ndarray, shape (n_classes,)
        All labels, in the order of the columns of `proba`.
    proba : ndarray of float32, shape (n, n_classes), or None
        Probabilities, 0 for a class that was not in the training trials. None of a pipeline that
        gives none.
    pipeline, dataset : str, default ""
        Whose answers these are, and to which trials, where that is known.

    See Also
    --------
    eegkit.evaluation.person_predictions : one answer for each person, with an example.
    """

    trial: NDArray[np.int64]
    fold: NDArray[np.int64]
    seed: NDArray[np.int64]
    subject: NDArray[Any]
    y: NDArray[Any]
    predicted: NDArray[Any]
    classes: NDArray[Any]
    proba: NDArray[np.float32] | None
    pipeline: str = ""
    dataset: str = ""

    def __len__(self) -> int:
        return len(self.trial)

    def __getitem__(self, rows: Any) -> Predictions:
        """Some of the trials."""
        columns = {name: getattr(self, name)[rows] for name in COLUMNS}
        return replace(self, **columns, proba=None if self.proba is None else self.proba[rows])

    def to_frame(self) -> pd.DataFrame:
        """A row for each answer.

        Returns
        -------
        pandas.DataFrame
            Columns ``trial``, ``fold``, ``seed``, ``subject``, ``y``, ``predicted`` and, of a
            pipeline that gives probabilities, ``p_<class>`` of each class.

        Examples
        --------
        >>> from eegkit import evaluate
        >>> from eegkit.testing import example_trials
        >>> from sklearn.dummy import DummyClassifier
        >>> results = evaluate(DummyClassifier(), example_trials(n_trials=24), cv="loso")
        >>> results.predictions().to_frame().head(2)
           trial  fold  seed subject     y predicted  p_rest  p_task
        0      0     0     0      S1  rest      rest     0.5     0.5
        1      1     0     0      S1  task      rest     0.5     0.5
        """
        table = pd.DataFrame({name: getattr(self, name) for name in COLUMNS})
        if self.proba is not None:
            table[[f"p_{name}" for name in self.classes]] = self.proba
        return table

    def describe(self) -> str:
        """One sentence: whose answers these are, and how many."""
        n_seeds, n_people = len(np.unique(self.seed)), len(np.unique(self.subject))
        return ", ".join(
            [
                f"{count(len(self), 'answer')} about {count(n_people, 'person', 'people')}",
                *([count(n_seeds, "seed")] if n_seeds > 1 else []),
                count(len(np.unique(self.fold)), "fold"),
                f"{count(len(self.classes), 'class', 'classes')} ({shortlist(self.classes)})",
                "no probabilities" if self.proba is None else "with probabilities",
            ]
        )

    def _heading(self) -> str:
        of = f" of {self.pipeline!r}" if self.pipeline else ""
        return f"Predictions{of} on {self.dataset!r}" if self.dataset else f"Predictions{of}"

    def __repr__(self) -> str:
        return f"<{self._heading()}: {self.describe()}; to_frame() gives the table>"

    def _repr_html_(self) -> str:
        head = self[: min(len(self), N_SHOWN)].to_frame()
        table = head.to_html(index=False, float_format="{:.3f}".format, border=0)
        rest = f"<p>and {len(self) - N_SHOWN:,} more: to_frame()</p>" if len(self) > N_SHOWN else ""
        words = f"<b>{html.escape(self._heading())}</b>: {html.escape(self.describe())}"
        return f"<div><p>{words}</p>{table}{rest}</div>"

    @classmethod
    def joined(cls, parts: Sequence[Predictions]) -> Predictions:
        """Those of several folds, with the columns of `proba` brought together by class."""
        classes = np.unique(np.concatenate([np.concatenate([p.classes, p.y]) for p in parts]))
        proba = None
        if all(p.proba is not None for p in parts):
            tables = (pd.DataFrame(p.proba, columns=p.classes) for p in parts)
            wide = [table.reindex(columns=classes, fill_value=0.0) for table in tables]
            proba = np.concatenate(wide, dtype=np.float32)
        columns: dict[str, Any] = {
            name: np.concatenate([getattr(p, name) for p in parts]) for name in COLUMNS
        }
        return cls(**columns, classes=classes, proba=proba)


def pack(predictions: Predictions, arrays: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """What JSON holds of the predictions; their numbers go to `arrays`."""
    header: dict[str, Any] = {"prefix": prefix, "classes": predictions.classes.tolist()}
    for name in NUMBERS:
        arrays[prefix + name] = np.ascontiguousarray(getattr(predictions, name), dtype=np.int64)
    for name in NAMES:
        values, codes = np.unique(getattr(predictions, name), return_inverse=True)
        header[name] = values.tolist()
        arrays[prefix + name] = codes.reshape(-1).astype(np.int32)
    if predictions.proba is not None:
        arrays[prefix + "proba"] = np.ascontiguousarray(predictions.proba, dtype=np.float32)
    return header


def unpack(header: Mapping[str, Any], arrays: Mapping[str, Any]) -> Predictions:
    """The predictions that `pack` took apart."""
    prefix = header["prefix"]
    # Older files know of one seed.
    arrays = {f"{prefix}seed": np.zeros_like(arrays[f"{prefix}fold"]), **arrays}
    columns: dict[str, Any] = {name: np.array(arrays[prefix + name]) for name in NUMBERS}
    columns |= {name: np.array(header[name])[arrays[prefix + name]] for name in NAMES}
    classes, proba = np.array(header["classes"]), arrays.get(prefix + "proba")
    return Predictions(**columns, classes=classes, proba=proba)
