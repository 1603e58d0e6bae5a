"""Scorers by name, and scores that are NaN where a metric is undefined."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import check_scoring, get_scorer, get_scorer_names

Scorer = Callable[[Any, Any, Any], float]

# The columns of a table of results that are not metrics.
FIXED_COLUMNS = ("pipeline", "fold", "subject", "n_train", "n_test", "n_train_subjects")
TIME_COLUMNS = ("fit_time_s", "score_time_s")


def make_scorers(scoring: Any) -> dict[str, Scorer]:
    """Scorers by the name of their column.

    Parameters
    ----------
    scoring : str, callable, sequence of them, or dict of str to them
        Names of scikit-learn scorers, or callables ``scorer(estimator, X, y)``, named
        after their function.

    Raises
    ------
    ValueError
        A name is unknown (the nearest are suggested), used twice, or that of another column.
    """
    if isinstance(scoring, Mapping):
        named = [(name, _scorer(value)) for name, value in scoring.items()]
    else:
        single = isinstance(scoring, str) or callable(scoring)
        if not single and not isinstance(scoring, Iterable):
            raise ValueError(f"scoring is {scoring!r}; expected names or callables of scorers.")
        named = [(_name(value), _scorer(value)) for value in ([scoring] if single else scoring)]
    if not named:
        raise ValueError("scoring is empty; expected at least one metric.")
    taken: set[str] = {*FIXED_COLUMNS, *TIME_COLUMNS}
    for name, _ in named:
        if not isinstance(name, str) or name in taken:
            raise ValueError(
                f"A metric is named {name!r}, which is no string or names another column; give "
                "scoring as a dict from new names to scorers."
            )
        taken |= {name, f"chance_{name}"}
    return dict(named)


def score(
    fitted: Any, X: Any, y: NDArray[Any], scorers: dict[str, Scorer], *, classes: NDArray[Any]
) -> dict[str, float]:
    """Every metric of a fitted estimator; NaN where it is undefined.

    A metric may be undefined only where y does not hold all `classes` of training; what goes
    wrong elsewhere is an error.
    """
    incomplete = bool(len(np.setxor1d(y, classes)))
    with warnings.catch_warnings():
        if incomplete:
            # evaluate says it once itself, and names the subjects.
            warnings.simplefilter("ignore", UndefinedMetricWarning)
            warnings.filterwarnings("ignore", message="(y_pred contains|A single label|Only one)")
        values = check_scoring(fitted, scoring=scorers, raise_exc=False)(fitted, X, y)
        scores = {}
        for name, value in values.items():
            if isinstance(value, str):  # the traceback of a scorer that failed
                value = float("nan") if incomplete else scorers[name](fitted, X, y)
            if not isinstance(value, float | int | np.number):
                raise ValueError(
                    f"The scorer {name!r} returned a {type(value).__name__}; expected a number."
                )
            scores[name] = float(value)
    return scores


def _scorer(value: Any) -> Scorer:
    if not isinstance(value, str):
        if not callable(value):
            raise ValueError(f"scoring holds {value!r}; expected a name or a callable.")
        return value
    known = get_scorer_names()
    if value in known:
        return get_scorer(value)
    near = difflib.get_close_matches(value, known, n=3)
    hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "use a scikit-learn name."
    raise ValueError(f"No metric is named {value!r}; {hint}")


def _name(value: Any) -> str:
    if isinstance(value, str):
        return value
    function = getattr(value, "_score_func", value)
    return getattr(function, "__name__", type(function).__name__)
