"""What trials are compared with."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegkit.parameters import ParameterError

# "zero", "mean", "others" of occlusion, or an array; `baseline_of` refuses all else.
Baseline = Any


def baseline_of(X: NDArray[np.float32], baseline: Any) -> NDArray[np.float32]:
    """The trial that others are compared with, of the shape of one.

    Parameters
    ----------
    X : ndarray, shape (n_trials, *axes)
    baseline : "zero", "mean", array-like or None
        None is zeros for raw trials, the mean for spectrograms and features.

    Raises
    ------
    ParameterError
        It is nothing of the kind.
    """
    if baseline is None:
        baseline = "zero" if X.ndim == 3 else "mean"
    if isinstance(baseline, str) and baseline in ("zero", "mean"):
        return X.mean(axis=0) if baseline == "mean" else np.zeros_like(X[0])
    try:
        array = np.asarray(baseline, dtype=np.float32)
    except (TypeError, ValueError):
        array = None
    if array is not None and array.shape == (X[0].size,):  # features
        array = array.reshape(X.shape[1:])
    if array is None or array.shape not in ((), X.shape[1:]) or not np.isfinite(array).all():
        seen = repr(baseline) if np.ndim(baseline) == 0 else f"of shape {np.shape(baseline)}"
        raise ParameterError(
            f"baseline is {seen}; expected 'zero', 'mean', or finite numbers of a trial's shape, "
            f"{X.shape[1:]}.",
            "baseline",
        )
    return np.broadcast_to(array, X.shape[1:])
