"""Checks that every transform and classifier must pass."""

from __future__ import annotations

import random
import tempfile
import warnings
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.utils.estimator_checks import check_estimator

from eegkit.access import access_of
from eegkit.base import Estimator
from eegkit.persistence import load, save
from eegkit.signals import SignalArray
from eegkit.testing._examples import (
    BAD_AFTER_FIT,
    BAD_FOR_FIT,
    SFREQ,
    assert_parameter_is_refused,
    assert_refused,
    example_input,
    example_trials,
    needs,
    of_two_channels,
    refused_by,
)
from eegkit.testing._failures import all_failed

# How many checks scikit-learn 1.6 and later runs at least; far fewer means that a tag
# switched them off.
LEAST_CHECKS = {"classifier": 50, "transformer": 45}
# scikit-learn compares to 1e-7 of a value here. Single precision, 1.2e-7, cannot promise that on
# every processor; `check_order_of_trials` asks the same of it with a tolerance it can keep.
FINER_THAN_SINGLE_PRECISION = "check_methods_sample_order_invariance"
# Parameters by which a training draws many random numbers, and does not take long.
TO_DRAW = {"dropout": 0.3, "max_epochs": 2, "batch_size": 8}


def output_of(estimator: Estimator, X: Any) -> np.ndarray:
    """What the fitted estimator makes of X."""
    output = estimator.predict_proba(X) if is_classifier(estimator) else estimator.transform(X)
    return np.asarray(output)


def fitted(estimator: Estimator, X: Any, y: Any, **fit_params: Any) -> Any:
    """A clone, fitted quietly and repeatably."""
    estimator = clone(estimator)
    if "random_state" in estimator.get_params():
        estimator.set_params(random_state=0)
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        estimator.fit(X, y, **fit_params)
        if access_of(estimator) not in ("none", "labelled"):
            estimator.calibrate(X)  # so that a trial is transformed whatever is beside it
        return estimator


def fitted_example(estimator: Estimator) -> tuple[Any, SignalArray]:
    """A fitted clone, which the checks share and none may change, and the X of its fit."""
    model = _fitted_example(estimator, repr(estimator.get_params()))
    return model, example_input(estimator)[0]


@lru_cache(maxsize=1)
def _fitted_example(estimator: Estimator, parameters: str) -> Any:
    return fitted(estimator, *example_input(estimator))


def run_check_estimator(estimator: Estimator, expected_failures: Mapping[str, str]) -> None:
    """scikit-learn's own `check_estimator`, in full; `conformance_params` let a net learn."""
    with warnings.catch_warnings(action="ignore"):
        output_of(*fitted_example(estimator))  # which says in one line what else fails fifty times
        results = check_estimator(
            estimator, expected_failed_checks=dict(expected_failures), on_fail=None, on_skip=None
        )
    failures = {r["check_name"]: r["exception"] for r in results if r["status"] == "failed"}
    if is_classifier(estimator):
        failures.pop(FINER_THAN_SINGLE_PRECISION, None)
    assert not failures, all_failed(failures)
    stale = set(expected_failures) - {r["check_name"] for r in results if r["status"] == "xfail"}
    assert not stale, f"expected to fail, but passed: {', '.join(sorted(stale))}"
    kind = "classifier" if is_classifier(estimator) else "transformer"
    n_run = sum(r["status"] in ("passed", "xfail") for r in results)
    assert n_run >= LEAST_CHECKS[kind], (
        f"scikit-learn ran only {n_run} checks, expected at least {LEAST_CHECKS[kind]}: "
        "a tag of the estimator switches the others off."
    )


def check_parameters_are_kept(estimator: Estimator) -> None:
    """`fit` changes no parameter, and a clone of the fitted estimator is not fitted."""
    X, y = example_input(estimator)
    copy = clone(estimator)
    before = {name: repr(value) for name, value in copy.get_params().items()}
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        copy.fit(X, y)
    after = {name: repr(value) for name, value in copy.get_params().items()}
    changes = [f"{n}: {before.get(n)} to {v}" for n, v in after.items() if v != before.get(n)]
    assert before == after, f"fit changes parameters ({', '.join(changes)}); expected it not to"
    assert not hasattr(clone(copy), "input_shape_"), (
        "a clone has input_shape_, as if it were fitted; expected it not to"
    )


def check_parameters_are_checked(estimator: Estimator) -> None:
    """`fit` refuses, by the parameter's name, what the annotation of a parameter excludes."""
    X, y = example_input(estimator)
    for name, hint in estimator.parameter_types.items():
        for value in refused_by(hint):
            copy: Any = clone(estimator).set_params(**{name: value})
            assert_parameter_is_refused(partial(copy.fit, X, y), name, value)


def check_published_settings(estimator: Estimator) -> None:
    """Settings that a class calls published are of its parameters, and make sense."""
    for name in estimator.published_settings:
        estimator.published(name).check_parameters()


def check_global_generators_are_kept(estimator: Estimator) -> None:
    """Neither `fit` nor the output moves the generators of `random`, numpy or torch."""
    import torch

    X, y = example_input(estimator)
    before = random.getstate(), repr(np.random.get_state()), torch.get_rng_state()
    output_of(fitted(estimator, X, y), X)
    same = {
        "random": random.getstate() == before[0],
        "numpy.random": repr(np.random.get_state()) == before[1],
        "torch": torch.equal(torch.get_rng_state(), before[2]),
    }
    others = [name for name, is_same in same.items() if not is_same]
    assert not others, (
        f"the global generators of {', '.join(others)} were moved; draw from one of your own"
    )


def check_same_seed_same_output(estimator: Estimator) -> None:
    """Two fits with one seed agree bit for bit."""
    first, X = fitted_example(estimator)
    second = fitted(estimator, *example_input(estimator))
    np.testing.assert_array_equal(output_of(first, X), output_of(second, X))


def check_fits_in_threads(estimator: Estimator) -> None:
    """Fits in threads come out as one alone, to the bit, and keep the generators of torch."""
    import torch

    X, y = example_input(estimator)
    model = clone(estimator)
    model.set_params(**{n: v for n, v in TO_DRAW.items() if n in model.get_params()})
    before, n_threads = torch.get_rng_state(), torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        alone = output_of(fitted(model, X, y), X)
        with ThreadPoolExecutor(2) as pool, warnings.catch_warnings(action="ignore"):
            fits = [pool.submit(fitted, model, X, y) for _ in range(2)]
            outputs = [output_of(fit.result(), X) for fit in fits]
    finally:
        torch.set_num_threads(n_threads)
    for output in outputs:
        np.testing.assert_array_equal(output, alone, err_msg="fitted in threads, against alone")
    assert torch.equal(torch.get_rng_state(), before), (
        "fits in threads moved the global generator of torch; expected it as it was"
    )


def check_trial_alone(estimator: Estimator) -> None:
    """A trial gives the same alone as among others."""
    model, X = fitted_example(estimator)
    alone, among = output_of(model, X[:1]), output_of(model, X)[:1]
    np.testing.assert_allclose(alone, among, rtol=1e-4, atol=1e-5)


def check_order_of_trials(estimator: Estimator) -> None:
    """A trial gives the same wherever it stands among others."""
    model, X = fitted_example(estimator)
    order = np.random.default_rng(0).permutation(len(X))
    shuffled, expected = output_of(model, X[order]), output_of(model, X)[order]
    np.testing.assert_allclose(shuffled, expected, rtol=1e-5, atol=1e-6)


def check_another_rate(estimator: Estimator) -> None:
    """An X of another sampling rate, or of other frequencies, than that of `fit` is refused."""
    X, y = example_input(estimator)
    slow, fast = (
        SignalArray(np.asarray(X), sfreq=k * SFREQ)
        if estimator.input_kind == "raw"
        else SignalArray(np.asarray(X), freqs=k * np.arange(X.shape[2]))
        for k in (1, 2)
    )
    model = fitted(estimator, slow, y)
    assert_refused(partial(output_of, model, fast), "Hz", "another rate")


def check_fit_again_on_another_shape(estimator: Estimator) -> None:
    """A fitted estimator can be fitted again on fewer channels."""
    X, y = example_input(estimator)
    model = fitted(estimator, X, y)
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        fewer = of_two_channels(X, estimator.input_kind)
        model.fit(fewer, y)
        n = len(output_of(model, fewer))
        assert n == len(X), f"fitted again, it answers for {n} trials; expected {len(X)}"


def check_memmap(estimator: Estimator) -> None:
    """A memmap gives what the array gives."""
    model, X = fitted_example(estimator)
    _, y = example_input(estimator)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "X.npy"
        np.save(path, np.asarray(X))
        memmap = SignalArray(np.load(path, mmap_mode="r"), **X.metadata)
        expected = output_of(model, X)
        np.testing.assert_array_equal(output_of(fitted(estimator, memmap, y), memmap), expected)
        del memmap


def check_epochs_and_trials(estimator: Estimator) -> None:
    """``mne.Epochs`` and `Trials` are read as X, where the estimator reads raw trials."""
    if estimator.input_kind != "raw":
        return
    trials = example_trials()
    expected = output_of(fitted(estimator, trials.X, trials.y), trials.X)
    for X in (trials, trials.to_epochs()):
        output = output_of(fitted(estimator, X, trials.y), X)
        np.testing.assert_allclose(output, expected, rtol=1e-3, atol=1e-4)


def check_rate_is_held(estimator: Estimator) -> None:
    """An estimator fitted at one rate refuses another, if the rate matters to it."""
    model, X = fitted_example(estimator)
    if estimator.input_kind != "raw" or not hasattr(model, "sfreq_"):
        return
    other = SignalArray(np.asarray(X), sfreq=2 * SFREQ, ch_names=X.ch_names)
    assert_refused(lambda: output_of(model, other), r"sampled at 256 Hz", "another rate")


def check_persistence(estimator: Estimator) -> None:
    """Pickled and loaded, here by joblib and in a new process, it gives the same."""
    model, X = fitted_example(estimator)
    expected = output_of(model, X)
    with tempfile.TemporaryDirectory() as folder:
        joblib.dump(model, f"{folder}/model.joblib")
        copy = joblib.load(f"{folder}/model.joblib")
    np.testing.assert_array_equal(output_of(copy, X), expected)
    # joblib's workers do not run the script again that calls this, as those of Python may.
    [output] = joblib.Parallel(n_jobs=2)([joblib.delayed(output_of)(model, X)])
    np.testing.assert_allclose(output, expected, rtol=1e-5, atol=1e-6)


def check_saved_file(estimator: Estimator) -> None:
    """Saved by `eegkit.save` and loaded by `eegkit.load`, it gives the same."""
    model, X = fitted_example(estimator)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.eegkit"
        save(model, path)
        copy = load(path, custom_classes=[type(model)])
    np.testing.assert_array_equal(output_of(copy, X), output_of(model, X))


def check_skops(estimator: Estimator) -> None:
    """Saved with skops (where it is installed) and loaded, it gives the same."""
    needs("skops", extra="skops")
    import skops.io

    model, X = fitted_example(estimator)
    content = skops.io.dumps(model)
    trusted = skops.io.get_untrusted_types(data=content)
    copy = skops.io.loads(content, trusted=trusted)
    np.testing.assert_array_equal(output_of(copy, X), output_of(model, X))


def check_bad_input(estimator: Estimator) -> None:
    """Bad input gets a ``ValueError`` that says what was seen, in `fit` and after it."""
    X, y = example_input(estimator)
    for kind, (spoil, message) in BAD_FOR_FIT.items():
        bad = spoil(X)
        labels = y[: len(bad)] if kind != "one dimension" else np.resize(y, len(bad))
        assert_refused(partial(clone(estimator).fit, bad, labels), message, kind)
    model, _ = fitted_example(estimator)
    for kind, (spoil, message) in BAD_AFTER_FIT.items():
        assert_refused(partial(output_of, model, spoil(X)), message, kind)
