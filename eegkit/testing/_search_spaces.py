"""The check that every value of a search space fits."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.model_selection import ParameterSampler

from eegkit.base import Estimator
from eegkit.testing._estimators import fitted, output_of
from eegkit.testing._examples import N_TIMES, example_input

# The ends of a distribution, where it has any, and its middle.
QUANTILES = (1e-3, 0.5, 1 - 1e-3)
N_DRAWS = 3
N_FITTED = 6
# Transforms are checked on trials of 2 s; nets, which pad, on the ones they have elsewhere.
N_TIMES_OF_TRANSFORMS = 256
NO_SETTINGS = {
    "random_state": "a seed is no setting that may be chosen",
    "access": "what a decoder may see is no setting that may be chosen",
}


def check_search_space(estimator: Estimator) -> None:
    """Every value of `search_space` fits and gives what is finite, and so do random draws.

    One parameter at a time takes every value of its list, or both ends and the middle of its
    distribution; then all are drawn together. Nets, and what else is trained, have one epoch. The
    other parameters of a net are those of its ``conformance_params()``, of a transform its
    defaults.
    """
    space = type(estimator).search_space()
    check_names(space, estimator)
    if not space:
        return
    usual = clone(estimator) if is_classifier(estimator) else with_defaults(estimator)
    quick = {"max_epochs": 1} if "max_epochs" in estimator.get_params() else {}
    n_times = N_TIMES if is_classifier(estimator) else N_TIMES_OF_TRANSFORMS
    X, y = example_input(estimator, n_times=n_times)
    for params in settings_in(space):
        try:
            model = fitted(clone(usual).set_params(**params | quick), X[:N_FITTED], y[:N_FITTED])
            is_finite = np.isfinite(output_of(model, X[:N_FITTED])).all()
        except Exception as error:
            raise AssertionError(f"search_space: {params} does not fit: {error}") from error
        assert is_finite, f"search_space: the output is not finite with {params}"


def check_names(space: Mapping[str, Any], estimator: Estimator) -> None:
    """Refuse what is no parameter of the estimator, or none that may be chosen."""
    unknown = set(space) - set(estimator.get_params())
    assert not unknown, f"search_space names {sorted(unknown)}, which are no parameters"
    for name in space:
        reason = NO_SETTINGS.get(name.rpartition("__")[2])
        assert reason is None, f"search_space names {name!r}; {reason}"


def with_defaults(estimator: Estimator) -> Estimator:
    """A copy, in which what `conformance_params` sets is as by default, where there is a default.

    Those parameters suit trials of a few samples, and hide what users of a class would run into.
    """
    cls = type(estimator)
    params, signature = cls.conformance_params(), inspect.signature(cls).parameters
    required = {n: v for n, v in params.items() if signature[n].default is inspect.Parameter.empty}
    usual = cls(**required).get_params(deep=False)
    return clone(estimator).set_params(**{n: usual[n] for n in params if n not in required})


def settings_in(space: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Each value alone, then some random draws of all parameters."""
    for name, values in space.items():
        for value in values_of(name, values):
            yield {name: value}
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # of small spaces
        yield from list(ParameterSampler(space, N_DRAWS, random_state=0))


def values_of(name: str, values: Any) -> list[Any]:
    """All values of a list; both ends and the middle of a distribution."""
    if hasattr(values, "ppf"):
        dtype = np.asarray(values.rvs(random_state=0)).dtype  # ppf gives whole numbers as floats
        return list(np.asarray(values.ppf(QUANTILES)).astype(dtype).tolist())
    assert isinstance(values, list), (
        f"search_space: {name!r} is {values!r}; expected a list or a frozen distribution of scipy"
    )
    assert values, f"search_space: {name!r} has an empty list"
    return values
