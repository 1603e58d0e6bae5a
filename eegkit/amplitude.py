"""How large trials are, and whether that can be microvolts of scalp EEG."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from eegkit.blocks import row_blocks
from eegkit.text import shortlist

# Of each person so many trials are looked at, and of each trial so many channels and samples.
N_TRIALS, N_CHANNELS, N_TIMES = 4, 32, 1024
# Standard deviations in microvolts: below the first it looks like volts, below the second like
# millivolts, above the third like nanovolts. Standardised signals, about 1, lie far between.
VOLTS, MILLIVOLTS, NANOVOLTS = 1e-3, 0.05, 5e3
# One person among others is in another unit from this ratio to the median person on.
ODD = 100.0
# What the median person is taken to have where another is compared with it.
USUAL = 10.0


class AmplitudeWarning(UserWarning):
    """Signals are not in microvolts, or unlike those that an estimator was fitted on."""


def amplitudes(X: NDArray[Any]) -> NDArray[np.float64]:
    """The standard deviation of every trial's median channel that is not flat; 0 where all are."""
    step = -(-X.shape[1] // N_CHANNELS)
    part = np.asarray(X[:, ::step, :N_TIMES], dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        spread = part.std(axis=-1)
    spread[~(spread > 0)] = np.nan
    medians = np.full(len(X), 0.0)
    alive = ~np.isnan(spread).all(axis=1)
    medians[alive] = np.nanmedian(spread[alive], axis=1)
    return medians


def unit_of(amplitude: float) -> tuple[str, str] | None:
    """The unit that an amplitude looks like, and the factor to microvolts; None where it fits."""
    if not 0 < amplitude < np.inf:
        return None
    if amplitude < VOLTS:
        return "volts", "1e6"
    if amplitude < MILLIVOLTS:
        return "millivolts", "1e3"
    if amplitude > NANOVOLTS:
        return "nanovolts", "1e-3"
    return None


def unit_sentences(X: NDArray[Any], people: ArrayLike | None = None) -> Iterator[str]:
    """What to say of trials, or of some people's, that cannot be scalp EEG in microvolts.

    Parameters
    ----------
    X : ndarray, shape (n_trials, n_channels, n_times)
    people : array-like, shape (n_trials,), optional
        Whose each trial is, or which recording's.

    Yields
    ------
    str
        One sentence for all of them, and one for the people of each other unit.
    """
    labels = np.zeros(len(X), int) if people is None else np.asarray(people).astype(str)
    order = pd.Series(np.arange(len(X))).groupby(labels)
    step = (order.transform("size") // N_TRIALS).clip(lower=1)
    number = order.cumcount()
    rows = np.flatnonzero((number % step == 0) & (number // step < N_TRIALS))
    blocks = row_blocks(len(rows), X[:1].nbytes)
    size = np.concatenate([amplitudes(X[rows[block]]) for block in blocks])
    size = pd.Series(size).groupby(labels[rows]).median()
    typical = float(size[size > 0].median())
    unit = unit_of(typical)
    if unit is not None:
        yield _sentence("X has", typical, unit)
    yield from odd_people(size)


def odd_people(size: pd.Series) -> Iterator[str]:
    """Of the amplitude of every person: a sentence for those of another unit than most."""
    alive = size[(size > 0) & np.isfinite(size)]
    if len(alive) < 2:
        return
    typical = float(alive.median())
    shared = unit_of(typical)
    units = alive.map(unit_of)
    apart = (alive / typical < 1 / ODD) | (alive / typical > ODD)
    if shared is None and len(alive) > 2:  # two people have no median between them
        by_ratio = (alive / typical * USUAL).map(unit_of)
        units = units.where(units.notna() | ~apart, by_ratio)
    units = units[units.notna() & (apart if shared else True)]
    for unit, some in alive[units.index].groupby(units):
        text = f"The trials of {shortlist(some.index)} ({len(some)} of {len(alive)}) have"
        yield _sentence(text, float(some.median()), unit)


def _sentence(subject: str, amplitude: float, unit: tuple[str, str]) -> str:
    name, factor = unit
    return (
        f"{subject} a standard deviation of about {amplitude:.1g} where scalp EEG in microvolts "
        f"has some 5 to 50: this looks like {name}; multiply by {factor}."
    )
