"""The checks, collected for a class or an instance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from types import ModuleType
from typing import Any
from unittest import SkipTest

from eegkit.base import Estimator
from eegkit.datasets import Dataset
from eegkit.testing import (
    _annotations,
    _classifiers,
    _datasets,
    _estimators,
    _explanations,
    _search_spaces,
    _transforms,
)
from eegkit.testing._failures import what_failed

MAX_EXPECTED_FAILURES = 2
PAGE = "What the conformance kit checks"
# What no net that is trained in batches can pass.
OF_EVERY_NET = {
    "check_sample_weight_equivalence_on_dense_data": (
        "batches are drawn trial by trial, so one trial of weight 2 is not trained on as two are"
    )
}


@dataclass(frozen=True)
class Check:
    """One check, ready to call; its ``str`` is its name.

    A call raises an ``AssertionError`` that says what was seen, what is wanted, and where that is
    described; the error itself is its cause. Where a package is missing that the check takes, it
    raises ``unittest.SkipTest``, which pytest shows as skipped.

    Parameters
    ----------
    name : str
        What is checked.
    run : callable
        Raises an ``AssertionError`` where it does not hold.
    wanted : str
        What the check asks for, in a sentence.

    See Also
    --------
    transform_checks : a list of them, with an example.
    """

    name: str
    run: Callable[[], None] = field(repr=False)
    wanted: str = field(default="", repr=False)

    def __call__(self) -> None:
        try:
            self.run()
        except SkipTest:
            raise
        except Exception as error:
            raise AssertionError(
                f"{self.name}: {what_failed(error)}\nWanted: {self.wanted}\nDescribed: the page "
                f"{PAGE!r} of eegkit's documentation (docs/plugin_checks.md), {self.name}."
            ) from error

    def __str__(self) -> str:
        return self.name


def _small(estimator: Any) -> Estimator:
    """An instance small enough to check: a class is given its own `conformance_params`."""
    if isinstance(estimator, type) and issubclass(estimator, Estimator):
        return estimator(**estimator.conformance_params())
    return estimator


def _checks_in(module: ModuleType, subject: Any) -> list[Check]:
    """The checks that a module defines, in their order."""
    return [
        _check(name.removeprefix("check_"), function, subject)
        for name, function in vars(module).items()
        if name.startswith("check_") and function.__module__ == module.__name__
    ]


def _check(name: str, function: Callable[..., None], *args: Any) -> Check:
    wanted = (function.__doc__ or "").strip().partition("\n")[0]
    return Check(name, partial(function, *args), wanted)


def _collect(
    estimator: Any, module: ModuleType, expected_failures: Mapping[str, str]
) -> list[Check]:
    if len(expected_failures) > MAX_EXPECTED_FAILURES:
        raise ValueError(
            f"{len(expected_failures)} expected failures; at most {MAX_EXPECTED_FAILURES} may be."
        )
    small = _small(estimator)
    run = _estimators.run_check_estimator
    first = _check("scikit_learn_check_estimator", run, small, expected_failures)
    space = _check("search_space", _search_spaces.check_search_space, small)
    annotated = _checks_in(_annotations, small)
    return [first, *annotated, *_checks_in(_estimators, small), space, *_checks_in(module, small)]


def classifier_checks(
    estimator: Any, expected_failures: Mapping[str, str] | None = None
) -> list[Check]:
    """The checks of a classifier, to parametrize a test with.

    Parameters
    ----------
    estimator : NeuralClassifier, class or instance
        A class is made with its ``conformance_params()``.
    expected_failures : mapping of str to str, optional
        Checks of scikit-learn's ``check_estimator`` that cannot pass, each with its reason;
        at most one beside the one that no net trained in batches can pass.

    Returns
    -------
    list of Check
        In the order in which `check_classifier` runs them.

    Raises
    ------
    ValueError
        There are more expected failures than may be.

    Examples
    --------
    >>> from eegkit import testing
    >>> from eegkit.classifiers import CNNBiGRU
    >>> checks = testing.classifier_checks(CNNBiGRU)
    >>> str(checks[0])
    'scikit_learn_check_estimator'
    """
    checks = _collect(estimator, _classifiers, OF_EVERY_NET | dict(expected_failures or {}))
    return checks + _checks_in(_explanations, _small(estimator))


def transform_checks(
    estimator: Any, expected_failures: Mapping[str, str] | None = None
) -> list[Check]:
    """The checks of a transform, to parametrize a test with.

    Parameters
    ----------
    estimator : Transformer, class or instance
        A class is made with its ``conformance_params()``.
    expected_failures : mapping of str to str, optional
        Checks of scikit-learn's ``check_estimator`` that cannot pass, each with its reason;
        at most two.

    Returns
    -------
    list of Check
        In the order in which `check_transform` runs them.

    Raises
    ------
    ValueError
        There are more expected failures than may be.

    Examples
    --------
    >>> from eegkit import testing
    >>> from eegkit.transforms import STFT
    >>> checks = testing.transform_checks(STFT)
    >>> str(checks[0])
    'scikit_learn_check_estimator'
    """
    return _collect(estimator, _transforms, expected_failures or {})


def dataset_checks(dataset: Dataset) -> list[Check]:
    """The checks of a data set.

    Parameters
    ----------
    dataset : Dataset
        An instance whose recordings are there.

    Returns
    -------
    list of Check
        In the order in which `check_dataset` runs them.

    Examples
    --------
    >>> from eegkit import testing
    >>> from eegkit.datasets import Simulated
    >>> checks = testing.dataset_checks(Simulated())
    >>> callable(checks[0])
    True
    """
    return _checks_in(_datasets, dataset) + _checks_in(_annotations, dataset)


def _run(checks: list[Check]) -> list[str]:
    names = []
    for check in checks:
        with suppress(SkipTest):
            check()
            names.append(check.name)
    return names


def check_classifier(
    estimator: Any, expected_failures: Mapping[str, str] | None = None
) -> list[str]:
    """Run `classifier_checks`, up to the first that does not hold.

    Parameters
    ----------
    estimator, expected_failures
        See `classifier_checks`.

    Returns
    -------
    list of str
        The names of the checks, but of those that take a package that is not installed.

    Raises
    ------
    AssertionError
        Of the first check that does not hold.

    See Also
    --------
    classifier_checks : the same as a list, with an example.
    """
    return _run(classifier_checks(estimator, expected_failures))


def check_transform(
    estimator: Any, expected_failures: Mapping[str, str] | None = None
) -> list[str]:
    """Run `transform_checks`, up to the first that does not hold.

    Parameters
    ----------
    estimator, expected_failures
        See `transform_checks`.

    Returns
    -------
    list of str
        The names of the checks, but of those that take a package that is not installed.

    Raises
    ------
    AssertionError
        Of the first check that does not hold.

    See Also
    --------
    transform_checks : the same as a list, with an example.
    """
    return _run(transform_checks(estimator, expected_failures))


def check_dataset(dataset: Dataset) -> list[str]:
    """Run `dataset_checks`, up to the first that does not hold.

    Parameters
    ----------
    dataset : Dataset
        An instance whose recordings are there.

    Returns
    -------
    list of str
        The names of the checks, but of those that take a package that is not installed.

    Raises
    ------
    AssertionError
        Of the first check that does not hold.

    See Also
    --------
    dataset_checks : the same as a list, with an example.
    """
    return _run(dataset_checks(dataset))
