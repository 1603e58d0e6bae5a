"""Metrics of the field that scikit-learn does not have by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import rel_entr
from sklearn.metrics import cohen_kappa_score, make_scorer, roc_auc_score

# Predicted probabilities are kept that far from 0 and 1, as in the competition on harmful brain
# activity, which is scored by this divergence.
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
        The share of votes for every class, say.
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
    >>> from eegkit.evaluation import kl_divergence
    >>> round(kl_divergence([[0.5, 0.5, 0]], [[0.25, 0.5, 0.25]]), 4)
    0.3466
    """
    true, predicted = probabilities(y_true, "y_true"), probabilities(y_pred, "y_pred")
    if true.shape != predicted.shape:
        raise ValueError(
            f"y_true has shape {true.shape}, but y_pred {predicted.shape}; expected both "
            "(n_trials, n_classes), of the same classes."
        )
    predicted = np.clip(predicted, EPSILON, 1 - EPSILON)
    divergence = rel_entr(true, predicted).sum(axis=1)
    return float(np.average(divergence, weights=sample_weight))  # type: ignore[arg-type]


def probabilities(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """One row for each trial, in double precision; all else is refused."""
    try:
        table = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} holds more than numbers ({error}); expected probabilities, shape "
            "(n_trials, n_classes): soft labels."
        ) from error
    if table.ndim != 2 or not table.size:
        raise ValueError(
            f"{name} has shape {table.shape}; expected (n_trials, n_classes), a row of "
            "probabilities for each trial."
        )
    # Of a float32 softmax, a row adds up to 1 but for its rounding.
    wrong = ~((table >= -1e-6).all(axis=1) & (np.abs(table.sum(axis=1) - 1) < TOLERANCE))
    if wrong.any():
        row = table[wrong.argmax()]
        raise ValueError(
            f"{wrong.sum()} of {len(table)} rows of {name} are no probabilities (row "
            f"{wrong.argmax()}, for one, has values from {row.min():.3g} and adds up to "
            f"{row.sum():.3g}); expected numbers from 0 that add up to 1, such as the softmax of "
            "logits."
        )
    return table


def _kl_divergence_scorer(estimator: Any, X: Any, y: ArrayLike) -> float:
    proba, y = estimator.predict_proba(X), np.asarray(y)
    if y.ndim == 1:
        y = (y[:, None] == estimator.classes_).astype(float)
    return -kl_divergence(y, proba)


_kl_divergence_scorer.reads_soft_labels = True  # type: ignore[attr-defined]


def _top_k_scorer(estimator: Any, X: Any, y: ArrayLike, *, k: int) -> float:
    """The part of trials whose class is among the k most probable ones."""
    proba = np.asarray(estimator.predict_proba(X))
    if k >= proba.shape[1]:
        raise ValueError(
            f"top_{k}_accuracy is always 1 with {proba.shape[1]} classes; choose a smaller k."
        )
    best = np.asarray(estimator.classes_)[np.argpartition(-proba, k - 1, axis=1)[:, :k]]
    return float((best == np.asarray(y)[:, None]).any(axis=1).mean())


def _auroc_scorer(estimator: Any, X: Any, y: ArrayLike) -> float:
    """Of two classes; of more, the mean over classes of one against the rest."""
    classes = np.asarray(estimator.classes_)
    if len(classes) == 2 and not hasattr(estimator, "predict_proba"):
        return float(roc_auc_score(np.asarray(y) == classes[1], estimator.decision_function(X)))
    proba = np.asarray(estimator.predict_proba(X))
    if len(classes) == 2:
        return float(roc_auc_score(np.asarray(y) == classes[1], proba[:, 1]))
    return float(roc_auc_score(y, proba, multi_class="ovr", labels=classes))


_SCORERS: dict[str, Callable[..., float]] = {
    "cohen_kappa": make_scorer(cohen_kappa_score),
    "auroc": _auroc_scorer,
    "neg_kl_divergence": _kl_divergence_scorer,
}
NAMES = (*_SCORERS, "top_2_accuracy", "top_3_accuracy", "top_5_accuracy")
_TOP_K = re.compile(r"top_([1-9]\d*)_accuracy")


def named_scorer(name: str) -> Callable[..., float] | None:
    """The scorer of one of the names that scikit-learn does not have, or None.

    They look at the trials only by what the estimator answers to them.
    """
    match = _TOP_K.fullmatch(name)
    return partial(_top_k_scorer, k=int(match[1])) if match else _SCORERS.get(name)


def methods_of_own(scorer: Any, n_classes: int) -> tuple[str, ...]:
    """The methods of an estimator of which one of these scorers needs one."""
    if scorer is _auroc_scorer and n_classes == 2:
        return "predict_proba", "decision_function"
    return ("predict_proba",)
