"""The score of an answer that never looks at the signals."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.dummy import DummyClassifier
from sklearn.metrics import get_scorer


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
        Name of a scikit-learn scorer, or a callable ``scorer(estimator, X, y)``.
    y_train, y_test : array-like, shape (n_trials,)
        Labels on either side of the split.

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
    scorer = get_scorer(scoring) if isinstance(scoring, str) else scoring
    y_train, y_test = np.asarray(y_train), np.asarray(y_test)
    answers = [DummyClassifier(strategy="prior")]
    for label in np.intersect1d(y_train, y_test):
        answers.append(DummyClassifier(strategy="constant", constant=label))
    X_train, X_test = np.zeros((len(y_train), 1)), np.zeros((len(y_test), 1))
    scores = []
    for answer in answers:
        answer.fit(X_train, y_train)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                scores.append(float(scorer(answer, X_test, y_test)))
            except Exception:  # a scorer of the user's own may need more than a dummy offers
                continue
    scores = [score for score in scores if not np.isnan(score)]
    return max(scores, default=float("nan"))
