"""Power spectra of every person and class, read block by block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import scipy.signal
from numpy.typing import NDArray

from eegkit.blocks import release, row_blocks
from eegkit.text import shortlist
from eegkit.trials import Trials

BLOCK_BYTES = 2**24
# Welch's windows in s, where trials are as long: bins of half a hertz.
WINDOW_S = 2.0
MAX_CLASSES = 10
# Power below which no logarithm is taken, in µV²/Hz.
AMIN = 1e-10


def class_spectra(
    trials: Trials, classes: Sequence[Any] | None
) -> tuple[NDArray[np.floating], NDArray[np.float64], list[Any]]:
    """Mean power density of the trials of every person and class (Welch).

    Returns
    -------
    freqs : ndarray, shape (n_freqs,)
        In Hz.
    power : ndarray, shape (n_subjects, n_classes, n_channels, n_freqs)
        In µV²/Hz; NaN where a person has no trial of a class.
    classes : list
    """
    class_list = pick_classes(trials, classes)
    people, person = np.unique(trials.groups, return_inverse=True)
    n_samples = min(trials.n_times, round(WINDOW_S * trials.sfreq))
    freqs = np.fft.rfftfreq(n_samples, 1 / trials.sfreq)
    # The place of each label among the classes, -1 for others.
    code = pd.Index(class_list).get_indexer(trials.y)
    n_trials = np.zeros((len(people), len(class_list)))
    np.add.at(n_trials, (person[code >= 0], code[code >= 0]), 1)
    power = np.zeros((*n_trials.shape, trials.X.shape[1], len(freqs)))
    X = np.asarray(trials.X)
    for rows in row_blocks(len(X), X[:1].nbytes, BLOCK_BYTES):
        shown = np.arange(rows.start, rows.stop)[code[rows] >= 0]
        if len(shown):
            _, density = scipy.signal.welch(X[shown], trials.sfreq, nperseg=n_samples)
            np.add.at(power, (person[shown], code[shown]), density)
        release(X)
    if not np.isfinite(power).all():
        raise ValueError(
            "X holds missing or infinite samples; drop those trials or channels "
            "(trials.describe() tells which)."
        )
    with np.errstate(invalid="ignore"):  # 0 / 0 where a person has no trial of a class
        return freqs, power / n_trials[..., None, None], class_list


def to_decibel(power: NDArray[np.float64]) -> NDArray[np.float64]:
    return 10 * np.log10(np.maximum(power, AMIN))


def pick_classes(trials: Trials, classes: Sequence[Any] | None) -> list[Any]:
    """The classes asked for, or all if they are not too many to be told apart."""
    if trials.y.ndim != 1:
        raise ValueError("The labels are soft; set trials.y to one label each.")
    labels = np.unique(trials.y).tolist()
    if classes is None:
        if len(labels) > MAX_CLASSES:
            raise ValueError(
                f"There are {len(labels)} classes, too many to tell apart; choose at most "
                f"{MAX_CLASSES}, such as classes={labels[:3]}."
            )
        return labels
    picks = list(classes)
    if not picks or not set(picks) <= set(labels) or len(set(picks)) < len(picks):
        raise ValueError(f"classes is {picks}; expected different ones of {shortlist(labels, 20)}.")
    return picks


def pick_channels(trials: Trials, channels: Sequence[str] | None) -> list[int]:
    """The places of the channels asked for, or of all."""
    names = trials.ch_names
    picks = names if channels is None else list(channels)
    if not picks or not set(picks) <= set(names):
        raise ValueError(f"channels is {list(picks)}; expected some of {shortlist(names, 20)}.")
    return [names.index(name) for name in picks]
