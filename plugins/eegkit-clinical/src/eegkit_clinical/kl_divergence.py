"""The score of the HMS competition: Kullback-Leibler divergence from the votes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import make_scorer

# As the competition clipped predictions.
EPSILON = 1e-15
TOLERANCE = 1e-3


def kl_divergence(
    y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    """Mean Kullback-Leibler divergence of predicted from true probabilities, in nats.

    For each trial the sum of ``y_true * log(y_true / y_pred)`` over the classes, where
    what was not voted for counts nothing. Predictions are clipped to 1e-15 from 0 and 1.

    Parameters
    ----------
    y_true : array-like, shape (n_trials, n_classes)
        The share of votes, as ``HMS(labels="soft")`` gives it.
    y_pred : array-like, shape (n_trials, n_classes)
        Predicted probabilities of the same classes.
    sample_weight : array-like, shape (n_trials,), optional
        Weight of each trial in the mean.

    Returns
    -------
    float
        0 where all is predicted as voted; the smaller, the better.

    Raises
    ------
    ValueError
        The shapes differ, or the rows are no probabilities.

    Examples
    --------
    >>> from eegkit_clinical import kl_divergence
    >>> round(kl_divergence([[0.5, 0.5, 0]], [[0.25, 0.5, 0.25]]), 4)
    0.3466
    """
    true, predicted = _probabilities(y_true, "y_true"), _probabilities(y_pred, "y_pred")
    if true.shape != predicted.shape:
        raise ValueError(
            f"y_true has shape {true.shape}, but y_pred {predicted.shape}; expected both "
            "(n_trials, n_classes), of the same classes."
        )
    predicted = np.clip(predicted, EPSILON, 1 - EPSILON)
    voted = true > 0
    terms = np.zeros_like(true)
    terms[voted] = true[voted] * np.log(true[voted] / predicted[voted])
    return float(np.average(terms.sum(axis=1), weights=sample_weight))


def _probabilities(values: ArrayLike, name: str) -> NDArray[np.float64]:
    try:
        table = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} holds more than numbers ({error}); expected probabilities, shape "
            "(n_trials, n_classes): load soft labels."
        ) from error
    if table.ndim != 2 or not table.size:
        raise ValueError(
            f"{name} has shape {table.shape}; expected (n_trials, n_classes): load soft labels."
        )
    sums = table.sum(axis=1)
    if not (table >= 0).all() or not (np.abs(sums - 1) <= TOLERANCE).all():
        raise ValueError(
            f"{name} has rows that are no probabilities: values from {table.min():g}, sums from "
            f"{sums.min():g} to {sums.max():g}; expected values from 0 on that sum to 1."
        )
    return table


# For scikit-learn's `scoring=`: the negative divergence, so that greater is better.
kl_divergence_scorer = make_scorer(
    kl_divergence, greater_is_better=False, response_method="predict_proba"
)
