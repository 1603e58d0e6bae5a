"""Trials from and to braindecode's data sets of windows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from eegkit.signals_input import MICROVOLTS_PER_VOLT
from eegkit.trials import Trials
from eegkit.trials_checks import METADATA_COLUMNS

if TYPE_CHECKING:
    from braindecode.datasets import BaseConcatDataset

SCALES = {"V": MICROVOLTS_PER_VOLT, "uV": 1.0}
# No EEG varies by 10 mV: such numbers are microvolts already.
LARGEST_EEG_V = 0.01
# Signals, labels, metadata and MNE's info of the windows of one recording.
Part = tuple[NDArray[np.float32], NDArray[Any], pd.DataFrame, Any]
TARGET = "target"
LABEL = "label"


def from_braindecode(
    windows: Any,
    *,
    target: str = TARGET,
    unit: str = "V",
    subject: ArrayLike | str | None = None,
) -> Trials:
    """Trials of a braindecode data set that has been cut into windows.

    Parameters
    ----------
    windows : BaseConcatDataset, EEGWindowsDataset or WindowsDataset
        What braindecode's ``create_windows_from_events`` and its like give. Transforms that are
        set are applied.
    target : str, default "target"
        Column of the windows' metadata that holds the labels. `to_braindecode` keeps the
        original ones in ``"label"``.
    unit : {"V", "uV"}, default "V"
        Unit of the signals. MNE's is volts, but many pipelines multiply by a million.
    subject : array-like, shape (n_trials,), or str, optional
        Whose the windows are; by default what the description's column ``subject`` says.

    Returns
    -------
    Trials
        X is in microvolts, EEG channels only. Metadata: the description of each recording and
        the windows' own columns; session and run are ``"0"`` where nobody says.

    Raises
    ------
    ValueError
        The data set is not cut into windows, they differ in length, channels or rate, the
        unit cannot be right, or nobody says who the subjects are.

    Examples
    --------
    >>> from eegkit import load_dataset
    >>> from eegkit_braindecode import from_braindecode, to_braindecode
    >>> trials = load_dataset("simulated", n_subjects=2, n_trials=4)
    >>> windows = to_braindecode(trials)  # doctest: +SKIP
    >>> from_braindecode(windows, target="label")  # doctest: +SKIP
    """
    if unit not in SCALES:
        raise ValueError(f"unit is {unit!r}; expected 'V' or 'uV'.")
    recordings = list(getattr(windows, "datasets", [windows]))
    parts = [_part(recording, i, target, unit) for i, recording in enumerate(recordings)]
    rows = pd.concat([table for _, _, table, _ in parts], ignore_index=True)
    if subject is not None:
        rows["subject"] = subject
    if "subject" not in rows or rows["subject"].isna().any():
        raise ValueError(
            "The windows do not say whose they are: the description has no subject for some or "
            "all recordings; pass subject=."
        )
    for column in ("session", "run"):
        rows[column] = rows[column].fillna("0") if column in rows else "0"
    keys = list(METADATA_COLUMNS)
    rows = rows[keys + [column for column in rows if column not in keys]]
    _check_alike(parts)
    return Trials(
        np.concatenate([X for X, _, _, _ in parts]),
        np.concatenate([y for _, y, _, _ in parts]),
        rows,
        parts[0][3],
    )


def _check_alike(parts: list[Part]) -> None:
    """Refuse recordings that differ from the first one in channels, rate or length."""
    reference_X, _, _, reference_info = parts[0]
    for i, (X, _, _, info) in enumerate(parts):
        for quantity, value, reference in (
            ("channels", info["ch_names"], reference_info["ch_names"]),
            ("rate", info["sfreq"], reference_info["sfreq"]),
            ("number of samples", X.shape[2], reference_X.shape[2]),
        ):
            if value != reference:
                raise ValueError(
                    f"Recording {i} has the {quantity} {value}, but recording 0 {reference}; "
                    "bring them to one before cutting windows."
                )


def _part(recording: Any, number: int, target: str, unit: str) -> Part:
    """Signals, labels, metadata and info of the windows of one recording."""
    import mne

    table = getattr(recording, "metadata", None)
    if table is None or not len(table):
        raise ValueError(
            f"Recording {number} is a {type(recording).__name__} without windows; cut it by "
            "braindecode.preprocessing.create_windows_from_events or create_fixed_length_windows."
        )
    if recording.targets_from != "metadata" or target not in table:
        raise ValueError(
            f"Recording {number} has no labels in a column {target!r} of its metadata, but "
            f"{', '.join(map(str, table.columns))}; set target=."
        )
    signals = recording.windows if hasattr(recording, "windows") else recording.raw
    picks = mne.pick_types(signals.info, meg=False, eeg=True, exclude=())
    if not len(picks):
        kinds = ", ".join(sorted(set(signals.get_channel_types())))
        raise ValueError(f"Recording {number} has no EEG channel, but channels of {kinds}.")
    windows = [np.asarray(recording[i][0]) for i in range(len(recording))]
    shapes = {window.shape for window in windows}
    if len(shapes) > 1 or windows[0].ndim != 2 or windows[0].shape[0] != len(signals.ch_names):
        raise ValueError(
            f"Recording {number} gives windows of shape {', '.join(map(str, sorted(shapes)))}; "
            f"expected one shape, ({len(signals.ch_names)}, n_times), as it has that many channels."
        )
    X = np.stack(windows)[:, picks].astype(np.float64)
    if unit == "V" and np.median(X.std(axis=-1)) > LARGEST_EEG_V:
        raise ValueError(
            f"The channels of recording {number} vary by {np.median(X.std(axis=-1)):g} V, which no "
            "EEG does; pass unit='uV' if the signals are microvolts already."
        )
    description = dict(recording.description if recording.description is not None else {})
    rows = table.reset_index(drop=True).drop(columns=[target])
    for name in reversed([name for name in description if name not in rows]):
        rows.insert(0, name, [description[name]] * len(rows))
    info = mne.pick_info(signals.info, picks)
    return (X * SCALES[unit]).astype(np.float32), table[target].to_numpy(), rows, info


def to_braindecode(trials: Trials) -> BaseConcatDataset:
    """A braindecode data set of windows: one recording for each subject, session and run.

    Parameters
    ----------
    trials : Trials
        With one label each.

    Returns
    -------
    braindecode.datasets.BaseConcatDataset
        Of ``WindowsDataset``, in volts. The description says subject, session and run; the
        windows' metadata holds the other columns, ``target`` (the place of the label among the
        sorted ones, as nets want it) and ``label``, the original one.

    Raises
    ------
    ValueError
        The labels are soft.
    ImportError
        braindecode cannot be imported.

    Examples
    --------
    >>> from eegkit import load_dataset
    >>> from eegkit_braindecode import to_braindecode
    >>> to_braindecode(load_dataset("simulated")).split("subject")  # doctest: +SKIP
    """
    import mne

    if trials.y.ndim != 1:
        raise ValueError("Soft labels cannot become targets; set trials.y to one label each.")
    from braindecode.datasets import BaseConcatDataset, WindowsDataset

    targets = np.unique(trials.y, return_inverse=True)[1]
    rows = trials.metadata.drop(columns=[TARGET, LABEL], errors="ignore")
    recordings = []
    keys = list(METADATA_COLUMNS)
    for values, table in rows.groupby(keys, sort=False, dropna=False):
        index = table.index.to_numpy()
        metadata = table.drop(columns=keys).reset_index(drop=True)
        metadata[TARGET], metadata[LABEL] = targets[index], trials.y[index]
        # A window is a trial of its own here.
        metadata["i_window_in_trial"], metadata["i_start_in_trial"] = 0, 0
        metadata["i_stop_in_trial"] = trials.n_times
        events = np.column_stack([np.arange(len(index)), np.zeros(len(index), int), targets[index]])
        events[:, 0] *= trials.n_times
        epochs = mne.EpochsArray(
            np.asarray(trials.X[index], dtype=np.float64) / MICROVOLTS_PER_VOLT,
            trials.info,
            events=events,
            metadata=metadata,
            verbose="error",
        )
        recordings.append(WindowsDataset(epochs, description=dict(zip(keys, values, strict=True))))
    return BaseConcatDataset(recordings)
