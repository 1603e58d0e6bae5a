"""Harmful brain activity (HMS competition, 2024)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eegkit import Trials
from eegkit.datasets import PreparedDataset, Recording
from eegkit.parameters import Count
from eegkit.recordings import Preparation, PreparedRecording, check_signals, make_info
from eegkit_clinical._hms_convert import convert_to_npy
from eegkit_clinical._hms_files import (
    CHANNELS,
    OFFSET,
    PATTERNS,
    SFREQ,
    VOTES,
    read_eeg,
    read_labels,
)
from eegkit_clinical._shared import choose

FOLDER = "hms-harmful-brain-activity-classification"
TABLE = "train.csv"
EEGS = "train_eegs"
WINDOW_S = 50.0
# 100 V: float32 is far from its end, but no EEG is beyond.
LIMIT = 1e8


class HMS(PreparedDataset):
    """Seizures and patterns like them, votes of experts, 1950 patients (HMS competition).

    Windows of 50 s from recordings of patients in intensive care, on whose middle 10 s
    experts voted [1]_ [2]_: a seizure, lateralized or generalized periodic discharges (LPD,
    GPD), lateralized or generalized rhythmic delta activity (LRDA, GRDA), or other. Often they
    disagreed, and models are scored by how well they tell the share of votes.

    Parameters
    ----------
    subjects : sequence of int, optional
        The patients to load, by the ``patient_id`` of ``train.csv``; all by default.
    path : str or path-like, optional
        The folder with ``train.csv`` and ``train_eegs``, as published or as
        ``eegkit convert hms parquet-to-npy`` wrote it, or the folder that holds it under the
        name ``hms-harmful-brain-activity-classification``; by default the
        environment variable ``EEGKIT_DATA``, else the cache folder of the user.
    label : {"hard", "soft"}, default "hard"
        ``"hard"``: the ``expert_consensus``. ``"soft"``: the share of votes of each pattern,
        shape (n_trials, 6), in the order of `classes`.
    windows : {"one", "all"}, default "one"
        Of each recording the one window with most votes (the first of them), or all windows.
        Those of one recording overlap, often by more than 40 s: never let those of one
        person fall on both sides of a split.
    min_votes : int, default 1
        Leave out windows with fewer votes.
    missing : {"interpolate", "refuse"}, default "interpolate"
        What to do about samples that were not recorded: draw a line in time from the
        last sample before to the first one after, and a flat line at zero for a channel that
        has none at all; or refuse the recording, by `on_error`.
    target_sfreq : float, optional
        Rate in Hz to resample the recordings to; by default the recorded 200 Hz.
    l_freq, h_freq : float, optional
        Edges in Hz of a zero-phase band-pass on the whole recording; by default none.
        Line noise is at 60 Hz.
    download, on_error, n_jobs, cache, progress
        See `RecordedDataset`. The loader downloads nothing: the competition's rules must be
        accepted first.

    Attributes
    ----------
    conversions
        ``parquet-to-npy`` writes the recordings as arrays, of which a window is read without
        reading the rest.

    Notes
    -----
    Metadata: ``subject`` (``patient_id`` as text), ``session`` (``eeg_id`` as text), ``run``
    (``eeg_sub_id`` as text), ``onset`` (of the window in s from the start of the recording),
    ``recording`` (name of the file), ``votes`` (their number), ``consensus``, ``missing`` (part
    of the window's samples that were not recorded), ``label_id``, ``spectrogram_id`` and
    ``spectrogram_offset`` (in s; for `read_spectrogram`).

    19 channels against an unnamed reference, in the old names of the 10-20 system (T3 for T7);
    the EKG is left out. Some patients have hundreds of windows with one label, and the patterns
    are unevenly spread over patients: split by ``subject``. Windows with few votes are labelled
    less surely than those with ten and more, and their labels are spread otherwise.

    Samples missing in a window are filled from that window, but where a filter or a new rate
    is asked for from the whole recording.

    Facts from the competition's description of its data, https://www.kaggle.com/competitions/
    hms-harmful-brain-activity-classification/data, and [1]_.

    References
    ----------
    .. [1] Jing, J., Ge, W., Hong, S., Fernandes, M. B., Lin, Z., Yang, C., et al. (2023).
       Development of expert-level classification of seizures and rhythmic and periodic
       patterns during EEG interpretation. Neurology, 100(17), e1750-e1762.
       https://doi.org/10.1212/WNL.0000000000207127
    .. [2] Ge, W., Jing, J., An, S., Herlopian, A., Ng, M., Struck, A. F., et al. (2021). Deep
       active learning for interictal ictal injury continuum EEG patterns. Journal of
       Neuroscience Methods, 351, 108966. https://doi.org/10.1016/j.jneumeth.2020.108966

    Examples
    --------
    >>> from eegkit_clinical import HMS
    >>> trials = HMS(label="soft", min_votes=10).load()  # doctest: +SKIP
    """

    folder_name = FOLDER
    title = "HMS Harmful Brain Activity Classification"
    licence = "CC BY-NC 4.0, with the rules of the competition"
    citation = "Jing et al. (2023), Neurology 100(17), e1750, doi:10.1212/WNL.0000000000207127"
    url = "https://www.kaggle.com/competitions/hms-harmful-brain-activity-classification"
    size_mb = 26_400.0
    n_subjects = 1950
    n_channels = len(CHANNELS)
    recorded_sfreq = SFREQ
    classes = PATTERNS
    availability = "competition"
    how_to_get = (
        "Accept the rules on the competition's page, then 'kaggle competitions download -c "
        "hms-harmful-brain-activity-classification', unpack it into a folder of that name, "
        "and pass that folder, or the one around it, as path."
    )
    conversions: ClassVar[Mapping[str, Callable[..., None]]] = {"parquet-to-npy": convert_to_npy}

    label: Literal["hard", "soft"] = "hard"
    windows: Literal["one", "all"] = "one"
    min_votes: Count = 1
    missing: Literal["interpolate", "refuse"] = "interpolate"

    @property
    def preparation(self) -> Preparation:
        return replace(super().preparation, window_s=WINDOW_S)

    def check_parameters(self) -> None:
        super().check_parameters()
        self.preparation.check_recorded_rate(SFREQ)

    def recordings(self) -> list[Recording]:
        folder = self.folder()
        path = folder / TABLE
        if not path.is_file():
            return [Recording("everybody", TABLE, path)]
        table = read_labels(path).table
        people = choose(
            self.subjects, table["patient_id"].unique().tolist(), "subjects", self.title
        )
        enough = table[table[VOTES].sum(axis=1) >= self.min_votes]
        windows = enough[enough["patient_id"].isin(people)].drop_duplicates("eeg_id")
        if windows.empty:
            raise ValueError(
                f"No window of these patients has {self.min_votes} votes; lower min_votes."
            )
        pairs = zip(windows["patient_id"].tolist(), windows["eeg_id"].tolist(), strict=True)
        return [Recording(person, eeg, _file_of(folder, eeg)) for person, eeg in pairs]

    def tables(self) -> list[Path]:
        table = self.folder() / TABLE
        return [table] if table.is_file() else []

    def holds_recordings(self, folder: Path) -> bool:
        return folder.name == FOLDER or ((folder / TABLE).is_file() and (folder / EEGS).is_dir())

    def read(self, recording: Recording) -> Trials:
        rows = self._rows_of(recording)
        onsets = rows[OFFSET].to_numpy(dtype=float)
        X, rate, missing = self._windows_at(onsets, recording.path)
        votes = rows[VOTES].to_numpy(dtype=np.float64)
        metadata = pd.DataFrame(
            {
                "subject": str(recording.subject),
                "session": str(recording.run),
                "run": rows["eeg_sub_id"].astype(str).to_numpy(),
                "onset": onsets,
                "recording": recording.path.name,
                "votes": votes.sum(axis=1).astype(int),
                "consensus": rows["expert_consensus"].to_numpy(),
                "missing": missing,
                "label_id": rows["label_id"].to_numpy(),
                "spectrogram_id": rows["spectrogram_id"].to_numpy(),
                "spectrogram_offset": rows["spectrogram_label_offset_seconds"].to_numpy(float),
            }
        )
        if self.label == "soft":
            labels = votes / votes.sum(axis=1, keepdims=True)
        else:
            labels = rows["expert_consensus"].to_numpy(dtype="U7")
        return Trials(X, labels, metadata, make_info(CHANNELS, rate), self.preparation)

    def _windows_at(
        self, onsets: NDArray[np.float64], path: Path
    ) -> tuple[NDArray[np.float32], float, NDArray[np.float64]]:
        """The windows of a recording, their rate, and the part of each that is missing."""
        signals = read_eeg(path)[: len(CHANNELS)]
        first = np.round(onsets * SFREQ).astype(int)
        n_times = round(WINDOW_S * SFREQ)
        if first.min() < 0 or first.max() + n_times > signals.shape[1]:
            raise ValueError(
                f"{path} lasts {signals.shape[1] / SFREQ:g} s, but windows of {WINDOW_S:g} s are "
                f"labelled from {onsets.min():g} to {onsets.max():g} s on; remove the file and "
                "get it again."
            )
        recorded = [signals[:, start : start + n_times] for start in first]
        missing = np.array([np.isnan(window).mean() for window in recorded])
        if self.missing == "refuse" and missing.any():
            raise ValueError(
                f"{path} lacks samples ({100 * missing.max():.1f} % of a window); set "
                "missing='interpolate', or leave such recordings out by on_error='skip'."
            )
        preparation = self.preparation
        if preparation.sfreq in (None, SFREQ) and not (preparation.l_freq or preparation.h_freq):
            X = np.stack([_fill(window) for window in recorded])
            check_signals(X, path, limit=LIMIT)
            return X, SFREQ, missing
        whole = _fill(signals)
        check_signals(whole, path, limit=LIMIT)
        continuous = PreparedRecording.from_signals(whole, SFREQ, CHANNELS, preparation)
        rate = continuous.sfreq
        last = (continuous.n_times - round(WINDOW_S * rate)) / rate
        X, _ = continuous.cut(np.minimum(onsets, last), WINDOW_S)
        return X, rate, missing

    def _rows_of(self, recording: Recording) -> pd.DataFrame:
        """The rows of the table that are asked for of a recording."""
        labels = read_labels(self.folder() / TABLE)
        rows = labels.table.iloc[labels.rows[recording.run]]
        votes = rows[VOTES].sum(axis=1)
        rows = rows[votes >= self.min_votes]
        if self.windows == "one":
            # Of equally many votes, the first.
            return rows.loc[[votes[rows.index].idxmax()]]
        return rows


def _file_of(folder: Path, eeg: int) -> Path:
    """The converted file of a recording where there is one, else the published one."""
    npy = folder / EEGS / f"{eeg}.npy"
    return npy if npy.is_file() else npy.with_suffix(".parquet")


def _fill(signals: NDArray[np.float32]) -> NDArray[np.float32]:
    """Fill what is missing of each channel by lines in time; zeros where all of it is."""
    result = np.array(signals, dtype=np.float32)
    times = np.arange(signals.shape[1])
    for channel in result:
        missing = np.isnan(channel)
        if missing.all():
            channel[:] = 0
        elif missing.any():
            channel[missing] = np.interp(times[missing], times[~missing], channel[~missing])
    return result
