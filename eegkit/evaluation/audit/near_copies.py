"""Trials that are nearly the same: random projections find candidates, correlations confirm.

By the lemma of Johnson and Lindenstrauss [1]_ the correlation of two trials is, up to an error
that shrinks with one minus its square, that of their projections on some tens of random
vectors; so all pairs of trials are compared in a space of 64 dimensions instead of
n_channels * n_times.

References
----------
.. [1] Johnson, W. B., & Lindenstrauss, J. (1984). Extensions of Lipschitz mappings into a
   Hilbert space. Contemporary Mathematics, 26, 189-206.
   https://doi.org/10.1090/conm/026/737400
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

N_PROJECTIONS = 64
# Projections of trials that correlate at ALIKE fall below this once in a thousand million.
CANDIDATE = 0.95
# |correlation| over all channels from which on two trials are one.
ALIKE = 0.98
# Below this |correlation| of the whitened trials, or twice the usual one where that is more,
# what they share is drift or line noise.
ALIKE_WHITENED, MOST_ALIKE_WHITENED = 0.25, 0.9
N_TYPICAL = 100
MAX_PAIRS = 50_000
_ROWS = 1024
# A common average reference needs channels.
_LEAST_REFERENCED = 3


def projector(n_channels: int, n_times: int) -> NDArray[np.float32]:
    """Random vectors, shape (n_channels * n_times, N_PROJECTIONS), made to ignore the
    reference, offsets and linear drifts: projections on them are those of `clean` trials."""
    vectors = np.random.default_rng(0).standard_normal(
        (N_PROJECTIONS, n_channels, n_times), dtype=np.float32
    )
    return clean(vectors).reshape(N_PROJECTIONS, -1).T.astype(np.float32, order="C")


def clean(trials: NDArray[np.floating]) -> NDArray[np.float64]:
    """Trials to the average reference, without offset and linear drift.

    Parameters
    ----------
    trials : ndarray, shape (n_trials, n_channels, n_times)
    """
    X = np.asarray(trials, dtype=np.float64)
    if X.shape[1] >= _LEAST_REFERENCED:
        X = X - X.mean(axis=1, keepdims=True)
    X = X - X.mean(axis=2, keepdims=True)
    if X.shape[2] > 2:
        time = np.arange(X.shape[2]) - (X.shape[2] - 1) / 2
        X -= (X @ time / (time @ time))[:, :, None] * time
    return X


def candidate_pairs(projected: NDArray[np.float32], usable: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Pairs of trials, i < j, whose projections nearly fall on one line, shape (n_pairs, 2)."""
    unit = np.where(usable[:, None], projected, np.float32(0))
    length = np.linalg.norm(unit.astype(np.float64), axis=1)
    unit = (unit / np.where(length > 0, length, 1)[:, None]).astype(np.float32)
    pairs = [np.zeros((0, 2), dtype=np.intp)]
    for start in range(0, len(unit), _ROWS):
        products = unit[start : start + _ROWS] @ unit[start:].T
        np.abs(products, out=products)
        i, j = np.nonzero(products >= CANDIDATE)
        later = j > i
        pairs.append(np.column_stack([i[later], j[later]]) + start)
    return np.concatenate(pairs)


@dataclass(frozen=True)
class Typical:
    """What is usual among the trials, against which two of them are compared.

    ``power`` is the mean power spectrum, shape (n_times // 2 + 1,), ``alike`` the |correlation|
    of whitened trials from which on two of them have more in common than any two.
    """

    power: NDArray[np.float64]
    alike: float

    @classmethod
    def from_trials(cls, X: NDArray[np.float32], usable: NDArray[np.bool_]) -> Typical:
        """Learn it from some of the usable trials, at least two."""
        rows = np.flatnonzero(usable)
        rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), N_TYPICAL)).astype(int)]
        sample = clean(X[rows])
        power = (np.abs(np.fft.rfft(sample)) ** 2).mean(axis=(0, 1))
        power = np.maximum(power, 1e-12 * power.max())
        white = _whitened(sample, power).reshape(len(sample), -1)
        usual = float(np.median([_alike(*pair) for pair in pairwise(white)]))
        return cls(power, min(max(ALIKE_WHITENED, 2 * usual), MOST_ALIKE_WHITENED))


def nearly_same(X: NDArray[np.float32], i: int, j: int, typical: Typical) -> bool:
    """Whether two trials correlate over all channels, by more than drift and line noise.

    The second look is at the trials whitened by the typical spectrum, in which no frequency
    outweighs the others.
    """
    pair = clean(np.stack([X[i], X[j]]))
    if _alike(*pair.reshape(2, -1)) < ALIKE:
        return False
    return _alike(*_whitened(pair, typical.power).reshape(2, -1)) >= typical.alike


def _whitened(trials: NDArray[np.float64], power: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.fft.irfft(np.fft.rfft(trials) / np.sqrt(power), n=trials.shape[2])


def same_shifted(
    X: NDArray[np.float32], i: int, j: int, lag: int, least: int, typical: Typical
) -> bool:
    """Whether the common part of two trials is alike, channel by channel, whatever the scales.

    Sample ``t`` of trial i is sample ``t - lag`` of trial j; they share at least `least` of them.
    """
    if X.shape[2] - abs(lag) < least:
        return False
    pair = np.stack([X[i], X[j]]).astype(np.float64)
    pair -= pair.mean(axis=2, keepdims=True)
    if _alike_by_channel(pair, lag) < ALIKE:
        return False
    return _alike_by_channel(_whitened(pair, typical.power), lag) >= typical.alike


def _alike_by_channel(pair: NDArray[np.float64], lag: int) -> float:
    """How alike the common part is."""
    n_times = pair.shape[2]
    first = pair[0][:, max(lag, 0) : n_times + min(lag, 0)]
    second = pair[1][:, max(-lag, 0) : n_times + min(-lag, 0)]
    first = first - first.mean(axis=1, keepdims=True)
    second = second - second.mean(axis=1, keepdims=True)
    return _alike(first, second)


def _alike(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """The |correlation| of two signals, or of several (rows) the median."""
    first, second = np.atleast_2d(first, second)
    norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    alive = norms > 0
    if not alive.any():
        return 0.0
    return float(np.median(np.abs((first * second).sum(axis=1)[alive] / norms[alive])))
