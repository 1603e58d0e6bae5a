"""What is asked of a condition, and when every trial happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eegkit.datasets._head import Head

N_RUNS = 4  # two in each session

Simulated: TypeAlias = tuple[NDArray[np.float32], NDArray[np.str_], pd.DataFrame]


class Plan(NamedTuple):
    """One person's part of a data set."""

    subject: str
    classes: tuple[str, ...]
    n_trials: int
    n_times: int
    sfreq: float
    difficulty: str


class Condition(NamedTuple):
    """A condition: its classes, how many of them are usual, and what makes a person's trials.

    The label is the person where there are no classes.
    """

    classes: tuple[str, ...]
    n_classes: int
    simulate: Callable[[np.random.Generator, Head, Plan], Simulated]


def schedule(n_trials: int) -> tuple[NDArray[np.intp], pd.DataFrame]:
    """The run of every trial, and the metadata that say so."""
    run = np.arange(n_trials) * N_RUNS // n_trials
    when = {"session": (run // 2).astype(str), "run": run.astype(str), "trial": range(n_trials)}
    return run, pd.DataFrame(when)


def shuffled(
    rng: np.random.Generator, classes: Sequence[str], n_trials: int
) -> tuple[NDArray[np.str_], pd.DataFrame]:
    """Shuffled labels, balanced in every run, and when each trial happened."""
    y = np.resize(np.array(classes), n_trials)
    run, metadata = schedule(n_trials)
    for number in range(N_RUNS):
        y[run == number] = rng.permutation(y[run == number])
    return y, metadata


def session_of(metadata: pd.DataFrame) -> NDArray[np.intp]:
    """The number of every trial's session."""
    return metadata["session"].to_numpy().astype(int)
