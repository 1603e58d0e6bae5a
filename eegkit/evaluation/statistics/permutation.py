"""Chance by permutation: what a decoder scores when its labels mean nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from eegkit.blocks import row_blocks
from eegkit.parameters import Count, check_for

# Labels permuted at a time; bounds the memory, not the result.
BLOCK = 2**22
FAST_SCORES = ("accuracy", "balanced_accuracy")


@dataclass(frozen=True)
class PermutationChance:
    """The null distribution of a score; see `permutation_chance`.

    Parameters
    ----------
    observed : float
        The score, its mean over people.
    p : float
        How often shuffled labels score as much.
    mean, percentile_95 : float
        Of the null distribution.
    null : ndarray, shape (n_permutations,)
        The scores with shuffled labels.

    See Also
    --------
    permutation_chance : makes it, with an example.
    """

    observed: float
    p: float
    mean: float
    percentile_95: float
    null: NDArray[np.float64]


def permutation_chance(
    y_true: ArrayLike,
    y_score_or_pred: ArrayLike,
    subjects: ArrayLike | None,
    score: str | Callable[[Any, Any], float] = "balanced_accuracy",
    n_permutations: int = 1000,
    random_state: int | None = 0,
) -> PermutationChance:
    """The scores that predictions reach when the labels are permuted within each person.

    The decoder is not trained again: what is tested is whether its predictions go with the labels
    of the test trials within people. Trials of a person are taken to be exchangeable; where they
    lie in blocks of one class, or windows overlap, p is too small.

    Parameters
    ----------
    y_true : array-like, shape (n_trials,)
        Labels.
    y_score_or_pred : array-like, shape (n_trials,) or (n_trials, n_classes)
        What `score` reads: predicted labels, or scores such as probabilities.
    subjects : array-like, shape (n_trials,), or None
        Who each trial is of; labels are permuted, and the score is taken, person by person.
        None takes all trials together, as where the person is the label.
    score : {"balanced_accuracy", "accuracy"} or callable
        Callables, ``score(y_true, y_score_or_pred)``, greater being better, are called once for
        each person and permutation; the named ones are computed for all permutations at once.
    n_permutations : int, default 1000
        The smallest p is 1 / (1 + n_permutations).
    random_state : int, optional
        Same number, same permutations.

    Returns
    -------
    PermutationChance
        ``p`` is (1 + the permutations that score at least as high) / (1 + n_permutations) [2]_.

    Raises
    ------
    ValueError
        Lengths differ; there are no trials; nobody has trials of two classes, so that permuting
        changes nothing; a score is not finite.

    References
    ----------
    .. [1] M. Ojala, G. C. Garriga (2010), Permutation tests for studying classifier performance,
       Journal of Machine Learning Research 11, 1833-1863 (test 1, here within people).
    .. [2] B. Phipson, G. K. Smyth (2010), Permutation p-values should never be zero, Statistical
       Applications in Genetics and Molecular Biology 9(1), 39.

    Examples
    --------
    >>> from eegkit.evaluation import permutation_chance
    >>> y, subjects = ["rest", "task"] * 20, ["a"] * 20 + ["b"] * 20
    >>> found = permutation_chance(y, y, subjects, n_permutations=199)
    >>> round(found.observed, 3), found.p, round(found.mean, 1)
    (1.0, 0.005, 0.5)
    """
    y_true, predictions, rows = _check(y_true, y_score_or_pred, subjects)
    check_for(Count).require("n_permutations", n_permutations)
    rng = np.random.default_rng(random_state)
    if isinstance(score, str):
        y_true, predictions = _codes(y_true, predictions, score)
    observed, null = 0.0, np.zeros(n_permutations)
    for trials in rows:
        y, answers = y_true[trials], predictions[trials]
        if callable(score):
            observed += score(y, answers)
            null += [score(rng.permutation(y), answers) for _ in range(n_permutations)]
        else:
            value, values = _fast_scores(y, answers, score, n_permutations, rng)
            observed, null = observed + value, null + values
    observed, null = float(observed / len(rows)), null / len(rows)
    n_bad = int((~np.isfinite(null)).sum())
    if n_bad or not np.isfinite(observed):
        raise ValueError(
            f"The score is {observed}, and not finite for {n_bad} of {n_permutations} "
            "permutations: it is undefined for some person; leave out those who have trials of "
            "one class only."
        )
    # Sums in another order differ in their last digits: equal scores count as equal.
    n_reached = int((null >= observed - 1e-9).sum())
    return PermutationChance(
        observed=observed,
        p=(1 + n_reached) / (1 + n_permutations),
        mean=float(null.mean()),
        percentile_95=float(np.percentile(null, 95)),
        null=null,
    )


def _codes(
    y_true: NDArray[Any], predictions: NDArray[Any], score: str
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Labels as small integers, which compare fast; those that were only predicted, too."""
    if score not in FAST_SCORES or predictions.ndim != 1:
        raise ValueError(
            f"score is {score!r}, for predictions of shape {predictions.shape}; expected "
            f"{' or '.join(map(repr, FAST_SCORES))} with predicted labels, or a callable "
            "score(y_true, y_score)."
        )
    codes = np.unique(np.concatenate([y_true, predictions]), return_inverse=True)[1]
    codes = codes.astype(np.min_scalar_type(int(codes.max())))
    return codes[: len(y_true)], codes[len(y_true) :]


def _check(
    y_true: ArrayLike, y_score_or_pred: ArrayLike, subjects: ArrayLike | None
) -> tuple[NDArray[Any], NDArray[Any], list[NDArray[np.intp]]]:
    """Labels, predictions, and the trials of every person."""
    y, predictions = np.asarray(y_true), np.asarray(y_score_or_pred)
    groups = np.zeros(len(y), dtype=int) if subjects is None else np.asarray(subjects)
    lengths = {len(y), len(predictions), len(groups)}
    if y.ndim != 1 or groups.ndim != 1 or len(lengths) > 1 or not len(y):
        raise ValueError(
            f"y_true, y_score_or_pred and subjects have shapes {y.shape}, {predictions.shape} and "
            f"{groups.shape}; expected one label, prediction and subject for each trial."
        )
    rows = list(pd.Series(groups).groupby(groups).indices.values())
    if all((y[trials] == y[trials[0]]).all() for trials in rows):
        raise ValueError(
            "Nobody has trials of two classes, so permuting labels within people changes nothing; "
            "permute people in place of trials: one label and one answer for each, as "
            "person_predictions gives them, and subjects=None."
        )
    return y, predictions, rows


def _fast_scores(
    y: NDArray[Any], answers: NDArray[Any], score: str, n: int, rng: np.random.Generator
) -> tuple[float, NDArray[np.float64]]:
    """The score of one person, and those of n permutations of the person's labels."""
    # What a trial adds to the score if its label is the one predicted.
    weights = np.full(len(y), 1 / len(y))
    if score == "balanced_accuracy":
        counts = np.bincount(y, minlength=int(answers.max()) + 1)
        weights = 1 / (np.count_nonzero(counts) * np.maximum(counts, 1)[answers])
    scores = np.empty(n)
    for rows in row_blocks(n, len(y), BLOCK):
        labels = np.broadcast_to(y, (rows.stop - rows.start, len(y)))
        scores[rows] = (rng.permuted(labels, axis=1) == answers) @ weights
    return float((y == answers) @ weights), scores
