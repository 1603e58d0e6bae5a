"""Resampling by a rational factor, as a few matrix products."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import scipy.signal
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

RATE_TOLERANCE = Fraction(1, 10**7)
LARGEST_TERM = 10**6
# Of the low-pass filter, in samples of the slower rate on either side (scipy's own).
HALF_WIDTH = 10
# Signals are taken together up to so many operations, so that frames stay in the cache.
FRAME_VALUES = 2**21


def ratio_of(sfreq: float, target_sfreq: float) -> Fraction:
    """The factor between two rates: the simplest within a ten-millionth.

    Rates that were measured, or written with seven digits, are in no simple ratio (600.61499 Hz
    to 128 Hz). The one that is taken is off by 1e-7 of its value at most, so that an hour stays as
    long as it was, to a third of a millisecond.

    Raises
    ------
    ValueError
        The rates are further apart than any two of EEG.

    Examples
    --------
    >>> from eegkit.resampling import ratio_of
    >>> ratio_of(500.0, 128.0), ratio_of(499.987, 128.0)
    (Fraction(32, 125), Fraction(3985, 15566))
    """
    exact = Fraction(target_sfreq) / Fraction(sfreq)
    ratio = _simplest(exact * (1 - RATE_TOLERANCE), exact * (1 + RATE_TOLERANCE))
    if max(ratio.numerator, ratio.denominator) > LARGEST_TERM:
        raise ValueError(
            f"{sfreq:g} Hz and {target_sfreq:g} Hz are too far apart to resample one to the other; "
            "check both rates."
        )
    return ratio


def _simplest(low: Fraction, high: Fraction) -> Fraction:
    """The fraction of the smallest denominator between two, by the Stern-Brocot tree."""
    whole = low.numerator // low.denominator
    if whole == low or whole + 1 <= high:
        return Fraction(whole if whole == low else whole + 1)
    return whole + 1 / _simplest(1 / (high - whole), 1 / (low - whole))


def resample(x: NDArray[Any], ratio: Fraction, pad: str) -> NDArray[Any]:
    """Resample the last axis, as ``scipy.signal.resample_poly`` with its default window.

    Every output is a sum of input samples weighted by the low-pass filter, and the weights repeat
    after ``ratio.numerator`` outputs. Written as products of frames with a matrix of weights, it
    takes a third of scipy's time, and other threads work meanwhile: scipy holds Python's lock.
    What a trial, the last two axes, becomes does not depend on the others.

    Parameters
    ----------
    x : ndarray of float32 or float64, shape (..., n_channels, n_times) or (n_times,)
    ratio : Fraction
        Of the new rate to the old one.
    pad : {"line", "reflect"}
        What lies beyond the ends: the line through the first and the last sample, or the signal
        mirrored at its end samples.

    Returns
    -------
    ndarray, shape (..., ceil(n_times * ratio))
        Of x's dtype.
    """
    up, down = ratio.numerator, ratio.denominator
    if up == down:
        return x.copy()
    n_times = x.shape[-1]
    n_out = -(-n_times * up // down)
    weights = _weights(up, down, x.dtype.str).first(n_out)
    n_blocks = -(-n_out // weights.n_out)
    before = max(0, -min(first for first, _ in weights.parts))
    last = max(first + len(matrix) for first, matrix in weights.parts)
    after = max(0, (n_blocks - 1) * weights.n_in + last - n_times)
    signals = x.reshape(-1, n_times)
    outputs = np.empty((len(signals), n_blocks, weights.n_out), x.dtype)
    longest = max(matrix.size for _, matrix in weights.parts)
    n_rows = max(1, FRAME_VALUES // (n_blocks * longest))
    n_channels = x.shape[-2] if x.ndim > 1 else 1
    n_together = max(n for n in range(1, min(n_rows, n_channels) + 1) if n_channels % n == 0)
    n_rows -= n_rows % n_together
    for row in range(0, len(signals), n_rows):
        padded = _extend(signals[row : row + n_rows], before, after, pad)
        _fill(outputs[row : row + n_rows], padded, before, weights, n_together)
    return outputs.reshape(*x.shape[:-1], -1)[..., :n_out]


def _fill(
    outputs: NDArray[Any], padded: NDArray[Any], before: int, weights: _Weights, n_together: int
) -> None:
    """Outputs of some signals, group by group of the outputs of a block.

    There is a product for `n_together` of a trial's signals, of one shape for all: in products of
    other shapes, a row has other last bits.
    """
    n_blocks, start = outputs.shape[1], 0
    for first, matrix in weights.parts:
        windows = sliding_window_view(padded, len(matrix), axis=-1)
        frames = windows[:, before + first :: weights.n_in][:, :n_blocks]
        stop = start + matrix.shape[1]
        # Products of matrices in one piece: numpy has no fast way for others.
        product = frames.reshape(-1, n_together * n_blocks, len(matrix)) @ matrix
        outputs[:, :, start:stop] = product.reshape(len(outputs), n_blocks, -1)
        start = stop


@dataclass(frozen=True)
class _Weights:
    """What the outputs of a block, `n_out` for every `n_in` inputs, are made of.

    For groups of successive outputs: their first input, and (n_inputs, n_outputs) weights.
    """

    n_in: int
    n_out: int
    parts: list[tuple[int, NDArray[Any]]]

    def first(self, n_out: int) -> _Weights:
        """Those of a block that is longer than all that is wanted, as far as it is."""
        if n_out >= self.n_out:
            return self
        stops = np.cumsum([matrix.shape[1] for _, matrix in self.parts])
        n_parts = int(np.searchsorted(stops, n_out)) + 1
        return _Weights(self.n_in, int(stops[n_parts - 1]), self.parts[:n_parts])


@functools.lru_cache(maxsize=32)
def _weights(up: int, down: int, dtype: str) -> _Weights:
    """Output r of a block lies at r * down, input q at q * up of the grid both rates divide.

    A group is as long as its filter: longer ones would multiply by more zeros, shorter ones copy
    more inputs.
    """
    half = HALF_WIDTH * max(up, down)
    taps = up * scipy.signal.firwin(2 * half + 1, 1 / max(up, down), window=("kaiser", 5.0))
    n_group = -(-2 * half // down)
    times = -(-n_group // up)  # a block is at least a group
    parts = []
    for start in range(0, times * up, n_group):
        r = np.arange(start, min(start + n_group, times * up))
        first = -((half - start * down) // up)
        last = (half + r[-1] * down) // up
        index = r[None, :] * down - np.arange(first, last + 1)[:, None] * up + half
        inside = (index >= 0) & (index <= 2 * half)
        matrix = np.where(inside, taps[np.clip(index, 0, 2 * half)], 0)
        parts.append((first, matrix.astype(dtype)))
    return _Weights(times * down, times * up, parts)


def _extend(x: NDArray[Any], before: int, after: int, pad: str) -> NDArray[Any]:
    # Not by np.pad, which takes as long as the products.
    n_times, end = x.shape[-1], before + x.shape[-1]
    padded = np.empty((*x.shape[:-1], end + after), x.dtype)
    padded[..., before:end] = x
    if pad == "reflect":
        period = max(1, 2 * n_times - 2)
        for start, stop in ((-before, 0), (n_times, n_times + after)):
            samples = np.arange(start, stop) % period
            indices = np.minimum(samples, period - samples)
            padded[..., before + start : before + stop] = x[..., indices]
        return padded
    slope = (x[..., -1:] - x[..., :1]) / max(1, n_times - 1)
    padded[..., :before] = x[..., :1] + slope * np.arange(-before, 0, dtype=x.dtype)
    padded[..., end:] = x[..., -1:] + slope * np.arange(1, after + 1, dtype=x.dtype)
    return padded
