"""Whether trials are like those that an estimator was fitted on: their amplitude and spectrum."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from eegkit.blocks import read_blocks, release, row_blocks

# So many trials, evenly spread, are looked at in `fit` and in one call.
N_IN_FIT, N_IN_CALL = 64, 32
N_CHANNELS, N_TIMES, N_BANDS = 16, 2048, 10
BLOCK_BYTES = 2**23
# Power below this part of the whole is none: what a filter left.
FLOOR = 1e-5
# Trials of `fit` lie between these quantiles, but for artefacts.
QUANTILES = (0.02, 0.98)
# How many times less or more than those is unlike them: of amplitude, and of a band's part.
AMPLITUDE_TIMES, BAND_TIMES = 15.0, 15.0

Profile = dict[str, Any]


def profile_of(X: NDArray[Any]) -> Profile | None:
    """What to remember of training trials, shape (n_trials, n_channels, n_times).

    ``scale``, the median standard deviation of every channel; ``low`` and ``high``, between which
    nearly all trials are: first the logarithm of a trial's amplitude in parts of `scale`, then
    those of the parts of its power in bands from slow to fast, each about twice as wide as the one
    before. None where no trial is finite.
    """
    spread, bands = _some_measured(X, N_IN_FIT)
    if not len(spread):
        return None
    scale = np.median(spread, axis=0)
    low, high = np.quantile(_features(spread, bands, scale), QUANTILES, axis=0)
    return {"scale": scale, "low": low, "high": high}


def _unlike(
    profile: Profile, spread: NDArray[np.float64], bands: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How far each trial is outside of a profile, shape (n_trials, 1 + n_bands), natural log.

    0 is inside, or not far from it; positive is too much, negative too little. Of flat trials
    nothing is said.
    """
    features = _features(spread, bands, profile["scale"])
    times = np.full(features.shape[1], np.log(BAND_TIMES))
    times[0] = np.log(AMPLITUDE_TIMES)
    above, below = features - profile["high"], features - profile["low"]
    return np.where(above > times, above, np.where(below < -times, below, 0.0))


def is_unlike(profile: Profile, X: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether each trial alone is nothing like those of `fit`, shape (n_trials,)."""
    parts = [
        (_unlike(profile, *_measured(part)) != 0).any(axis=1)
        for part in read_blocks(X, BLOCK_BYTES)
    ]
    return np.concatenate(parts)


def sentences(profile: Profile, X: NDArray[Any], sfreq: float | None) -> Iterator[str]:
    """In what the median trial is nothing like those of `fit`."""
    spread, bands = _some_measured(X, N_IN_CALL)
    if not len(spread):
        return
    apart = np.median(_unlike(profile, spread, bands), axis=0)
    if apart[0]:
        yield f"their amplitude is {np.exp(apart[0]):.1g} times theirs, as of another unit"
    edges = _edges(X.shape[-1]) * ((sfreq or 1.0) / min(X.shape[-1], N_TIMES))
    unit = "Hz" if sfreq else "cycles a sample"
    for i in np.flatnonzero(apart[1:]):
        yield (
            f"the part of their power from {edges[i]:.3g} to {edges[i + 1]:.3g} {unit} is "
            f"{np.exp(apart[1 + i]):.1g} times theirs, as of another filter or rig"
        )


def _some_measured(X: NDArray[Any], most: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`_measured` of at most so many of the trials, evenly spread, but for those not finite."""
    picks = np.unique(np.linspace(0, len(X) - 1, min(len(X), most)).astype(np.intp))
    parts = []
    for rows in row_blocks(len(picks), X[:1].nbytes, BLOCK_BYTES):
        part = X[picks[rows]]
        parts.append(_measured(part[np.isfinite(part).all(axis=(1, 2))]))
        release(X)
    spread, bands = zip(*parts, strict=True)
    return np.concatenate(spread), np.concatenate(bands)


def _measured(X: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Standard deviations (n_trials, n_channels), and parts of power (n_trials, n_bands)."""
    x = np.asarray(X[..., :N_TIMES], dtype=np.float32)
    largest = np.maximum(np.abs(x).max(axis=-1, keepdims=True), np.finfo(np.float32).tiny)
    x = x / largest  # float32 may not hold a square
    x -= x.mean(axis=-1, keepdims=True)
    spread = np.sqrt(np.einsum("nct,nct->nc", x, x) / x.shape[-1])
    step = -(-x.shape[1] // N_CHANNELS)
    some = x[:, ::step] / np.where(spread > 0, spread, np.float32(1))[:, ::step, None]
    spectrum = scipy.fft.rfft(some * _taper(x.shape[-1]))
    power = np.square(np.abs(spectrum)).mean(axis=1, dtype=np.float64)
    edges = _edges(X.shape[-1])
    bands = np.add.reduceat(power, edges[:-1], axis=-1) if len(edges) > 1 else power[:, :0]
    spread = spread * largest[..., 0].astype(np.float64)
    return spread, bands / np.maximum(bands.sum(axis=-1, keepdims=True), np.finfo(float).tiny)


@functools.lru_cache(8)
def _taper(n_times: int) -> NDArray[np.float32]:
    return np.hanning(n_times + 2)[1:-1].astype(np.float32)


@functools.lru_cache(8)
def _edges(n_times: int) -> NDArray[np.intp]:
    """The first bin of every band, and the end of the last."""
    n_bins = min(n_times, N_TIMES) // 2 + 1
    return np.unique(np.geomspace(1, n_bins, N_BANDS + 1).round().astype(np.intp))


def _features(
    spread: NDArray[np.float64], bands: NDArray[np.float64], scale: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Logarithms of amplitude and of parts of power; NaN for a flat trial."""
    ratio = np.where((spread > 0) & (scale > 0), spread / np.where(scale > 0, scale, 1), np.nan)
    flat = np.isnan(ratio).all(axis=1)
    ratio[flat] = 1.0
    median = np.nanmedian if np.isnan(ratio).any() else np.median
    size = np.log(median(ratio, axis=1))
    return np.column_stack([size, np.log(bands + FLOOR)])
