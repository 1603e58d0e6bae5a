"""Scorers by name, scores that are NaN where a metric is undefined, and their chance levels."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    get_scorer,
    get_scorer_names,
)
from sklearn.utils.metaestimators import available_if

from eegkit._compat import is_plain, metric_of
from eegkit.evaluation.metrics import divergence
from eegkit.labels import class_labels, joined_labels
from eegkit.text import suggest

Scorer = Callable[[Any, Any, Any], float]

# The columns of a table of results that are not metrics.
FIXED_COLUMNS = (
    "dataset", "pipeline", "seed", "fold", "subject", "n_train", "n_test", "n_train_subjects",
)  # fmt: skip
COST_COLUMNS = ("fit_time_s", "score_time_s", "peak_mb")
USUAL = (
    "use balanced_accuracy, accuracy, auroc, f1_macro, cohen_kappa, or another name of scikit-learn"
)


def make_scorers(scoring: Any) -> dict[str, Scorer]:
    """Scorers by the name of their column.

    Parameters
    ----------
    scoring : str, callable, sequence of them, or dict of str to them
        Names of scikit-learn scorers, ``"top_K_accuracy"``, ``"cohen_kappa"``, ``"auroc"`` (of
        more than two classes the mean of one against the rest), ``"neg_kl_divergence"``, or
        callables ``scorer(estimator, X, y)``, named after their function.

    Raises
    ------
    ValueError
        A name is unknown (the nearest are suggested), used twice, or that of another column.
    """
    if isinstance(scoring, Mapping):
        pairs = list(scoring.items())
    else:
        single = isinstance(scoring, str) or callable(scoring)
        if not single and not isinstance(scoring, Iterable):
            raise ValueError(f"scoring is {scoring!r}; expected names or callables of scorers.")
        pairs = [(_name(value), value) for value in ([scoring] if single else scoring)]
    if not pairs:
        raise ValueError("scoring is empty; expected at least one metric.")
    columns: set[str] = {*FIXED_COLUMNS, *COST_COLUMNS}
    for name, _ in pairs:
        if not isinstance(name, str) or name in columns:
            raise ValueError(
                f"A metric is named {name!r}, which is no string or names another column; give "
                "scoring as a dict from new names to scorers."
            )
        columns |= {name, f"chance_{name}"}
    return {name: _scorer(value) for name, value in pairs}


class Answers(ClassifierMixin, BaseEstimator):
    """What a fitted classifier answers to the test trials of a fold, asked once for all metrics.

    Its methods take row numbers of these trials in place of X.
    """

    def __init__(self, fitted: Any, X: Any, classes: NDArray[Any]) -> None:
        self.fitted, self.X, self.classes = fitted, X, classes
        self.classes_ = np.asarray(classes)
        self._cache: dict[str, NDArray[Any]] = {}

    def _ask(self, method: str, rows: Any) -> NDArray[Any]:
        if method not in self._cache:
            self._cache[method] = np.asarray(getattr(self.fitted, method)(self.X))
        return self._cache[method][rows]

    def predict(self, rows: Any) -> NDArray[Any]:
        if _predicts_the_most_probable(self.fitted):
            return self.classes_[self._ask("predict_proba", rows).argmax(axis=1)]
        return self._ask("predict", rows)

    @available_if(lambda self: hasattr(self.fitted, "predict_proba"))
    def predict_proba(self, rows: Any) -> NDArray[Any]:
        return self._ask("predict_proba", rows)

    @available_if(lambda self: hasattr(self.fitted, "decision_function"))
    def decision_function(self, rows: Any) -> NDArray[Any]:
        return self._ask("decision_function", rows)


class Constant(ClassifierMixin, BaseEstimator):
    """What answers the same to every trial, without a look at it.

    Parameters
    ----------
    classes : ndarray, shape (n_classes,)
    proba : ndarray, shape (n_classes,)
        Probabilities.
    """

    def __init__(self, classes: NDArray[Any], proba: NDArray[np.floating]) -> None:
        self.classes, self.proba = classes, proba
        self.classes_ = np.asarray(classes)

    def predict(self, X: Any) -> NDArray[Any]:
        return np.repeat(self.classes_[[self.proba.argmax()]], len(X))

    def predict_proba(self, X: Any) -> NDArray[np.floating]:
        return np.tile(self.proba, (len(X), 1))


def by_answers(scorer: Scorer) -> bool:
    """Whether a scorer looks at trials only by what the estimator answers to them."""
    return metric_of(scorer) is not None or is_own(scorer)


def reads_soft_labels(scorer: Scorer) -> bool:
    """Whether a scorer is given the probability of each class as the label."""
    return getattr(scorer, "reads_soft_labels", False)


def value_of(scorer: Scorer, answers: Any, rows: Any, y: NDArray[Any]) -> float:
    """One metric of answers to trials.

    The two metrics of every evaluation are counted here: scikit-learn's functions give the same
    numbers, and take a hundred times as long to check their arguments of a few trials.
    """
    count = COUNTED.get(metric_of(scorer))
    if count is not None and is_plain(scorer):
        predicted = answers.predict(rows)
        if predicted.shape == y.shape and _kind(y) == _kind(predicted) in COMPARABLE:
            return count(y, predicted)
    return scorer(answers, rows, y)


def _kind(labels: NDArray[Any]) -> str:
    """That of the dtype; text may be held as objects."""
    text = labels.dtype.kind == "O" and all(isinstance(label, str) for label in labels)
    return "U" if text else labels.dtype.kind


def _accuracy(y: NDArray[Any], predicted: NDArray[Any]) -> float:
    return float((y == predicted).mean())


def _balanced_accuracy(y: NDArray[Any], predicted: NDArray[Any]) -> float:
    codes = np.unique(y, return_inverse=True)[1]
    return float((np.bincount(codes, y == predicted) / np.bincount(codes)).mean())


COUNTED = {accuracy_score: _accuracy, balanced_accuracy_score: _balanced_accuracy}
# Kinds of labels that are equal or not as they are; of others scikit-learn decides.
COMPARABLE = ("i", "U", "b")


def score(
    answers: Any,
    rows: Any,
    X: Callable[[], Any],
    y: NDArray[Any],
    scorers: Mapping[str, Scorer],
) -> dict[str, float]:
    """Every metric of one person's trials; NaN where it is undefined.

    A metric may be undefined only where y does not hold all classes of training; what goes
    wrong elsewhere is an error. scikit-learn's scorers and eegkit's get `answers` and `rows`,
    other callables the fitted estimator and what `X` gives.
    """
    hard = y if y.ndim == 1 else y.argmax(axis=1)
    incomplete = bool(len(np.setxor1d(hard, answers.classes_)))
    scores = {}
    with warnings.catch_warnings():
        if incomplete:
            # evaluate says it once itself, and names the subjects.
            warnings.simplefilter("ignore", UndefinedMetricWarning)
            warnings.filterwarnings(
                "ignore", message="(y_pred contains|A single label|Only one|invalid value)"
            )
        for name, scorer in scorers.items():
            labels = y if reads_soft_labels(scorer) else hard
            try:
                if by_answers(scorer):
                    value = value_of(scorer, answers, rows, labels)
                else:
                    value = scorer(answers.fitted, X(), labels)
            except Exception:
                if not incomplete:
                    raise
                value = float("nan")
            if not isinstance(value, float | int | np.number):
                raise ValueError(
                    f"The scorer {name!r} returned a {type(value).__name__}; expected a number."
                )
            scores[name] = float(value)
    return scores


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
    y_train, y_test = class_labels(y_train, "y_train"), class_labels(y_test, "y_test")
    joined_labels([y_train, y_test])  # which mean the same
    if y_train.ndim == 2:
        classes, prior = np.arange(y_train.shape[1]), y_train.mean(axis=0)
    else:
        classes, prior = np.unique(y_train, return_counts=True)
    return best_constant(scorer, classes, prior, y_test)


def best_constant(
    scorer: Scorer, classes: NDArray[Any], prior: NDArray[Any], y_test: NDArray[Any]
) -> float:
    """The chance level by how often each class was there in training.

    Parameters
    ----------
    scorer : callable
    classes, prior : ndarray, shape (n_classes,)
        Those of training, and their trials, or any numbers in proportion to them.
    y_test : ndarray, shape (n_trials,) or (n_trials, n_classes)
    """
    if y_test.ndim == 2:
        possible = np.flatnonzero(y_test.any(axis=0))
        if not reads_soft_labels(scorer):
            y_test = y_test.argmax(axis=1)
    else:
        possible = np.flatnonzero(np.isin(classes, y_test))
    scores = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for proba in [prior / prior.sum(), *np.eye(len(classes))[possible]]:
            try:
                scores.append(float(value_of(scorer, Constant(classes, proba), y_test, y_test)))
            except Exception:  # a scorer of the user's own may need more than a constant offers
                continue
    return max((score for score in scores if not np.isnan(score)), default=float("nan"))


def _predicts_the_most_probable(fitted: Any) -> bool:
    """Whether `predict` is known to be the largest of `predict_proba`, and need not be asked."""
    last = fitted.steps[-1][1] if hasattr(fitted, "steps") else fitted
    of_nets = [cls for cls in type(last).__mro__ if cls.__name__ == "NeuralClassifier"]
    return bool(of_nets) and type(last).predict is of_nets[0].predict  # type: ignore[attr-defined]


def is_own(scorer: Any) -> bool:
    """Whether a scorer is one of eegkit's that scikit-learn's ``make_scorer`` did not make."""
    function = scorer.func if isinstance(scorer, partial) else scorer
    return getattr(function, "__module__", None) == divergence.__name__


def _scorer(value: Any) -> Scorer:
    if not isinstance(value, str):
        if not callable(value):
            raise ValueError(f"scoring holds {value!r}; expected a name or a callable.")
        return value
    scorer = divergence.named_scorer(value)
    if scorer is not None:
        return scorer
    sklearn_names = get_scorer_names()
    if value in sklearn_names:
        return get_scorer(value)
    names = [*sklearn_names, *divergence.NAMES]
    raise ValueError(f"No metric is named {value!r}{suggest(value, names, USUAL)}")


def _name(value: Any) -> str:
    if isinstance(value, str):
        return value
    function = metric_of(value) or value
    return getattr(function, "__name__", type(function).__name__)
