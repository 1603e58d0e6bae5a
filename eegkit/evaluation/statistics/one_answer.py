"""Scores of people who gave one answer each, and their intervals: a diagnosis, not a trial."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import brentq

from eegkit.evaluation.statistics.paired import Interval

CONFIDENCE = 0.95
EDGE = 1e-9


def accuracy_interval(y: NDArray[Any], predicted: NDArray[Any]) -> Interval:
    """The share of people whose answer is right, with Wilson's interval [1]_.

    Parameters
    ----------
    y, predicted : ndarray, shape (n_subjects,)
        One label for each person, and one answer.

    Returns
    -------
    Interval
        At 95 %. It is not empty where everybody is right, as a bootstrap's would be.

    References
    ----------
    .. [1] E. B. Wilson (1927), Probable inference, the law of succession, and statistical
       inference, Journal of the American Statistical Association 22(158), 209-212.
    """
    right = int((y == predicted).sum())
    bounds = stats.binomtest(right, len(y)).proportion_ci(CONFIDENCE, method="wilson")
    return Interval(right / len(y), float(bounds.low), float(bounds.high), len(y))


def balanced_accuracy_interval(y: NDArray[Any], predicted: NDArray[Any]) -> Interval:
    """The mean over classes of the share that is right; the intervals of the classes combined [1]_.

    Parameters
    ----------
    y, predicted : ndarray, shape (n_subjects,)

    Returns
    -------
    Interval
        At 95 %.

    References
    ----------
    .. [1] R. G. Newcombe (1998), Interval estimation for the difference between independent
       proportions, Statistics in Medicine 17(8), 873-890, method 10, for a sum.
    """
    parts = np.array([accuracy_interval(y[y == c], predicted[y == c])[:3] for c in np.unique(y)])
    mean, low, high = parts.T
    score, n = float(mean.mean()), len(parts)
    below, above = (np.sqrt(((mean - bound) ** 2).sum()) / n for bound in (low, high))
    return Interval(score, score - float(below), score + float(above), len(y))


def auroc_interval(y: NDArray[Any], proba: NDArray[Any], classes: NDArray[Any]) -> Interval:
    """The area under the ROC curve over people, with Newcombe's interval [1]_.

    Parameters
    ----------
    y : ndarray, shape (n_subjects,)
    proba : ndarray, shape (n_subjects, n_classes)
        Probabilities, or the share of the trials that were answered so.
    classes : ndarray, shape (n_classes,)

    Returns
    -------
    Interval
        At 95 %; of more than two classes the mean over them of one against the rest, and of the
        bounds.

    References
    ----------
    .. [1] R. G. Newcombe (2006), Confidence intervals for an effect size measure based on the
       Mann-Whitney statistic, part 2, Statistics in Medicine 25(4), 559-573, method 5.
    """
    areas = []
    for label, column in zip(classes, proba.T, strict=True):
        if (y == label).any():
            areas.append(_area_interval(column[y == label], column[y != label]))
    mean, low, high = np.mean(areas, axis=0).tolist()
    return Interval(mean, low, high, len(y))


def _area_interval(
    positive: NDArray[np.floating], negative: NDArray[np.floating]
) -> tuple[float, float, float]:
    m, n = len(positive), len(negative)
    area = float(stats.mannwhitneyu(positive, negative, method="asymptotic").statistic) / (m * n)
    z, size = stats.norm.ppf(0.5 + CONFIDENCE / 2), (m + n) / 2 - 1

    def beyond(bound: float) -> float:
        """Positive where the area lies outside of what is likely with this true area."""
        spread = 1 + size * ((1 - bound) / (2 - bound) + bound / (1 + bound))
        return (area - bound) ** 2 - z**2 * bound * (1 - bound) * spread / (m * n)

    # With an area of 0 or 1 the equation has that root, too, which is not the bound.
    low = brentq(beyond, 0, min(area, 1 - EDGE)) if area > 0 else 0.0
    high = brentq(beyond, max(area, EDGE), 1) if area < 1 else 1.0
    return area, low, high
