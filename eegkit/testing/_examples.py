"""Small trials to check estimators on, and the ways in which input can be bad."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any
from unittest import SkipTest

import numpy as np

from eegkit.base import Estimator
from eegkit.libraries import install_command
from eegkit.parameters import check_for
from eegkit.signals import SignalArray
from eegkit.trials import Trials

CH_NAMES = ("C3", "Cz", "C4")
SFREQ = 128.0
N_TRIALS = 13  # in batches of 4, the last batch is a single trial
N_TIMES = 96


def example_trials(
    n_trials: int = N_TRIALS, n_times: int = N_TIMES, random_state: int = 0
) -> Trials:
    """Trials of three people, three channels and two classes told by a 20 Hz rhythm.

    Parameters
    ----------
    n_trials : int, default 13
        Trials.
    n_times : int, default 96
        Samples of each.
    random_state : int, default 0
        The seed.

    Returns
    -------
    Trials
        In microvolts, at 128 Hz; X has the shape ``(n_trials, 3, n_times)``.

    Examples
    --------
    >>> from eegkit.testing import example_trials
    >>> example_trials(n_trials=8).X.shape
    (8, 3, 96)
    """
    rng = np.random.default_rng(random_state)
    y = np.where(np.arange(n_trials) % 2, "task", "rest")
    X = rng.normal(scale=10, size=(n_trials, len(CH_NAMES), n_times))
    rhythm = 30 * np.sin(2 * np.pi * 20 * np.arange(n_times) / SFREQ)
    X[y == "task", 0] += rhythm
    subject = np.array(["S1", "S2", "S3"])[np.arange(n_trials) // 2 % 3]
    return Trials.from_arrays(
        X.astype(np.float32), y, sfreq=SFREQ, ch_names=CH_NAMES, subject=subject
    )


def needs(*packages: str, extra: str) -> None:
    """Skip the check where a package is not installed."""
    absent = [package for package in packages if find_spec(package) is None]
    if absent:
        command = install_command(f"eegkit[{extra}]")
        raise SkipTest(f"Needs {', '.join(absent)}: {command}")


def example_input(
    estimator: Estimator, random_state: int = 0, n_times: int = N_TIMES
) -> tuple[SignalArray, np.ndarray]:
    """X as the estimator reads it, and y."""
    trials = example_trials(n_times=n_times, random_state=random_state)
    if estimator.input_kind in ("raw", "any"):
        return trials.X, trials.y
    if estimator.input_kind == "covariance":
        samples = np.asarray(trials.X)
        covariances = samples @ samples.swapaxes(1, 2) / n_times
        return SignalArray(covariances, ch_names=CH_NAMES, groups=trials.groups), trials.y
    n_freqs, n_frames = 12, n_times // 12
    samples = np.asarray(trials.X)[..., : n_frames * n_freqs]
    X = samples.reshape(len(trials), len(CH_NAMES), n_frames, n_freqs)
    spectrograms = np.ascontiguousarray(X.swapaxes(2, 3))
    return SignalArray(spectrograms, ch_names=CH_NAMES, groups=trials.groups), trials.y


def of_two_channels(X: SignalArray, input_kind: str) -> SignalArray:
    """The same trials with their first two channels."""
    return X[:, :2, :2] if input_kind == "covariance" else X[:, :2]


# What some parameters take, and others must refuse.
VALUES: tuple[Any, ...] = (
    object(), "no such choice", b"", None, True, -1, 0, 1.5, 1e9, float("nan"), float("inf"),
    (), {}, ("no such choice",), (-1,), (0,), (1.5,),
)  # fmt: skip


def refused_by(hint: Any) -> list[Any]:
    """Values that the annotation of a parameter excludes."""
    check = check_for(hint)
    return [value for value in VALUES if not check.accepts(value)]


def refusal(call: Callable[[], Any], kind: str) -> ValueError:
    """The error by which a call refuses something."""
    try:
        with warnings.catch_warnings(action="ignore", category=UserWarning):
            call()
    except ValueError as error:
        return error
    raise AssertionError(f"{kind}: no error was raised.")


def assert_refused(call: Callable[[], Any], message: str, kind: str) -> None:
    """Assert that a call raises a ``ValueError`` whose text a pattern matches."""
    error = refusal(call, kind)
    assert re.search(message, str(error)), f"{kind}: the error says only: {error}"


def assert_parameter_is_refused(call: Callable[[], Any], name: str, value: Any) -> None:
    """Assert that a call raises a `ParameterError` about a parameter, which names it."""
    error = refusal(call, f"{name}={value!r}")
    about = getattr(error, "parameter", None)
    assert about == name, f"{name}={value!r}: the error is about {about}: {error}"
    assert name in str(error), f"{name}={value!r}: the error says only: {error}"


def _with(value: float, X: np.ndarray) -> np.ndarray:
    X = X.copy()
    X[1, 2, ..., 0] = value
    return X


# What is done to good input before `fit`, and what the error must say.
BAD_FOR_FIT: dict[str, tuple[Callable[[Any], Any], str]] = {
    "NaN": (partial(_with, np.nan), r"NaN or infinite.*C4|NaN or infinite.*\(2\)"),
    "infinity": (partial(_with, np.inf), r"NaN or infinite.*C4|NaN or infinite.*\(2\)"),
    "five dimensions": (lambda X: np.asarray(X)[..., None, None], r"dimensions|expects X of shape"),
    "one dimension": (lambda X: np.asarray(X)[:, 0].ravel(), r"1D array|Reshape"),
    "no trials": (lambda X: X[:0], r"0 sample\(s\)|no trials"),
    "no channels": (lambda X: np.asarray(X)[:, :0], r"nothing in it"),
    "unequal lengths": (
        lambda X: [np.asarray(x)[:, : x.shape[1] - i % 2] for i, x in enumerate(X)],
        r"differ in shape",
    ),
}
# What is done to good input before `predict` or `transform`.
BAD_AFTER_FIT: dict[str, tuple[Callable[[Any], Any], str]] = {
    "NaN": BAD_FOR_FIT["NaN"],
    "fewer channels": (lambda X: np.asarray(X)[:, :2], r"n_channels = 2.*n_channels = 3"),
    "fewer times": (lambda X: np.asarray(X)[..., :-1], r"but .* was fitted with"),
    "other channels": (lambda X: X[:, ::-1], r"channels of X differ"),
    "no trials": BAD_FOR_FIT["no trials"],
}
