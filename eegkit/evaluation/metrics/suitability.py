"""Whether metrics can score these labels and pipelines, known before anything is fitted."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.dummy import DummyClassifier
from sklearn.metrics import get_scorer_names

from eegkit._compat import metric_of, response_methods, with_options
from eegkit.evaluation.metrics.divergence import methods_of_own
from eegkit.evaluation.metrics.scoring import Scorer, is_own
from eegkit.labels import hard_labels
from eegkit.notice import warn
from eegkit.text import shortlist


class _Guess(DummyClassifier):
    """Answers whatever a metric asks for."""

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        proba = self.predict_proba(X)
        return proba[:, 1] - proba[:, 0] if proba.shape[1] == 2 else proba


def suitable_scorers(
    scorers: Mapping[str, Scorer], labels: Mapping[str, NDArray[Any]], pipelines: Mapping[str, Any]
) -> dict[str, Scorer]:
    """The scorers, able to score these labels by what these pipelines answer.

    Metrics of one class of two, such as ``"f1"``, take 1 for this class. Where no label is 1, they
    take the last of the two in order, as the area under the curve does, and a warning says so.

    Parameters
    ----------
    scorers : dict of str to callable
    labels : dict of str to ndarray
        The labels of every data set.
    pipelines : dict of str to estimator

    Returns
    -------
    dict of str to callable

    Raises
    ------
    ValueError
        A metric of scikit-learn or eegkit cannot score the labels of a data set, or asks a
        pipeline for what it does not have.
    """
    suitable = dict(scorers)
    for name in scorers:
        for dataset, y in labels.items():
            classes = np.unique(hard_labels(y))
            suitable[name] = _scorer_of_labels(name, suitable[name], classes, dataset)
            for pipeline, estimator in pipelines.items():
                _check_answers(name, suitable[name], len(classes), pipeline, estimator)
    return suitable


def _scorer_of_labels(name: str, scorer: Scorer, classes: NDArray[Any], dataset: str) -> Scorer:
    metric = metric_of(scorer)
    of_library = getattr(metric, "__module__", "").startswith("sklearn.")
    error = _error(scorer, classes) if of_library or is_own(scorer) else None
    if error is None:
        return scorer
    if len(classes) == 2 and metric and "pos_label" in inspect.signature(metric).parameters:
        of_both = with_options(scorer, pos_label=None)
        if of_both is not None and _error(of_both, classes) is None:
            return of_both  # such as make_scorer(f1_score, average="macro")
        first, last = classes.tolist()
        of_last = with_options(scorer, pos_label=last)
        if of_last is not None and _error(of_last, classes) is None:
            warn(
                f"{name} is that of {last!r}, the last of the two classes in order; for the other "
                f"give scoring={{{name!r}: make_scorer({metric.__name__}, pos_label={first!r})}}."
            )
            return of_last
    others = [n for n in get_scorer_names() if n.startswith(f"{name}_") and "samples" not in n]
    advice = f" Other metrics are {shortlist(map(repr, others), 3)}." if others else ""
    raise ValueError(
        f"The metric {name!r} cannot score the labels of {dataset!r} "
        f"({shortlist(map(repr, classes.tolist()), 5)}): {error}{advice}"
    )


def _error(scorer: Scorer, classes: NDArray[Any]) -> Exception | None:
    """What goes wrong where two trials of each class are scored."""
    y = np.repeat(classes, 2)
    guess = _Guess(strategy="uniform", random_state=0).fit(y, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            scorer(guess, y[:, None], y)
        except (ValueError, TypeError) as error:
            return error
    return None


def _check_answers(
    name: str, scorer: Scorer, n_classes: int, pipeline: str, estimator: Any
) -> None:
    methods = methods_of_own(scorer, n_classes) if is_own(scorer) else response_methods(scorer)
    if methods in ((), ("predict",)):
        return
    if not any(hasattr(estimator, method) for method in methods):
        raise ValueError(
            f"The metric {name!r} asks for {' or '.join(methods)}, which pipeline {pipeline!r} "
            "does not have; take a metric of labels, such as 'balanced_accuracy', or put "
            "CalibratedClassifierCV of scikit-learn around its last step."
        )
