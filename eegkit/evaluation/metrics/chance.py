"""The score of an answer that never looks at the signals."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.dummy import DummyClassifier

from eegkit.evaluation.metrics.scoring import make_scorers


def chance_level(scoring: Any, y_train: ArrayLike, y_test: ArrayLike) -> float:
    """The best score that an answer which never looks at the signals can reach.

    The answers tried are the class proportions of the training trials, and, for each class
    of the test trials that was seen in training, that class every time. So the chance level
    of ``"accuracy"`` is the share of the largest class in the test trials, of
    ``"balanced_accuracy"`` one over the number of classes in the test trials, of
    ``"roc_auc"`` 0.5. Where the test trials hold one class only it is 1 for both accuracies:
    nothing can be shown with them.

    It is meant to be hard on the decoder: one that merely gives every trial of a person the same
    label reaches it, but never exceeds it.

    Parameters
    ----------
    scoring : str or callable
        Name of a scorer, or a callable ``scorer(estimator, X, y)``.
    y_train, y_test : array-like, shape (n_trials,) or (n_trials, n_classes)
        Labels on either side of the split, or the probability of every class. Of these, the
        answers tried are the mean of the training trials and each class with certainty.

    Returns
    -------
    float
        NaN where the scorer is undefined for these trials.

    Examples
    --------
    >>> from eegkit.evaluation import chance_level
    >>> chance_level("accuracy", ["rest", "task"], ["rest", "rest", "rest", "task"])
    0.75
    >>> chance_level("balanced_accuracy", ["rest", "task"], ["rest", "rest", "rest", "task"])
    0.5
    """
    [scorer] = make_scorers({"score": scoring}).values()
    y_train, y_test = np.asarray(y_train), np.asarray(y_test)
    soft = getattr(scorer, "reads_soft_labels", False)
    if y_train.ndim == 2:
        classes, prior = np.arange(y_train.shape[1]), y_train.mean(axis=0)
        possible = np.flatnonzero(y_test.any(axis=0))
        if not soft:
            y_test = y_test.argmax(axis=1)
    else:
        classes, prior = np.unique(y_train, return_counts=True)
        possible = np.flatnonzero(np.isin(classes, y_test))
    scores = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for proba in [prior, *np.eye(len(classes))[possible]]:
            try:
                constant = DummyClassifier().fit(classes, classes, sample_weight=proba)
                scores.append(float(scorer(constant, y_test, y_test)))
            except Exception:  # a scorer of the user's own may need more than a constant offers
                continue
    return max((score for score in scores if not np.isnan(score)), default=float("nan"))
