"""Everything that is read of the signals, in one pass over blocks of trials."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eegkit.blocks import release, row_blocks

# Small enough to stay in the cache from one reading of a block to the next.
BLOCK_BYTES = 2**23
# Percentiles are of at most about so many samples of a channel, spread evenly over all trials.
MAX_SAMPLES = 2**20
# Line noise is measured in at most so many trials, spread evenly.
MAX_LINE_TRIALS = 2**12
LINES = (50, 60)
# Where the power beside a line is read, in Hz from it: two bins beyond the window's main lobe.
NEIGHBOURS = (3, 4)
# Windows that line noise is measured in are so long at most, in s: the longer, the finer.
LINE_WINDOW_S = 4
# A trial is clipped if so many of its samples lie at its extreme, or so many in a row, and so many
# times more than at the two values next to it. (Coarse signals have more at the next values.)
CLIPPED_PART, CLIPPED_LEAST, CLIPPED_RUN, CLIPPED_TIMES = 0.02, 8, 5, 3
# Samples are counted from a channel's mean where that is so many standard deviations from zero.
FAR = 10.0


class Scan:
    """What one pass over the signals tells.

    Parameters
    ----------
    X : ndarray, shape (n_trials, n_channels, n_times)
        Float32; a memmap leaves memory again, block by block.
    sfreq : float

    Attributes
    ----------
    low, high : ndarray, shape (n_trials, n_channels)
        Extremes of what is finite; NaN where nothing is.
    mean, spread : ndarray, shape (n_trials, n_channels)
        Mean and standard deviation; NaN where samples are not finite.
    n_missing, n_infinite : ndarray, shape (n_channels,)
    not_finite : ndarray of bool, shape (n_trials,)
    flat, clipped : ndarray of bool, shape (n_trials, n_channels)
    line_ratio : dict of int to ndarray, shape (n_read, n_channels)
        Power at 50 and 60 Hz against that beside it, for the trials `line_trials`, each the mean
        of `n_line_segments` windows.
    """

    def __init__(self, X: NDArray[np.float32], sfreq: float) -> None:
        n_trials, n_channels, n_times = X.shape
        self.low, self.high, self.mean, self.spread = (
            np.empty((n_trials, n_channels), np.float32) for _ in range(4)
        )
        self._centre: NDArray[np.float32] | None = None
        self.n_missing, self.n_infinite = (np.zeros(n_channels, np.int64) for _ in range(2))
        self.not_finite = np.zeros(n_trials, bool)
        self.clipped = np.zeros((n_trials, n_channels), bool)
        self._histogram = np.zeros((n_channels, 2**16), np.int64)
        self._step = max(1, n_trials * n_times // MAX_SAMPLES)
        self._line = _Line(n_times, sfreq)
        stride = max(1, -(-n_trials // MAX_LINE_TRIALS))
        self.line_trials = np.arange(0, n_trials if self._line.freqs else 0, stride)
        powers = []
        for rows in row_blocks(n_trials, X[:1].nbytes, BLOCK_BYTES):
            block = X[rows]
            self._extremes(rows, block)
            self._moments(rows, block)
            self._count(rows, block)
            line_rows = np.intersect1d(self.line_trials, np.arange(rows.start, rows.stop))
            if len(line_rows):
                powers.append(self._line.powers(block[line_rows - rows.start]))
            release(X)
        self.n_line_segments = self._line.n_segments
        self.line_ratio = self._line.ratios(np.concatenate(powers)) if powers else {}
        self.flat = self.low == self.high
        self.clipped &= ~self.flat

    def _extremes(self, rows: slice, block: NDArray[np.float32]) -> None:
        low, clipped = _extreme(block, np.minimum)
        high, clipped_high = _extreme(block, np.maximum)
        self.clipped[rows] = clipped | clipped_high
        strange = ~(np.isfinite(low) & np.isfinite(high)).all(axis=1)
        if strange.any():
            part = block[strange]
            missing, infinite = np.isnan(part), np.isinf(part)
            self.n_missing += missing.sum(axis=(0, 2))
            self.n_infinite += infinite.sum(axis=(0, 2))
            part = np.where(infinite, np.float32(np.nan), part)
            low[strange], high[strange] = np.fmin.reduce(part, -1), np.fmax.reduce(part, -1)
            self.not_finite[rows] = strange
        self.low[rows], self.high[rows] = low, high

    def _moments(self, rows: slice, block: NDArray[np.float32]) -> None:
        with np.errstate(invalid="ignore", over="ignore"):
            mean = block.mean(axis=-1, dtype=np.float64).astype(np.float32)
            centred = block - mean[..., None]
            squares = np.einsum("nct,nct->nc", centred, centred, dtype=np.float64)
            self.mean[rows], self.spread[rows] = mean, np.sqrt(squares / block.shape[-1])

    def _count(self, rows: slice, block: NDArray[np.float32]) -> None:
        """Count samples by the upper half of their bits: bins 0.4 % from their middle, any unit.

        An offset would leave little of that: it is taken out first, that of the first block.
        """
        if self._centre is None:
            mean, spread = (median_of(x[rows]) for x in (self.mean, self.spread))
            with np.errstate(invalid="ignore"):
                self._centre = np.where(np.abs(mean) > FAR * spread, mean, 0).astype(np.float32)
        samples = block[..., :: self._step]
        if self._centre.any():
            samples = samples - self._centre[:, None]
        codes = np.ascontiguousarray(samples).view(np.uint32) >> 16
        for channel, counts in enumerate(self._histogram):
            counts += np.bincount(codes[:, channel].ravel(), minlength=2**16)

    def percentiles(self, levels: list[float]) -> NDArray[np.float64]:
        """Percentiles of every channel's finite samples, shape (n_levels, n_channels)."""
        codes = np.arange(2**16, dtype=np.uint32)
        middle = ((codes << 16) | 0x8000).view(np.float32)
        finite = np.flatnonzero((codes & 0x7F80) != 0x7F80)
        order = finite[np.argsort(middle[finite], kind="stable")]
        values = np.full((len(levels), len(self._histogram)), np.nan)
        # Channel by channel: sums of all of them are as large as the histogram, 0.5 GB of 1,000.
        for channel, counts in enumerate(self._histogram):
            cumulative = counts[order].cumsum()
            if cumulative[-1]:
                places = np.searchsorted(cumulative, np.array(levels) / 100 * cumulative[-1])
                values[:, channel] = middle[order[np.minimum(places, len(order) - 1)]]
        return values if self._centre is None else values + self._centre

    def copies(self, X: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Trials that repeat an earlier one, sample by sample, and the earliest of each.

        Trials that are flat everywhere do not count.
        """
        marks = np.concatenate([self.low, self.high], axis=1)
        marks = marks.view(np.dtype((np.void, marks.shape[1] * 4))).ravel()
        _, group, size = np.unique(marks, return_inverse=True, return_counts=True)
        alike = (size[group] > 1) & ~self.flat.all(axis=1)
        first: dict[bytes, int] = {}
        again, earliest = [], []
        for row in np.flatnonzero(alike).tolist():
            trial = hashlib.blake2b(X[row].tobytes(), digest_size=16).digest()
            if first.setdefault(trial, row) != row:
                again.append(row)
                earliest.append(first[trial])
        release(X)
        return np.array(again, dtype=np.intp), np.array(earliest, dtype=np.intp)


class _Line:
    """Power at the frequencies of the mains and beside them, of segments of 1 to 4 s (Hann).

    There is no line where trials are too short or too slow to show it.
    """

    def __init__(self, n_times: int, sfreq: float) -> None:
        seconds = max(1, min(LINE_WINDOW_S, int(n_times / sfreq)))
        length = round(seconds * sfreq)
        is_shown = round(sfreq) >= 16 and length <= n_times
        self.freqs = [line for line in LINES if line < sfreq / 2] if is_shown else []
        self._length, self.n_segments = length, n_times // max(1, length)
        self._places: list[float] = []
        for line in self.freqs:
            # Beside the line on both sides, where the rate shows it.
            neighbours = [line + sign * off for sign in (-1, 1) for off in NEIGHBOURS]
            self._places += [line, *(f for f in neighbours if f < sfreq / 2)]
        angle = 2 * np.pi * np.outer(np.arange(length) / sfreq, self._places)
        window = np.hanning(length + 1)[:-1, None]
        waves = np.concatenate([window * np.cos(angle), window * np.sin(angle)], axis=1)
        # A constant, however large, has no part in them.
        self._waves = (waves - window * waves.sum(0) / window.sum()).astype(np.float32)

    def powers(self, trials: NDArray[np.float32]) -> NDArray[np.float32]:
        """Shape (n_trials, n_channels, n_places)."""
        total = np.zeros((*trials.shape[:2], len(self._places)), np.float32)
        with np.errstate(invalid="ignore", over="ignore"):  # of NaN and infinite samples
            for i in range(self.n_segments):
                projections = trials[..., i * self._length : (i + 1) * self._length] @ self._waves
                cosines, sines = np.split(projections, 2, axis=-1)
                total += cosines**2 + sines**2
        return total

    def ratios(self, powers: NDArray[np.float32]) -> dict[int, NDArray[np.float32]]:
        """Power at every line against that beside it, on the stronger of its sides."""
        ratios = {}
        power_at = dict(zip(self._places, np.moveaxis(powers, -1, 0), strict=True))
        for line in self.freqs:
            sides = [[line + sign * off for off in NEIGHBOURS] for sign in (-1, 1)]
            beside = [[power_at[f] for f in side if f in power_at] for side in sides]
            stronger = np.maximum.reduce([np.mean(side, axis=0) for side in beside if side])
            with np.errstate(invalid="ignore", divide="ignore"):
                ratios[line] = power_at[line] / stronger
        return ratios


def _extreme(
    block: NDArray[np.float32], of_two: np.ufunc
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The lowest or highest sample of every channel, and whether it is the rail of an amplifier.

    At a rail stay several samples in a row, so that every second one alone shows it too: the
    rest is counted only where that is so.
    """
    even = of_two.reduce(block[..., ::2], axis=-1)
    odd = of_two.reduce(block[..., 1::2], axis=-1) if block.shape[-1] > 1 else even
    extreme = of_two(even, odd)
    clipped = even == odd
    where = np.nonzero(clipped)
    signals = block[where]
    n_at_rail, *n_beside = _counts_from_the_edge(signals, of_two, n_values=3)
    enough = max(CLIPPED_LEAST, CLIPPED_PART * block.shape[-1])
    stays = (n_at_rail >= enough) | _has_run(signals == extreme[where][:, None], CLIPPED_RUN)
    clipped[where] = stays & (n_at_rail > CLIPPED_TIMES * np.max(n_beside, axis=0))
    return extreme, clipped


def _has_run(mask: NDArray[np.bool_], length: int) -> NDArray[np.bool_]:
    """Whether so many in a row are true, of every signal."""
    if mask.shape[-1] < length:
        return np.zeros(len(mask), bool)
    run = mask[:, : mask.shape[-1] - length + 1].copy()
    for i in range(1, length):
        run &= mask[:, i : mask.shape[-1] - length + 1 + i]
    return np.asarray(run.any(axis=-1))


def median_of(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """The median over trials of what is finite, for every channel."""
    finite = np.where(np.isfinite(values), values, np.nan)
    return pd.DataFrame(finite, dtype=float).median().to_numpy()


def _counts_from_the_edge(
    signals: NDArray[np.float32], of_two: np.ufunc, n_values: int
) -> list[NDArray[np.intp]]:
    """How often every signal takes its outermost value, the one next to it, and so on."""
    used_up = np.float32(np.inf if of_two is np.minimum else -np.inf)
    counts = []
    for _ in range(n_values):
        mask = signals == of_two.reduce(signals, axis=-1)[:, None]
        counts.append(mask.sum(axis=-1))
        signals = np.where(mask, used_up, signals)
    return counts
