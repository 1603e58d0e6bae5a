"""What the signals alone say about trials: which are copies, and which share samples.

A trial is reduced to hashes of short runs of samples. Equal runs have equal hashes wherever
they lie in a trial, so that sorting the hashes of all trials finds windows that overlap
without anyone saying when they were recorded. Where there are too many runs, those are kept
whose hash falls below a bound: the choice depends on the content and is the same in every
copy of it [1]_.

References
----------
.. [1] Schleimer, S., Wilkerson, D. S., & Aiken, A. (2003). Winnowing: local algorithms for
   document fingerprinting. SIGMOD, 76-85. https://doi.org/10.1145/872757.872770
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from eegkit.blocks import read_blocks
from eegkit.evaluation.audit.near_copies import projector

# Samples in a run: enough that recordings of integers do not agree by chance.
RUN, RUN_OF_FEW_CHANNELS, FEW_CHANNELS = 16, 32, 4
# Runs that are kept, of all trials together.
# A bound on memory: 16 bytes a run, so 64 MB at most, however long the recordings are.
MAX_RUNS = 4_000_000
# Small enough for what is made of a block to stay in the processor's cache.
BLOCK_BYTES = 2**22
FIRST_BITS = 22

# Odd, so that its powers have inverses modulo 2**64, by which `_rolling` divides.
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 2**64)


class Runs(NamedTuple):
    """Hashes of runs of samples, the trial each is from, and where in it the run starts."""

    key: NDArray[np.uint64]
    trial: NDArray[np.int32]
    start: NDArray[np.int32]


@dataclass(frozen=True)
class Content:
    """What one reading of the signals gives.

    ``exact`` are runs of samples, ``shape`` runs of the places where channels turn from
    rising to falling or back, which do not change when a channel is scaled, flipped or
    shifted; both are of usable trials, sorted by key, without those that stand alone. ``whole``
    is the hash of each trial, ``projected`` its random projections.
    """

    whole: NDArray[np.uint64]
    flat: NDArray[np.bool_]
    finite: NDArray[np.bool_]
    exact: Runs
    shape: Runs
    shape_run: int
    projected: NDArray[np.float32]

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Trials that hold a signal: finite, and not the same value from start to end."""
        return self.finite & ~self.flat


class Groups:
    """Sets of trials that share something, such as the same run of samples.

    Parameters
    ----------
    key : ndarray, shape (n_entries,)
        What an entry is about; entries of the same key form a set.
    trial : ndarray of int, shape (n_entries,)
    n_trials : int
    """

    def __init__(self, key: NDArray[Any], trial: NDArray[np.integer], n_trials: int) -> None:
        keys, number = np.unique(key, return_inverse=True)
        entries = np.ones(len(key), dtype=bool), (number, trial)
        sets = sparse.csr_array(entries, shape=(len(keys), n_trials))
        # Only sets of two and more, and each set of trials once. It is known by the sum of their
        # random names: two windows that overlap share hundreds of runs, which are one set here.
        names = np.random.default_rng(0).integers(2**63, size=n_trials, dtype=np.int64)
        large = np.flatnonzero(np.diff(sets.indptr) > 1)
        first = np.unique((sets @ names)[large], return_index=True)[1]
        self._sets = sets[large[np.sort(first)]].tocsc()

    def across(
        self, train: NDArray[np.intp], test: NDArray[np.intp]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The test trials that share a set with a training trial, and one such partner of each."""
        if not self._sets.shape[0]:
            return np.zeros(0, np.intp), np.zeros(0, np.intp)
        # One partner of each set is enough: it is the example in the message.
        partner = np.full(self._sets.shape[0], -1, dtype=np.intp)
        sets, trials = self._entries(train)
        partner[sets] = trials
        sets, trials = self._entries(test)
        partners = partner[sets]
        # A trial on both sides shares everything with itself; the metadata have told of that.
        hit = (partners >= 0) & (partners != trials)
        hits, first = np.unique(trials[hit], return_index=True)
        return hits, partners[hit][first]

    def _entries(self, trials: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The sets that trials are in, and for each of those the trial."""
        part = self._sets[:, trials]
        return part.indices, np.repeat(trials, np.diff(part.indptr))


def _sorted_unique(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """As np.unique, whose hashing of many distinct numbers takes longer than sorting them."""
    values = np.sort(values)
    return values[np.concatenate([[True], values[1:] != values[:-1]])[: len(values)]]


def read_content(X: NDArray[np.float32]) -> Content:
    """Read all trials once, in blocks.

    Parameters
    ----------
    X : ndarray or memmap, shape (n_trials, n_channels, n_times)
    """
    n_trials, n_channels, n_times = X.shape
    run = min(RUN_OF_FEW_CHANNELS if n_channels < FEW_CHANNELS else RUN, n_times)
    # A pattern of turns holds one bit for each channel and sample. Its runs have to be longer
    # than those of samples to be as rare, and the longer the fewer channels there are.
    shape_run = max(run, n_times // (8 if n_channels >= 16 else 4))
    weights = _random_odd(n_channels)
    project = projector(n_channels, n_times)
    share = MAX_RUNS / max(1, n_trials * n_times)
    whole, flat = np.empty(n_trials, np.uint64), np.empty(n_trials, bool)
    projected = np.empty((n_trials, project.shape[1]), np.float32)
    exact_parts, shape_parts = [], []
    stop = 0
    for block in read_blocks(X, BLOCK_BYTES):
        rows = slice(stop, stop := stop + len(block))
        # Trials with NaN are told below, once, instead of by a warning of each operation.
        with np.errstate(invalid="ignore", over="ignore"):
            projected[rows] = block.reshape(len(block), -1) @ project
            turns = _turns(block)
        # The bits of the samples, as integers: sums of those are exact in any order, and NaN is
        # equal to itself.
        samples = _mixed(_weighted(block.view(np.uint32), weights))
        whole[rows] = _rolling(samples, n_times)[:, 0]
        flat[rows] = (samples[:, 1:] == samples[:, :-1]).all(axis=1)
        exact_parts.append(_runs(samples, run, run // 2, share, rows.start))
        # A trial too short for one run of turns is compared by samples and projections only.
        if turns.shape[2] >= shape_run:
            patterns = _mixed(_weighted(turns, weights))
            shape_parts.append(_runs(patterns, shape_run, 12, share / 2, rows.start))
    # One NaN or infinity makes all projections of a trial so, which saves another reading of X.
    finite = np.logical_and.reduce(np.isfinite(projected), axis=1)
    exact, shape = (_join(parts, finite & ~flat) for parts in (exact_parts, shape_parts))
    return Content(whole, flat, finite, exact, shape, shape_run, projected)


def shared_runs(content: Content) -> Groups:
    """Sets of trials that hold the same run of samples, wherever it lies in them."""
    key, trial, _ = content.exact
    return Groups(key, trial, len(content.whole))


def copies(content: Content) -> Groups:
    """Sets of trials that are the same from the first sample to the last."""
    trials = np.flatnonzero(content.usable)
    return Groups(content.whole[trials], trials, len(content.whole))


def alike_in_shape(content: Content) -> NDArray[np.int64]:
    """Pairs of trials that rise and fall alike for a while, and the lag between the two.

    Returns
    -------
    ndarray, shape (n_pairs, 3)
        Columns i, j > i and lag: sample ``t`` of trial i is sample ``t - lag`` of trial j.
    """
    key, trial, start = content.shape
    n_trials, most = len(content.whole), int(start.max(initial=0))
    codes = [np.zeros(0, dtype=np.int64)]
    # Each entry meets the next four of its key, no more: all pairs of a pattern that is common
    # would be too many, and trials that overlap meet in some run of the many they share.
    for step in range(1, 5):
        same = np.flatnonzero((key[step:] == key[:-step]) & (trial[step:] != trial[:-step]))
        # A stable sort keeps the trials of a key in order, so that i < j.
        i, j = trial[same].astype(np.int64), trial[same + step].astype(np.int64)
        lag = start[same].astype(np.int64) - start[same + step] + most
        # A pair and its lag in one integer, of which a sort finds the distinct ones.
        codes.append((i * n_trials + j) * (2 * most + 1) + lag)
    pairs, lag = np.divmod(_sorted_unique(np.concatenate(codes)), 2 * most + 1)
    return np.column_stack([pairs // n_trials, pairs % n_trials, lag - most])


def _turns(block: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Where channels turn, eight of them in a byte: (n_trials, n_channels / 8, n_times - 2)."""
    n_trials, n_channels, n_times = block.shape
    rises = np.zeros((n_trials, -(-n_channels // 8), n_times - 1), np.uint8)
    # By channel: np.packbits takes ten times as long along that axis.
    for channel in range(n_channels):
        rise = block[:, channel, 1:] > block[:, channel, :-1]
        rises[:, channel // 8] |= rise.view(np.uint8) << np.uint8(channel % 8)
    return np.bitwise_xor(rises[:, :, 1:], rises[:, :, :-1])


def _random_odd(n: int) -> NDArray[np.uint64]:
    # Multiplying by an odd number loses no bit modulo 2**64. The seed is fixed so that an audit
    # says the same each time.
    return np.random.default_rng(0).integers(2**64, size=n, dtype=np.uint64) | np.uint64(1)


def _weighted(words: NDArray[np.unsignedinteger], weights: NDArray[np.uint64]) -> NDArray[Any]:
    """The sum over channels of each word times its channel's weight, modulo 2**64."""
    total = np.zeros((words.shape[0], words.shape[2]), np.uint64)
    # By channel and in place: a product of the whole block would be twice as large as it.
    part = np.empty_like(total)
    for channel in range(words.shape[1]):
        np.multiply(words[:, channel], weights[channel], out=part)
        total += part
    return total


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Every bit of the result depends on every bit of the value; in place."""
    # Shifts and factors in the manner of SplitMix64: without them, the lowest bits of a sum
    # would depend on the lowest bits of the samples alone.
    for factor in (0xBF58476D1CE4E5B9, 0x94D049BB133111EB):
        values ^= values >> np.uint64(31)
        values *= np.uint64(factor)
    values ^= values >> np.uint64(31)
    return values


def _rolling(samples: NDArray[np.uint64], run: int) -> NDArray[np.uint64]:
    """Hash of every run: a polynomial whose coefficients are the samples, modulo 2**64."""
    n_times = samples.shape[1]
    power = np.full(n_times, _BASE, np.uint64)
    back = np.full(n_times - run + 1, _INVERSE, np.uint64)
    power[0] = back[0] = 1
    power, back = np.cumprod(power, dtype=np.uint64), np.cumprod(back, dtype=np.uint64)
    total = np.zeros((len(samples), n_times + 1), np.uint64)
    np.cumsum(samples * power, axis=1, out=total[:, 1:])
    # The difference of running sums is the run times a power of the base, which depends on where
    # it starts; divided by that, equal runs are equal wherever they lie.
    return _mixed((total[:, run:] - total[:, : n_times - run + 1]) * back)


def _runs(
    samples: NDArray[np.uint64], run: int, least_changes: int, share: float, first: int
) -> Runs:
    """The runs of a block that are not flat; of too many, the share with the smallest hashes."""
    key = _rolling(samples, run)
    # Flat or clipped stretches are the same in any recording, and are no copies.
    changes: NDArray[np.int32] = np.zeros(samples.shape, np.int32)
    np.cumsum(samples[:, 1:] != samples[:, :-1], axis=1, out=changes[:, 1:])
    mask = changes[:, run - 1 :] - changes[:, : changes.shape[1] - run + 1] >= least_changes
    # Chosen by the hash, not by place: each copy of a run falls on the same side of the bound.
    if share < 1:
        mask &= key < np.uint64(share * 2**64)
    row, start = np.nonzero(mask)
    return Runs(key[mask], (row + first).astype(np.int32), start.astype(np.int32))


def _join(parts: list[Runs], usable: NDArray[np.bool_]) -> Runs:
    """The runs of usable trials whose key is there twice, sorted by key; nearly all are not."""
    empty = Runs(np.zeros(0, np.uint64), np.zeros(0, np.int32), np.zeros(0, np.int32))
    runs = Runs(*map(np.concatenate, zip(empty, *parts, strict=True)))
    # Sorting the keys alone is much faster than finding the order of all entries.
    keys = np.sort(runs.key if usable.all() else runs.key[usable[runs.trial]])
    twice = np.unique(keys[1:][keys[1:] == keys[:-1]])
    if not len(twice):
        return empty
    # The first bits tell most of the others apart, before the whole keys are looked up.
    begins = np.zeros(2**FIRST_BITS, dtype=bool)
    begins[twice >> np.uint64(64 - FIRST_BITS)] = True
    rows = np.flatnonzero(begins[runs.key >> np.uint64(64 - FIRST_BITS)])
    place = np.minimum(np.searchsorted(twice, runs.key[rows]), len(twice) - 1)
    rows = rows[(twice[place] == runs.key[rows]) & usable[runs.trial[rows]]]
    rows = rows[np.argsort(runs.key[rows], kind="stable")]
    return Runs(runs.key[rows], runs.trial[rows], runs.start[rows])
