"""Trials from and to the epochs of MNE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from eegkit.labels import of_each
from eegkit.signals import SignalArray, as_signals
from eegkit.signals_input import MICROVOLTS_PER_VOLT, loaded

if TYPE_CHECKING:
    import mne


def read_epochs(
    epochs: mne.BaseEpochs, y: ArrayLike | None, columns: Mapping[str, Any]
) -> tuple[SignalArray, ArrayLike, pd.DataFrame, mne.Info]:
    """What `Trials` are made of, from epochs; see `Trials.from_epochs`.

    Parameters
    ----------
    epochs : mne.Epochs
    y : array-like, shape (n_trials,), or None
    columns : dict of str to array-like, str or None
        ``subject``, ``session`` and ``run``.

    Returns
    -------
    SignalArray, array-like, pandas.DataFrame, mne.Info
        The signals in microvolts, the labels, the metadata, the recording.

    Raises
    ------
    ValueError
        Nobody says who the subject is.
    """
    import mne

    epochs = loaded(epochs)
    X = as_signals(epochs)
    metadata = pd.DataFrame(index=range(len(X)))
    if epochs.metadata is not None:
        metadata = epochs.metadata.reset_index(drop=True)
    his_id = (epochs.info["subject_info"] or {}).get("his_id") or None
    fallbacks = {"subject": his_id, "session": "0", "run": "0"}
    for name, value in columns.items():
        if value is not None:  # by position, whatever index a column of pandas has
            metadata[name] = of_each(value, len(X), name)
        elif name not in metadata and fallbacks[name] is not None:
            metadata[name] = fallbacks[name]
    if "subject" not in metadata:
        raise ValueError(
            "The epochs do not say whose they are (no metadata column 'subject', no "
            "subject_info['his_id']); pass subject=."
        )
    if y is None:
        names = {code: name for name, code in epochs.event_id.items()}
        y = [names[code] for code in epochs.events[:, 2]]
    picks = mne.pick_types(epochs.info, meg=False, eeg=True, exclude=())
    return X, y, metadata, mne.pick_info(epochs.info, picks)


def make_epochs(
    X: NDArray[Any], y: NDArray[Any], metadata: pd.DataFrame, info: mne.Info
) -> mne.EpochsArray:
    """Trials as epochs in volts, their labels as events; see `Trials.to_epochs`.

    Parameters
    ----------
    X : ndarray, shape (n_trials, n_channels, n_times)
        In microvolts.
    y : ndarray, shape (n_trials,)
    metadata : pandas.DataFrame, n_trials rows
    info : mne.Info

    Raises
    ------
    ValueError
        The labels are soft, so no trial has one event.
    """
    import mne

    if y.ndim != 1:
        raise ValueError("Soft labels cannot become events; set trials.y to one label each.")
    classes, codes = np.unique(y, return_inverse=True)
    onsets = np.arange(len(X)) * X.shape[2]
    events = np.column_stack([onsets, np.zeros(len(X), int), codes + 1])
    return mne.EpochsArray(
        np.asarray(X, dtype=np.float64) / MICROVOLTS_PER_VOLT,
        info,
        events=events,
        event_id={str(name): code + 1 for code, name in enumerate(classes)},
        metadata=metadata,
        verbose="error",
    )
