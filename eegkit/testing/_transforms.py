"""Checks that every transform must pass."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.preprocessing import FunctionTransformer

from eegkit.pipeline import Pipeline
from eegkit.signals import SignalArray
from eegkit.testing._estimators import fitted, fitted_example
from eegkit.testing._examples import example_input
from eegkit.transforms import Transformer


def check_output(estimator: Transformer) -> None:
    """The output is finite float32, a row a trial, and still knows whose each trial is."""
    X, y = example_input(estimator)
    output = fitted(estimator, X, y).transform(X)
    assert isinstance(output, SignalArray), (
        f"transform gives a {type(output).__name__}; expected SignalArray"
    )
    assert output.dtype == np.float32, f"transform gives {output.dtype}; expected float32"
    assert len(output) == len(X), f"transform gives {len(output)} trials; expected {len(X)}"
    n_bad = int((~np.isfinite(output)).sum())
    assert not n_bad, f"transform gives {n_bad} values that are NaN or infinite; expected none"
    np.testing.assert_array_equal(output.groups, X.groups, err_msg="the people of the output")


def check_input_is_kept(estimator: Transformer) -> None:
    """The input is left as it was."""
    X, y = example_input(estimator)
    before = np.array(X)
    fitted(estimator, X, y).transform(X)
    np.testing.assert_array_equal(np.asarray(X), before)


def check_blocks(estimator: Transformer) -> None:
    """Trials transformed in blocks, or by several threads, are the trials transformed at once."""
    model, X = fitted_example(estimator)
    expected = model.transform(X)
    parts = [model.transform(X[start : start + 5]) for start in range(0, len(X), 5)]
    np.testing.assert_allclose(np.concatenate(parts), expected, rtol=1e-5, atol=1e-6)
    threaded = model.set_params(n_jobs=2, max_memory_mb=1e-3).transform(X)
    np.testing.assert_allclose(threaded, expected, rtol=1e-5, atol=1e-6)


def check_out(estimator: Transformer) -> None:
    """The output can be written to a file, which is given back as a memmap."""
    model, X = fitted_example(estimator)
    expected = model.transform(X)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out.npy"
        np.testing.assert_array_equal(model.transform(X, out=path), expected)
        np.testing.assert_array_equal(np.load(path), expected)
        files = [p.name for p in Path(folder).iterdir()]
        assert files == ["out.npy"], f"transform(out=) leaves {files}; expected ['out.npy'] alone"
    target = np.empty(expected.shape, dtype=np.float32)
    assert np.shares_memory(model.transform(X, out=target), target), (
        "transform(out=array) gives another array; expected the one that was given"
    )


def check_in_a_pipeline(estimator: Transformer) -> None:
    """It works before a classifier, in a cross-validation by subjects in two processes."""
    X, y = example_input(estimator)
    flatten = FunctionTransformer(_flatten)
    pipeline = Pipeline([clone(estimator), flatten, RidgeClassifier()])
    options: Any = {"groups": X.groups, "cv": GroupKFold(3), "error_score": "raise"}
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        scores = cross_val_score(pipeline, X, y, n_jobs=2, **options)
    assert np.isfinite(scores).all(), f"cross_val_score gives {scores}; expected finite scores"


def _flatten(X: np.ndarray) -> np.ndarray:
    return np.asarray(X).reshape(len(X), -1)
