"""The leaky twin of a split: the same trials, divided as they should not be."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from eegkit.evaluation.splits.named import Fold
from eegkit.labels import hard_labels, one_class_each
from eegkit.trials import Trials


def leaky_folds(
    datasets: Mapping[str, Trials],
    n_folds: Mapping[str, int],
    random_state: int | None,
) -> dict[str, dict[str, list[Fold]]]:
    """Folds in which everybody stands on both sides, about as many as those of the honest split.

    Parameters
    ----------
    datasets : dict of str to Trials
    n_folds : dict of str to int
        Of the honest split, by data set.
    random_state : int or None
        Shuffles; None is 0, for a twin is to be the same each time.

    Returns
    -------
    dict of str to dict of str to list of Fold
        By split and data set: ``"shuffled"`` trials; and ``"session_wise"``, whole sessions, of
        which nobody's stand all on one side, or ``"run_wise"``, where people have several.

    Raises
    ------
    ValueError
        A class has one trial only.
    """
    seed = random_state or 0
    folds: dict[str, dict[str, list[Fold]]] = {"shuffled": {}}
    for name, trials in datasets.items():
        folds["shuffled"][name] = _shuffled(hard_labels(trials.y), n_folds[name], seed)
        unit = _unit(trials)
        if unit is not None:
            split = folds.setdefault(f"{unit}_wise", {})
            split[name] = _by_unit(trials, unit, n_folds[name], seed)
    return folds


def _shuffled(y: NDArray[np.generic], n_folds: int, seed: int) -> list[Fold]:
    rarest = int(np.unique(y, return_counts=True)[1].min())
    if rarest < 2:
        raise ValueError("A class has one trial only, which cannot be shuffled into two folds.")
    n_splits = max(2, min(n_folds, rarest))
    splitter = StratifiedKFold(n_splits, shuffle=True, random_state=seed)
    parts = splitter.split(np.zeros((len(y), 1)), y)
    return [Fold(i, train, test) for i, (train, test) in enumerate(parts)]


def _unit(trials: Trials) -> str | None:
    """What people have several of: sessions, else runs; None where these tell the class."""
    metadata, y = trials.metadata, hard_labels(trials.y)
    people_tell = one_class_each(y, trials.groups)
    for unit in ("session", "run"):
        several = metadata.groupby("subject")[unit].nunique().max() > 1
        classes = metadata.assign(label=y).groupby(["subject", unit])["label"].nunique()
        if several and (people_tell or classes.max() > 1):
            return unit
    return None


def _by_unit(trials: Trials, unit: str, n_folds: int, seed: int) -> list[Fold]:
    """Whole sessions dealt out to the folds, those of one person to different ones."""
    subjects, person = np.unique(trials.groups, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(subjects))
    codes, _ = trials.metadata[unit].factorize()
    _, number = np.unique(np.column_stack([order[person], codes]), axis=0, return_inverse=True)
    number = number.reshape(-1) % max(2, min(n_folds, number.max() + 1))
    return [
        Fold(i, np.flatnonzero(number != i), np.flatnonzero(number == i))
        for i in range(number.max() + 1)
    ]
