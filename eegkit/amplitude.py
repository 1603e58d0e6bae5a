"""How large trials are, and whether that can be microvolts of scalp EEG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eegkit.blocks import row_blocks
from eegkit.text import shortlist

# Of each person so many trials are looked at, and of each trial so many channels and samples.
N_TRIALS, N_CHANNELS, N_TIMES = 4, 32, 1024
# Small enough for what is made of a block to stay in the processor's cache.
BLOCK_BYTES = 2**20
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
    if (spread > 0).all():
        return np.median(spread, axis=1)
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
    size = amplitude_of_each(X, people)
    typical = _typical(size)
    unit = unit_of(typical)
    if unit is not None:
        yield _sentence("X has", typical, unit)
    yield from odd_people(size)


def factor_to_microvolts(X: NDArray[Any], people: ArrayLike | None = None) -> float:
    """What brings trials to microvolts, by the unit that they look like; 1 where they fit."""
    unit = unit_of(_typical(amplitude_of_each(X, people)))
    return 1.0 if unit is None else float(unit[1])


def amplitude_of_each(X: NDArray[Any], people: ArrayLike | None = None) -> dict[str, float]:
    """The median amplitude of some trials of every person, by name."""
    labels = np.zeros(len(X), int) if people is None else np.asarray(people)
    names, numbers = np.unique(labels.astype(str), return_inverse=True)
    rows = _some_rows(numbers)
    blocks = row_blocks(len(rows), X[:1].nbytes, BLOCK_BYTES)
    size = np.concatenate([amplitudes(X[rows[block]]) for block in blocks])
    ends = np.searchsorted(numbers[rows], np.arange(1, len(names)))
    medians = [float(np.median(each)) for each in np.split(size, ends)]
    return dict(zip(names.tolist(), medians, strict=True))


def _some_rows(numbers: NDArray[np.intp]) -> NDArray[np.intp]:
    """`N_TRIALS` rows of every person, evenly spread, or all; one person after the other."""
    order = np.argsort(numbers, kind="stable")
    counts = np.bincount(numbers)
    place = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    step = np.repeat(np.maximum(counts // N_TRIALS, 1), counts)
    return order[(place % step == 0) & (place // step < N_TRIALS)]


def _typical(size: Mapping[Any, float]) -> float:
    """The median person's amplitude; NaN where all are flat."""
    alive = [each for each in size.values() if each > 0]
    return float(np.median(alive)) if alive else float("nan")


def odd_people(size: Mapping[Any, float]) -> Iterator[str]:
    """Of the amplitude of every person: a sentence for those of another unit than most."""
    alive = {name: each for name, each in size.items() if 0 < each < np.inf}
    if len(alive) < 2:
        return
    typical = _typical(alive)
    odd: dict[tuple[str, str], list[Any]] = {}
    for name, amplitude in alive.items():
        unit = _odd_unit(amplitude, typical, len(alive))
        if unit is not None:
            odd.setdefault(unit, []).append(name)
    for unit, names in sorted(odd.items()):
        text = f"The trials of {shortlist(names)} ({len(names)} of {len(alive)}) have"
        yield _sentence(text, float(np.median([alive[name] for name in names])), unit)


def _odd_unit(amplitude: float, typical: float, n_people: int) -> tuple[str, str] | None:
    """The unit that a person among others seems to be in; None where it is that of most."""
    is_apart = not 1 / ODD <= amplitude / typical <= ODD
    if unit_of(typical) is not None:
        return unit_of(amplitude) if is_apart else None
    unit = unit_of(amplitude)
    if unit is None and is_apart and n_people > 2:  # two people have no median between them
        return unit_of(amplitude / typical * USUAL)
    return unit


def _sentence(subject: str, amplitude: float, unit: tuple[str, str]) -> str:
    name, factor = unit
    return (
        f"{subject} a standard deviation of about {amplitude:.1g} where scalp EEG in microvolts "
        f"has some 5 to 50: this looks like {name}; multiply by {factor}."
    )
