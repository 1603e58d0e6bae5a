"""Calibration: whether a decoder that is 80 % sure is right in 80 % of the trials."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from eegkit.evaluation.metrics.divergence import probabilities
from eegkit.parameters import Count, check_for


def reliability_table(
    y_true: ArrayLike,
    proba: ArrayLike,
    classes: ArrayLike,
    n_bins: int = 15,
    strategy: str = "uniform",
) -> pd.DataFrame:
    """Accuracy and confidence of trials, by how confident the prediction was.

    The confidence of a trial is the largest of its probabilities; the trial is right if that is
    the probability of its label.

    Parameters
    ----------
    y_true : array-like, shape (n_trials,)
        Labels.
    proba : array-like, shape (n_trials, n_classes)
        Probabilities, which add up to 1.
    classes : array-like, shape (n_classes,)
        The labels in the order of the columns of `proba`.
    n_bins : int, default 15
        Bins of confidence.
    strategy : {"uniform", "quantile"}, default "uniform"
        Bins of equal width from 0 to 1, of which those below one over the number of classes stay
        empty, or bins of equally many trials, as far as equal confidences allow.

    Returns
    -------
    pandas.DataFrame, one row per bin
        ``low`` and ``high``, the bounds, of which ``high`` belongs to the bin; ``n_trials``;
        ``confidence`` and ``accuracy``, means over the bin's trials, NaN where it is empty.

    Raises
    ------
    ValueError
        Shapes do not fit, rows of `proba` are no probabilities, labels are not among `classes`,
        or an argument makes no sense.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger (2017), On calibration of modern neural networks,
    ICML, section 2.

    Examples
    --------
    >>> from eegkit.evaluation import reliability_table
    >>> proba = [[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.3, 0.7]]
    >>> reliability_table([0, 0, 0, 1], proba, [0, 1], n_bins=2, strategy="quantile")
       low  high  n_trials  confidence  accuracy
    0  0.6   0.7         2        0.65       0.5
    1  0.7   0.9         2        0.85       1.0
    """
    truth, proba = _check_proba(y_true, proba, classes)
    check_for(Count).require("n_bins", n_bins)
    check_for(Literal["uniform", "quantile"]).require("strategy", strategy)
    confidence = np.minimum(proba.max(axis=1), 1.0)
    right = proba.argmax(axis=1) == truth
    edges = np.linspace(0, 1, n_bins + 1)
    if strategy == "quantile":
        edges = np.unique(np.quantile(confidence, edges, method="inverted_cdf"))
        if len(edges) == 1:  # everybody is equally confident
            edges = np.repeat(edges, 2)
    # Bins are open below and closed above; the lowest holds its lower bound too.
    bins = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, len(edges) - 2)
    n_trials = np.bincount(bins, minlength=len(edges) - 1)
    means = pd.DataFrame({"confidence": confidence, "accuracy": right}).groupby(bins).mean()
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "n_trials": n_trials}).join(means)


def expected_calibration_error(table: pd.DataFrame) -> float:
    """How far accuracy lies from confidence, the mean over trials.

    Depends on the bins, and of few trials is larger than zero even for a calibrated decoder:
    compare decoders on equally many trials with equal bins.

    Parameters
    ----------
    table : pandas.DataFrame
        From `reliability_table`.

    Returns
    -------
    float
        Between 0 and 1.

    References
    ----------
    C. Guo et al. (2017), On calibration of modern neural networks, ICML, equation 3.

    Examples
    --------
    >>> from eegkit.evaluation import expected_calibration_error, reliability_table
    >>> table = reliability_table([0, 1], [[0.9, 0.1], [0.9, 0.1]], [0, 1])
    >>> round(expected_calibration_error(table), 3)
    0.4
    """
    return float((_gaps(table) * table["n_trials"]).sum() / table["n_trials"].sum())


def maximum_calibration_error(table: pd.DataFrame) -> float:
    """How far accuracy lies from confidence in the worst bin, however few its trials.

    Parameters
    ----------
    table : pandas.DataFrame
        From `reliability_table`.

    Returns
    -------
    float
        Between 0 and 1.

    References
    ----------
    C. Guo et al. (2017), On calibration of modern neural networks, ICML, equation 5.

    Examples
    --------
    >>> from eegkit.evaluation import maximum_calibration_error, reliability_table
    >>> proba = [[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.3, 0.7]]
    >>> table = reliability_table([0, 0, 0, 1], proba, [0, 1], n_bins=2, strategy="quantile")
    >>> round(maximum_calibration_error(table), 2)
    0.15
    """
    return float(_gaps(table).max())


def brier_score(y_true: ArrayLike, proba: ArrayLike, classes: ArrayLike) -> float:
    """The squared error of the probabilities, summed over classes, the mean over trials.

    Parameters
    ----------
    y_true, proba, classes
        As in `reliability_table`.

    Returns
    -------
    float
        From 0 to 2; for two classes twice what scikit-learn's ``brier_score_loss`` gives.

    Raises
    ------
    ValueError
        As in `reliability_table`.

    References
    ----------
    G. W. Brier (1950), Verification of forecasts expressed in terms of probability, Monthly
    Weather Review 78(1), 1-3, equation 2.

    Examples
    --------
    >>> from eegkit.evaluation import brier_score
    >>> round(brier_score(["rest"], [[0.8, 0.2]], ["rest", "task"]), 3)
    0.08
    """
    truth, proba = _check_proba(y_true, proba, classes)
    error = (proba**2).sum(axis=1) - 2 * proba[np.arange(len(truth)), truth] + 1
    return float(error.mean())


def calibration_table(
    results: Any, dataset: str | None = None, n_bins: int = 15, strategy: str = "uniform"
) -> pd.DataFrame:
    """Calibration of every pipeline, over all its test trials, with the first seed.

    Parameters
    ----------
    results : Results
        With predictions.
    dataset : str, optional
        Whose trials; the first one by default.
    n_bins, strategy
        As in `reliability_table`.

    Returns
    -------
    pandas.DataFrame, one row per pipeline
        ``pipeline``, ``n_trials``, ``accuracy``, ``confidence``, ``ece``, ``mce``, ``brier``; NaN
        from ``confidence`` on where a pipeline gives no probabilities.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from eegkit import evaluate
    >>> from eegkit.evaluation import calibration_table
    >>> from eegkit.testing import example_trials
    >>> results = evaluate(DummyClassifier(), example_trials(12), cv="loso", scoring="accuracy")
    >>> calibration_table(results)[["n_trials", "accuracy", "confidence"]].round(2)
       n_trials  accuracy  confidence
    0        12       0.5         0.5
    """
    rows = []
    for name in results.pipelines:
        predictions = results.predictions(pipeline=name, dataset=dataset)
        y = np.asarray(predictions.y)
        accuracy = float((y == np.asarray(predictions.predicted)).mean())
        row: dict[str, Any] = {"pipeline": name, "n_trials": len(y), "accuracy": accuracy}
        if predictions.proba is not None:
            table = reliability_table(y, predictions.proba, predictions.classes, n_bins, strategy)
            row["confidence"] = float(np.asarray(predictions.proba, dtype=float).max(axis=1).mean())
            row["ece"] = expected_calibration_error(table)
            row["mce"] = maximum_calibration_error(table)
            row["brier"] = brier_score(y, predictions.proba, predictions.classes)
        rows.append(row)
    columns = ["pipeline", "n_trials", "accuracy", "confidence", "ece", "mce", "brier"]
    return pd.DataFrame(rows, columns=columns)


def _gaps(table: pd.DataFrame) -> pd.Series:
    """The distance of accuracy and confidence in every bin, NaN where there are no trials."""
    return (table["accuracy"] - table["confidence"]).abs()


def _check_proba(
    y_true: ArrayLike, proba: ArrayLike, classes: ArrayLike
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The column of every trial's label, and probabilities in double precision."""
    y, values, labels = np.asarray(y_true), probabilities(proba, "proba"), np.asarray(classes)
    if y.ndim != 1 or values.shape != (len(y), len(labels)):
        raise ValueError(
            f"y_true, proba and classes have shapes {y.shape}, {values.shape} and {labels.shape}; "
            "expected (n_trials,), (n_trials, n_classes) and (n_classes,)."
        )
    column = pd.Index(labels).get_indexer(pd.Index(y))
    if (column < 0).any():
        raise ValueError(
            f"{y[column < 0][0]!r} is a label of y_true, but not one of the {len(labels)} classes; "
            "give the classes in the order of the columns of proba."
        )
    return column, values
