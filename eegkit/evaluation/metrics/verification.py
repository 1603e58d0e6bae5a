"""Verification: whether someone is who they claim to be, from the probabilities of a decoder."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import roc_curve

from eegkit.parameters import Count, check_for

COLUMNS = (
    "pipeline", "n_people", "n_genuine", "n_impostor", "eer", "eer_low", "eer_high",
)  # fmt: skip


def equal_error_rate(genuine: ArrayLike, impostor: ArrayLike) -> float:
    """The error rate at the threshold where as many genuine claims fail as impostors pass.

    Between two thresholds both rates are taken to be linear.

    Parameters
    ----------
    genuine : array-like, shape (n_genuine,)
        Scores of claims that are true; larger ones speak for the claim.
    impostor : array-like, shape (n_impostor,)
        Scores of claims that are false.

    Returns
    -------
    float
        0 where some threshold parts them, 0.5 where scores say nothing.

    Raises
    ------
    ValueError
        There are no scores of one kind, or some are not finite.

    References
    ----------
    ISO/IEC 19795-1:2021, Biometric performance testing and reporting; A. Martin et al. (1997), The
    DET curve in assessment of detection task performance, Eurospeech, 1895-1898.

    Examples
    --------
    >>> from eegkit.evaluation import equal_error_rate
    >>> equal_error_rate([0.9, 0.8, 0.7, 0.2], [0.1, 0.1, 0.2, 0.3])
    0.25
    """
    scores = [np.asarray(values, dtype=float).ravel() for values in (genuine, impostor)]
    for name, values in zip(("genuine", "impostor"), scores, strict=True):
        if not len(values) or not np.isfinite(values).all():
            raise ValueError(
                f"{name} has {len(values)} scores, {int((~np.isfinite(values)).sum())} of them not "
                "finite; expected one finite score or more."
            )
    labels = np.repeat([1, 0], [len(scores[0]), len(scores[1])])
    passed, accepted, _ = roc_curve(labels, np.concatenate(scores), drop_intermediate=False)
    # Lower thresholds let more pass: the difference of the two rates never falls.
    return float(np.interp(0.0, passed - (1 - accepted), passed))


def verification_table(
    results: Any,
    dataset: str | None = None,
    n_resamples: int = 1000,
    random_state: int | None = 0,
) -> pd.DataFrame:
    """Equal error rates of pipelines that tell people apart, and their intervals over people.

    Every test trial claims to be everybody in turn: its own person (genuine), and each of the
    others (impostor). The score of a claim is the probability of the person, of the first seed,
    and one threshold is for all. Impostors are people that the decoder was trained on; it says
    nothing about strangers.

    Parameters
    ----------
    results : Results
        With predictions, where labels are people.
    dataset : str, optional
        Whose trials; the first one by default.
    n_resamples : int, default 1000
        Bootstrap samples of people, drawn with the claims to be them, for the interval of 95 %
        between percentiles.
    random_state : int, optional
        Same number, same interval.

    Returns
    -------
    pandas.DataFrame, one row per pipeline
        ``pipeline``, ``n_people``, ``n_genuine`` and ``n_impostor`` (claims), ``eer``,
        ``eer_low`` and ``eer_high``; NaN of a pipeline that gives no probabilities.

    Raises
    ------
    ValueError
        Labels are not people: someone's trials have several.

    See Also
    --------
    equal_error_rate : its definition, with an example.
    """
    check_for(Count).require("n_resamples", n_resamples)
    rows = []
    for name in results.pipelines:
        predictions = results.predictions(pipeline=name, dataset=dataset)
        people = np.unique(predictions.y)
        _refuse_other_labels(predictions)
        n_trials, n_classes = len(predictions), len(predictions.classes)
        n_genuine = int(np.isin(predictions.y, predictions.classes).sum())
        row = [name, len(people), n_genuine, n_trials * n_classes - n_genuine]
        rates = [np.nan] * 3
        if predictions.proba is not None:
            rates = _rates(predictions, n_resamples, random_state)
        rows.append([*row, *rates])
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _refuse_other_labels(predictions: Any) -> None:
    pairs = pd.DataFrame({"subject": predictions.subject, "y": predictions.y}).drop_duplicates()
    if pairs["subject"].duplicated().any() or pairs["y"].duplicated().any():
        raise ValueError(
            "Verification asks whether someone is who they claim to be, but the labels are not the "
            "people: evaluate trials with label='subject'."
        )


def _rates(predictions: Any, n_resamples: int, random_state: int | None) -> list[float]:
    """The rate of all claims, and the bounds of its interval."""
    claims = []
    for column, person in enumerate(predictions.classes):
        score, is_true = predictions.proba[:, column], predictions.y == person
        claims.append((score[is_true], score[~is_true]))
    n = len(claims)
    samples = np.random.default_rng(random_state).integers(n, size=(n_resamples, n))
    rates = [_rate(claims, sample) for sample in (np.arange(n), *samples)]
    low, high = np.quantile(rates[1:], [0.025, 0.975])
    return [rates[0], float(low), float(high)]


def _rate(claims: list[tuple[Any, Any]], sample: NDArray[np.intp]) -> float:
    genuine, impostor = zip(*(claims[i] for i in sample), strict=True)
    return equal_error_rate(np.concatenate(genuine), np.concatenate(impostor))
