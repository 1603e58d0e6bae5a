"""Scorers by name, and scores that are NaN where a metric is undefined."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.utils.metaestimators import available_if

from eegkit._compat import metric_of
from eegkit.evaluation.metrics import divergence
from eegkit.text import suggest

Scorer = Callable[[Any, Any, Any], float]

# The columns of a table of results that are not metrics.
FIXED_COLUMNS = (
    "dataset", "pipeline", "fold", "subject", "n_train", "n_test", "n_train_subjects",
)  # fmt: skip
COST_COLUMNS = ("fit_time_s", "score_time_s", "peak_mb")


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


def score(
    answers: Any, rows: Any, X: Any, y: NDArray[Any], scorers: Mapping[str, Scorer]
) -> dict[str, float]:
    """Every metric of one person's trials; NaN where it is undefined.

    A metric may be undefined only where y does not hold all classes of training; what goes
    wrong elsewhere is an error. scikit-learn's scorers and eegkit's get `answers` and `rows`,
    other callables the fitted estimator and X.
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
            labels = y if getattr(scorer, "reads_soft_labels", False) else hard
            by_answers = metric_of(scorer) is not None or _is_own(scorer)
            arguments = (answers, rows) if by_answers else (answers.fitted, X)
            try:
                value = scorer(*arguments, labels)
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


def _predicts_the_most_probable(fitted: Any) -> bool:
    """Whether `predict` is known to be the largest of `predict_proba`, and need not be asked."""
    last = fitted.steps[-1][1] if hasattr(fitted, "steps") else fitted
    of_nets = [cls for cls in type(last).__mro__ if cls.__name__ == "NeuralClassifier"]
    return bool(of_nets) and type(last).predict is of_nets[0].predict  # type: ignore[attr-defined]


def _is_own(scorer: Any) -> bool:
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
    raise ValueError(
        f"No metric is named {value!r}{suggest(value, names, 'use a name of scikit-learn')}"
    )


def _name(value: Any) -> str:
    if isinstance(value, str):
        return value
    function = metric_of(value) or value
    return getattr(function, "__name__", type(function).__name__)
