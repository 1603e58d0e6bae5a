"""Names for the estimators inside another: those of the registry, on all ways to a pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eegkit import registry
from eegkit.naming import numbered


def named(estimators: Any) -> Any:
    """Name bare estimators; named ones pass through.

    A registered class has its registered name, ``cnn_bigru``, as on the command line and in
    experiments; another one that of scikit-learn's ``make_pipeline``, ``standardscaler``.
    """
    if not isinstance(estimators, Sequence) or all(isinstance(e, tuple) for e in estimators):
        return estimators
    names = numbered([plain_name(e[1] if isinstance(e, tuple) else e) for e in estimators])
    return [
        e if isinstance(e, tuple) else (name, e) for name, e in zip(names, estimators, strict=True)
    ]


def plain_name(estimator: Any) -> str:
    """The name of an estimator as a step; what is text stands for itself."""
    if isinstance(estimator, str):
        return estimator
    return registry.name_of(type(estimator)) or type(estimator).__name__.lower()


def flat_steps(estimator: Any) -> list[Any]:
    """The steps of a pipeline, and of pipelines in it, in order; of others the estimator alone."""
    if not hasattr(estimator, "steps"):
        return [estimator]
    steps = [step for _, step in estimator.steps if step is not None and step != "passthrough"]
    return [inner for step in steps for inner in flat_steps(step)] or [estimator]
