"""What methods are asked, and what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eegkit.explanation.modules import Differentiable


@dataclass(frozen=True)
class Question:
    """A net, the trials to explain and the class to explain in each of them.

    Parameters
    ----------
    net : Differentiable
    X : ndarray of float32, shape (n_trials, *axes)
    codes : ndarray of int, shape (n_trials,)
    method : str
        Its name, for messages.
    """

    net: Differentiable
    X: NDArray[np.float32]
    codes: NDArray[np.intp]
    method: str


@dataclass(frozen=True)
class Answer:
    """Attributions, and what is left over where they have to add up to something.

    Parameters
    ----------
    values : ndarray of float32, shape (n_trials, *axes)
    gap : ndarray, shape (n_trials,), or None
        The sum of a trial's attributions less the difference between its logit and that of the
        baseline.
    axes : tuple of str, or None
        What the axes are, where they are not those of X.
    bands, windows
        As of `Attributions`.
    """

    values: NDArray[np.float32]
    gap: NDArray[np.float64] | None = None
    axes: tuple[str, ...] | None = None
    bands: Mapping[str, tuple[float, float]] | None = None
    windows: tuple[tuple[float, float], ...] | None = None
