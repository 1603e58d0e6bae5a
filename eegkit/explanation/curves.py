"""Deletion and insertion: the answer while parts of the trials are hidden, or shown, one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegkit.signals import SignalArray

MOST_STEPS, N_RANDOM = 8, 4


def axes_of(attributions: Any) -> list[int]:
    """The axes of the maps along which parts of the trials can be hidden."""
    shape, axes = attributions.X.shape[1:], attributions.axes
    # Hidden bands and windows may be as many as there are channels.
    other = {"band", "window"} | ({"freq"} if attributions.space == "spectrum" else set())
    return [
        i
        for i, n in enumerate(attributions.values.shape[1:])
        if n > 1 and i < len(shape) and shape[i] == n and axes[i] not in other
    ]


def gain(
    attributions: Any,
    axis: int,
    reader: Any,
    X: Any,
    codes: NDArray[np.intp],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """How much more than a random order that of the maps does, in parts of probability.

    Parameters
    ----------
    attributions : Attributions
    axis : int
    reader : estimator
        It has predict_proba, and reads X.
    X : array, shape (n_trials, *axes)
    codes : ndarray of int, shape (n_trials,)
        The class of each trial.
    rng : Generator

    Returns
    -------
    ndarray, shape (n_trials,)
        By how much deletion falls below a random order, plus by how much insertion is above, as
        means over the steps.
    """
    values = attributions.values
    rest = tuple(i for i in range(1, values.ndim) if i != axis + 1)
    by_map = np.argsort(-values.mean(axis=rest), axis=1, kind="stable")
    n_trials, n = by_map.shape
    # Parts become those of another trial: of logarithms of power, nothing or the mean is far out.
    others = np.roll(np.asarray(X), 1 + int(rng.integers(max(1, n_trials - 1))), axis=0)
    shuffled = [rng.permuted(np.tile(np.arange(n), (n_trials, 1)), axis=1) for _ in range(N_RANDOM)]
    area, *chance = [_area(X, others, axis, reader, codes, order) for order in (by_map, *shuffled)]
    return area - np.mean(chance, axis=0)


def _area(
    X: Any,
    others: NDArray[Any],
    axis: int,
    reader: Any,
    codes: NDArray[np.intp],
    order: NDArray[np.intp],
) -> NDArray[np.float64]:
    """The mean probability while the first parts alone are shown, less that while they are hidden.

    In place of what is hidden stands that of other trials.
    """
    array = np.asarray(X)
    n = order.shape[1]
    rank = np.argsort(order, axis=1)
    steps = np.unique(np.linspace(0, n, min(n, MOST_STEPS) + 1).round().astype(int))[1:-1]
    shape = [len(array)] + [1] * (array.ndim - 1)
    shape[axis + 1] = n
    difference = np.zeros(len(array))
    for step in steps:
        first = (rank < step).reshape(shape)
        shown = _proba(reader, X, np.where(first, array, others), codes)
        hidden = _proba(reader, X, np.where(first, others, array), codes)
        difference += (shown - hidden) / len(steps)
    return difference


def _proba(
    reader: Any, X: Any, changed: NDArray[Any], codes: NDArray[np.intp]
) -> NDArray[np.float64]:
    array = changed.astype(np.float32)
    signals = SignalArray(array, **X.metadata) if isinstance(X, SignalArray) else array
    return np.asarray(reader.predict_proba(signals))[np.arange(len(codes)), codes].astype(float)
