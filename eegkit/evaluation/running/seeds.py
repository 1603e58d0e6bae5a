"""The seeds that a pipeline is fitted with: told, as many as asked for, and never chosen among."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from numbers import Integral
from typing import Any

from sklearn.base import BaseEstimator, clone

from eegkit.access import parts_of, searched

NAME = "random_state"
N_SEEDS = 2**32
# Estimators of scikit-learn that draw by some solvers only.
LINEAR = ("LogisticRegression", "LogisticRegressionCV", "Ridge", "RidgeClassifier")
# Each is a fit of every pipeline on every fold.
MOST_SEEDS = 10_000


def fits_of(
    pipelines: Mapping[str, Any], n_seeds: int
) -> tuple[dict[str, dict[str, list[int | None]]], dict[tuple[str, int], Any]]:
    """The seeds of every pipeline, and the pipelines with them.

    One fit has the pipeline's own. Of more, fit `s` has every ``random_state`` raised by `s`,
    counting from 0 where there is none: the first is the pipeline as it is, if it has a seed.

    Parameters
    ----------
    pipelines : dict of str to estimator
        Not changed.
    n_seeds : int
        Fits of each in which something has a ``random_state``; others are fitted once.

    Returns
    -------
    seeds : dict of str to dict of str to list of (int or None)
        By pipeline and parameter, the value in each of the fits.
    fits : dict of (str, int) to estimator
        By pipeline and number of the fit, from 0 on.

    Raises
    ------
    ValueError
        A ``random_state`` is a generator, from which no other seeds follow; or a search would
        choose one.
    """
    _check_spaces(pipelines)
    seeds, fits = {}, {}
    for name, pipeline in pipelines.items():
        seeds[name] = _seeds_of(name, pipeline, n_seeds)
        fits[name, 0] = pipeline
        for s in range(n_seeds if seeds[name] and n_seeds > 1 else 0):
            values = {key: of_fits[s] for key, of_fits in seeds[name].items()}
            fits[name, s] = clone(pipeline).set_params(**values)
    return seeds, fits


def _seeds_of(name: str, pipeline: Any, n_seeds: int) -> dict[str, list[int | None]]:
    params = pipeline.get_params()
    own = {key: value for key, value in params.items() if _is_seed(key)}
    if n_seeds == 1:
        owners = {key: params.get(key.rpartition("__")[0], pipeline) for key in own}
        return {key: [_plain(own[key])] for key, owner in owners.items() if _draws(owner)}
    for key, value in own.items():
        if not (value is None or isinstance(value, Integral)):
            raise ValueError(
                f"{key} of {name!r} is a {type(value).__name__}; expected a whole number or None "
                f"with n_seeds={n_seeds}, for the seeds are counted from it."
            )
    return {
        key: [(int(value or 0) + s) % N_SEEDS for s in range(n_seeds)] for key, value in own.items()
    }


def _check_spaces(pipelines: Mapping[str, Any]) -> None:
    """Refuse a search among seeds, or among estimators that differ in nothing else."""
    for name, pipeline in pipelines.items():
        space = (pair for part in parts_of(pipeline) for pair in searched(part))
        for key in searched_seeds(space):
            raise ValueError(
                f"{name!r} searches for the best {key}; but a seed is no setting, and the best of "
                f"several is luck. Leave {NAME} out of the search space, and fit with several "
                "seeds: evaluate(..., n_seeds=3) tells their spread."
            )


def searched_seeds(space: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """Names in a search space that are seeds, or choose among estimators by their seed."""
    for key, values in space:
        if _is_seed(key):
            yield key
        elif isinstance(values, Sequence) and not isinstance(values, str):
            estimators = [value for value in values if isinstance(value, BaseEstimator)]
            unseeded = Counter(repr(_without_seed(estimator)) for estimator in estimators)
            if unseeded and max(unseeded.values()) > 1:
                yield f"{key} among estimators that differ by their {NAME} at most"


def _draws(estimator: Any) -> bool:
    """Whether it draws numbers; of scikit-learn's, several with a seed do not as they are set."""
    if not type(estimator).__module__.startswith("sklearn."):
        return True
    name, solver = type(estimator).__name__, getattr(estimator, "solver", None)
    if name in ("SVC", "NuSVC"):
        return estimator.probability is True
    return name not in LINEAR or solver in ("liblinear", "sag", "saga")


def _without_seed(estimator: Any) -> Any:
    names = filter(_is_seed, estimator.get_params())
    return clone(estimator).set_params(**dict.fromkeys(names))


def _is_seed(key: str) -> bool:
    return key.rpartition("__")[2] == NAME


def _plain(value: Any) -> int | None:
    """A seed as JSON holds it; that of a generator is not known."""
    return int(value) if isinstance(value, Integral) else None
