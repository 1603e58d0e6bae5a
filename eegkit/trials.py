"""`Trials`: what every data set gives and every evaluation takes."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from eegkit import trials_checks as checks
from eegkit import trials_text
from eegkit.description import TrialsDescription, describe
from eegkit.labels import class_labels, joined_labels, of_each, one_kind
from eegkit.recordings import Preparation, common_preparation, make_info
from eegkit.signals import SignalArray
from eegkit.signals_input import channel_names, rate_in_hz, refuse_masked
from eegkit.tensor_file import existing
from eegkit.trials_epochs import make_epochs, read_epochs
from eegkit.trials_file import read_trials, write_trials
from eegkit.trials_onsets import onsets_of
from eegkit.trials_source import TrialsSource

if TYPE_CHECKING:
    import mne


class Trials:
    """EEG trials with their labels, people and recording information.

    Parameters
    ----------
    X : ndarray, shape (n_trials, n_channels, n_times)
        Signals in microvolts, kept as C-contiguous float32; what is that already is not copied.
    y : array-like, shape (n_trials,), (n_trials, 1) or (n_trials, n_classes)
        Labels, text or numbers, or soft labels. Of numbers beside text all become text.
    metadata : pandas.DataFrame, n_trials rows
        At least ``subject``, ``session`` and ``run``, each of text or of numbers (of both: text).
    info : mne.Info
        Channel names and positions, sampling rate; n_channels channels.
    preparation : eegkit.recordings.Preparation, optional
        What the recordings went through; by default that which a `SignalArray` X carries.

    Attributes
    ----------
    X : SignalArray, shape (n_trials, n_channels, n_times)
        The signals, read-only; they carry the sampling rate and the channel names of `info` and
        the subjects of `metadata`, as they are now, through every split.
    source : TrialsSource or None
        How a data set loaded these trials. None of trials made otherwise, and of a part.

    Raises
    ------
    ValueError
        The parts do not fit together; the message says which.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit import Trials
    >>> trials = Trials.from_arrays(
    ...     np.zeros((4, 2, 128)), ["rest", "task"] * 2, sfreq=128, subject=["a", "a", "b", "b"]
    ... )
    >>> trials
    <Trials: 4 trials of 2 people, 2 channels x 128 samples at 128 Hz; rest 2, task 2>
    >>> trials[trials.groups == "b"].X.shape
    (2, 2, 128)
    """

    def __init__(
        self,
        X: NDArray[Any],
        y: ArrayLike,
        metadata: pd.DataFrame,
        info: mne.Info,
        preparation: Preparation | None = None,
    ) -> None:
        if np.ndim(X) != 3:
            raise ValueError(
                f"X has shape {np.shape(X)}; expected (n_trials, n_channels, n_times)."
            )
        refuse_masked(X)
        plain = np.asarray(X)
        if plain.dtype != np.float32 or not plain.flags.c_contiguous:
            plain = np.ascontiguousarray(plain, dtype=np.float32)
        self._signals = plain.view()
        self._signals.flags.writeable = False  # labels and subjects belong to their order
        self.y = y
        checks.check_parts(plain, metadata, info)
        self._metadata = checks.clean_metadata(metadata)
        self.info = info
        preparation = preparation or getattr(X, "preparation", None)
        if preparation is not None:
            preparation = preparation.applied(sfreq=info["sfreq"], n_times=plain.shape[2])
        self.source: TrialsSource | None = None
        self._preparation = preparation

    @classmethod
    def from_arrays(
        cls,
        X: ArrayLike,
        y: ArrayLike,
        *,
        sfreq: float,
        subject: ArrayLike | str,
        ch_names: Sequence[str] | None = None,
        session: ArrayLike | str = "0",
        run: ArrayLike | str = "0",
    ) -> Trials:
        """Make trials of plain arrays.

        Parameters
        ----------
        X : array-like, shape (n_trials, n_channels, n_times)
            Signals in microvolts.
        y : array-like, shape (n_trials,)
            Labels.
        sfreq : float
            Sampling rate in Hz.
        subject : array-like, shape (n_trials,), or str
            Who each trial was recorded from.
        ch_names : sequence of str, optional
            Channel names, ``EEG001`` and so on where absent. Those of the 10-05 system
            get their positions.
        session, run : array-like, shape (n_trials,), or str
            When each trial was recorded.

        Returns
        -------
        Trials
        """
        X = np.asanyarray(X)
        if X.ndim != 3:
            raise ValueError(f"X has shape {X.shape}; expected (n_trials, n_channels, n_times).")
        if ch_names is None:
            ch_names = [f"EEG{i + 1:03d}" for i in range(X.shape[1])]
        names = channel_names(ch_names)
        checks.check_channels(names, X, "ch_names")
        info = make_info(names, rate_in_hz(sfreq))
        columns = {"subject": subject, "session": session, "run": run}
        rows = {name: of_each(v, len(X), name) for name, v in columns.items()}
        return cls(X, y, pd.DataFrame(rows), info)

    @classmethod
    def from_epochs(
        cls,
        epochs: mne.BaseEpochs,
        y: ArrayLike | None = None,
        *,
        subject: ArrayLike | str | None = None,
        session: ArrayLike | str | None = None,
        run: ArrayLike | str | None = None,
    ) -> Trials:
        """Make trials of the EEG channels of epochs.

        Parameters
        ----------
        epochs : mne.Epochs
            Their EEG channels become the signals, in microvolts.
        y : array-like, shape (n_trials,), optional
            Labels; by default the names of the epochs' events.
        subject, session, run : array-like, shape (n_trials,), or str, optional
            By default the columns of that name in ``epochs.metadata``; else the session
            and run are ``"0"``, and the subject is the ``his_id`` of the recording.

        Returns
        -------
        Trials

        Raises
        ------
        ValueError
            Nobody says who the subject is.
        """
        people = {"subject": subject, "session": session, "run": run}
        return cls(*read_epochs(epochs, y, people))

    def to_epochs(self) -> mne.EpochsArray:
        """The trials as ``mne.EpochsArray``, in volts, their labels as events.

        Raises
        ------
        ValueError
            The labels are soft, so no trial has one event.
        """
        return make_epochs(np.asarray(self.X), self.y, self.metadata, self.info)

    @staticmethod
    def concatenate(parts: Sequence[Trials]) -> Trials:
        """Put trials of the same channels, rate and length one after the other.

        Raises
        ------
        ValueError
            There is nothing to put together; the parts differ in channels, rate or length; or
            their labels or people mean different things: 0 and ``"0"``, labels and soft labels.

        Warns
        -----
        UserWarning
            The parts went through different preparations: the whole then carries none.
        """
        if not parts:
            raise ValueError("There are no trials to concatenate.")
        checks.check_alike(parts)
        return Trials(
            np.concatenate([np.asarray(part.X) for part in parts]),
            joined_labels([part.y for part in parts]),
            pd.concat([part.metadata for part in parts], ignore_index=True),
            parts[0].info,
            common_preparation([part.preparation for part in parts]),
        )

    def relabel(self, column: str | None) -> Trials:
        """Trials whose labels are a column of their metadata: to tell people apart, say.

        Parameters
        ----------
        column : str or None
            None leaves the labels as they are.

        Returns
        -------
        Trials
            The signals are not copied.

        Raises
        ------
        ValueError
            There is no such column, or some trials have nothing in it.

        Examples
        --------
        >>> from eegkit.testing import example_trials
        >>> sorted(set(example_trials(n_trials=6).relabel("subject").y.tolist()))
        ['S1', 'S2', 'S3']
        """
        if column is None:
            return self
        trials = Trials(self.X, checks.column_of(self.metadata, column), self.metadata, self.info)
        if self.source is not None:
            trials.source = dataclasses.replace(self.source, label=column)
        return trials

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the trials to one safetensors file.

        Parameters
        ----------
        path : str or path-like
            A file that is there is replaced, once the new one is whole.

        Raises
        ------
        ValueError
            Metadata hold something else than numbers, text, dates and categories.
        """
        parts = np.asarray(self.X), self.y, self.metadata, self.info, self.preparation
        write_trials(Path(path), parts)

    @staticmethod
    def load(path: str | os.PathLike[str], *, verify: bool = True) -> Trials:
        """Trials that `save` wrote; their signals stay in the file, as a read-only memmap.

        Parameters
        ----------
        path : str or path-like
        verify : bool, default True
            Read the whole file once and compare it with its digest. Without, labels, metadata
            and the length of the file are checked, and opening takes no longer for large files.

        Returns
        -------
        Trials

        Raises
        ------
        eegkit.persistence.CorruptFileError
            The file is cut off, damaged, or something else; a ``ValueError``.
        """
        return Trials(*read_trials(existing(Path(path), "trials"), verify))

    def describe(self) -> TrialsDescription:
        """Say what the trials hold, and what is wrong with them or looks it.

        Missing and infinite samples, flat and clipped channels, units other than microvolts,
        line noise, trials that are there twice or overlap, classes tied to people or runs. The
        signals are read in one pass, block by block; a memmap never comes into memory whole.

        Returns
        -------
        TrialsDescription
            Tables and ``warnings``; it shows itself in a terminal and in a notebook.

        Raises
        ------
        ValueError
            There are no samples.

        Notes
        -----
        Percentiles are of at most about a million samples of a channel, spread evenly, and
        within 0.4 %. Line noise is measured in at most 4096 trials, spread evenly.

        Examples
        --------
        >>> from eegkit import load_dataset
        >>> described = load_dataset("simulated", n_subjects=2, n_trials=8).describe()
        >>> described.classes["trials"].to_dict()
        {'left_hand': 8, 'right_hand': 8}
        >>> bool(described.channels.loc["C3", "spread"] < 50)
        True
        """
        return describe(np.asarray(self.X), self.y, self.metadata, self.info)

    @property
    def y(self) -> NDArray[Any]:
        """The labels, shape (n_trials,) or (n_trials, n_classes)."""
        return self._y

    @y.setter
    def y(self, labels: ArrayLike) -> None:
        labels = class_labels(labels)
        checks.check_length(labels, len(self._signals), "y")
        self._y = labels.copy()

    @property
    def metadata(self) -> pd.DataFrame:
        """A row for each trial, in their order; columns may be changed, rows may not."""
        checks.check_rows(self._metadata, len(self._signals))
        return self._metadata

    @metadata.setter
    def metadata(self, table: pd.DataFrame) -> None:
        checks.check_rows(table, len(self._signals))
        self._metadata = checks.clean_metadata(table)

    @property
    def X(self) -> SignalArray:
        """The signals, shape (n_trials, n_channels, n_times), in microvolts; read-only."""
        plain = self._signals.view()
        plain.flags.writeable = False  # as a copy by pickle is not
        return SignalArray(
            plain, sfreq=self.info["sfreq"], ch_names=self.info["ch_names"],
            groups=self.groups, onsets=onsets_of(self.metadata, self.n_times / self.sfreq),
            preparation=self._preparation,
        )  # fmt: skip

    @property
    def preparation(self) -> Preparation | None:
        """What the recordings went through, as far as it is known."""
        return self._preparation

    @property
    def groups(self) -> NDArray[Any]:
        """The subject of every trial, shape (n_trials,)."""
        return one_kind(self.metadata["subject"].to_numpy(), "metadata['subject']")

    @property
    def sfreq(self) -> float:
        """Sampling rate in Hz."""
        return float(self.info["sfreq"])

    @property
    def ch_names(self) -> list[str]:
        """Channel names."""
        return list(self.info["ch_names"])

    @property
    def n_times(self) -> int:
        """Samples of one trial."""
        return self._signals.shape[2]

    def __len__(self) -> int:
        return len(self._signals)

    def __getitem__(self, rows: Any) -> Trials:
        """Some of the trials, by slice, mask or indices."""
        rows = checks.in_order(rows, len(self))
        index = np.arange(len(self))[rows]
        if index.ndim != 1:
            raise IndexError("Index trials by a slice, a mask or a list: trials[3:4] is one trial.")
        X = self.X[rows if isinstance(rows, slice) else index]
        return Trials(X, self.y[index], self.metadata.iloc[index], self.info)

    def __repr__(self) -> str:
        return trials_text.line(self)

    def _repr_html_(self) -> str:
        return trials_text.as_html(self)
