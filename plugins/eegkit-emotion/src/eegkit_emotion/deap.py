"""DEAP: a database for emotion analysis using physiological signals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eegkit import Trials
from eegkit.datasets import Recording
from eegkit.parameters import Interval
from eegkit.recordings import (
    Preparation,
    PreparedRecording,
    check_signals,
    filter_and_resample,
    make_info,
)
from eegkit_emotion._array_pickle import read_arrays
from eegkit_emotion._shared import AGAIN, LIMIT, EmotionDataset

FOLDER = "DEAP"
INSIDE = "data_preprocessed_python"
SFREQ = 128.0
BASELINE = 3.0
# As published: trials, channels and samples of a file. EEG comes first among the channels.
SHAPE = (40, 40, 8064)
RATINGS = ("valence", "arousal", "dominance", "liking")

CHANNELS = (
    "Fp1", "AF3", "F3", "F7", "FC5", "FC1", "C3", "T7", "CP5", "CP1", "P3", "P7", "PO3", "O1",
    "Oz", "Pz", "Fp2", "AF4", "Fz", "F4", "F8", "FC6", "FC2", "Cz", "C4", "T8", "CP6", "CP2",
    "P4", "P8", "PO4", "O2",
)  # fmt: skip


class DEAP(EmotionDataset):
    """High against low ratings of 40 music videos, 32 people, 32 EEG channels (DEAP).

    People watched one-minute excerpts of music videos and rated each for valence, arousal,
    dominance and liking on continuous scales from 1 to 9 [1]_. This reads the files
    preprocessed by the authors for Python: 128 Hz, eye artefacts removed, 4 to 45 Hz,
    common average reference, 3 s before and 60 s of each video.

    Parameters
    ----------
    subjects : sequence of int, optional
        The people to load, 1 to 32; all by default.
    path : str or path-like, optional
        The folder ``DEAP`` or its ``data_preprocessed_python``, or the folder that holds
        ``DEAP``; by default the environment variable ``EEGKIT_DATA``, else the cache folder
        of the user.
    label : {"valence", "arousal", "dominance", "liking"}, default "valence"
        The rating to decode.
    threshold : float, default 5.0
        Ratings above it are ``"high"``, all others ``"low"``.
    window_s : float, optional
        Length of a trial in s; by default the whole video, as each has one rating. Later
        papers often take 1 s.
    overlap : float, default 0.0
        Part of a window shared with the next one, from 0 to below 1. Overlapping windows
        share samples, and all windows of a video share its rating: never let them fall on
        both sides of a split.
    subtract_baseline : bool, default False
        Subtract from each channel its mean over the 3 s before the video.
    channels : sequence of str, optional
        The channels to load, in that order; all 32 by default.
    target_sfreq : float, optional
        Rate in Hz to resample to; by default the 128 Hz of the files.
    l_freq, h_freq : float, optional
        Edges in Hz of a zero-phase band-pass, on each video with the 3 s before it; by
        default none.
    download, on_error, n_jobs, cache, progress
        See `RecordedDataset`. There is nothing that a program could download.

    Notes
    -----
    Metadata: ``subject`` (``"s01"`` to ``"s32"``), ``session`` (``"0"``), ``run`` (number of
    the video, ``"1"`` to ``"40"``), ``onset`` (of the window in s from the start of the
    video), ``recording`` (name of the file), and the four ratings.

    The videos are in the same order for everybody, not as they were shown, so which rating
    was given when cannot be told from these files. Everybody saw the same videos: a split by
    person alone tests new people on known videos. The ratings are not balanced (more of them
    are high), and how much so differs between people; look at the balanced accuracy.

    A file is a pickle. It is read by an interpreter that knows nothing but dicts of arrays
    and calls nothing that the file names, so a forged file cannot run code. Any number of
    trials up to 40 and of samples up to 8064 is taken.

    Format, order of channels and preprocessing are from the page of the data set
    (``readme.html`` there), the threshold in the middle of the scale and the whole video as a
    trial from [1]_.

    References
    ----------
    .. [1] Koelstra, S., Muehl, C., Soleymani, M., Lee, J.-S., Yazdani, A., Ebrahimi, T., Pun,
       T., Nijholt, A., & Patras, I. (2012). DEAP: A database for emotion analysis using
       physiological signals. IEEE Transactions on Affective Computing, 3(1), 18-31.
       https://doi.org/10.1109/T-AFFC.2011.15

    Examples
    --------
    >>> from eegkit_emotion import DEAP
    >>> trials = DEAP(label="arousal", window_s=1.0, subjects=[1, 2]).load()  # doctest: +SKIP
    """

    folder_name = FOLDER
    title = "DEAP"
    licence = "end-user licence agreement of Queen Mary University of London, research only"
    citation = (
        "Koelstra et al. (2012), IEEE Trans Affect Comput 3(1), 18, doi:10.1109/T-AFFC.2011.15"
    )
    url = "https://www.eecs.qmul.ac.uk/mmv/datasets/deap/"
    size_mb = 2700.0
    n_subjects = 32
    n_channels = 32
    recorded_sfreq = SFREQ
    recorded_channels = CHANNELS
    classes = ("low", "high")
    availability = "on request"
    how_to_get = (
        "Sign the agreement on the page, download data_preprocessed_python.zip and unpack it "
        "into a folder 'DEAP'; pass that folder, or the one around it, as path."
    )

    label: Literal["valence", "arousal", "dominance", "liking"] = "valence"
    threshold: Annotated[float, Interval(ge=1, lt=9)] = 5.0
    subtract_baseline: bool = False

    def recordings(self) -> list[Recording]:
        inside = self.folder()
        if (inside / INSIDE).is_dir():
            inside = inside / INSIDE
        return [Recording(person, 0, inside / f"s{person:02d}.dat") for person in self.people()]

    def holds_recordings(self, folder: Path) -> bool:
        is_root = folder.name in (FOLDER, INSIDE) or (folder / INSIDE).is_dir()
        return is_root or next(folder.glob("s[0-9][0-9].dat"), None) is not None

    def read(self, recording: Recording) -> Trials:
        path = recording.path
        data, ratings = read_trials(path)
        picks, names = self.pick_channels()
        parts, rows = [], []
        for i, trial in enumerate(data):
            eeg = trial[picks]
            check_signals(eeg, path, limit=LIMIT, part=f"trial {i + 1}")
            video = self._video(eeg, names)
            X, onsets = video.windows(self.preparation, f"Trial {i + 1} of {path}")
            parts.append(X)
            rows += [(i, onset) for onset in onsets]
        index, onsets = np.array(rows).T
        number = index.astype(int)
        metadata = pd.DataFrame(
            {
                "subject": f"s{recording.subject:02d}",
                "session": "0",
                "run": (number + 1).astype(str),
                "onset": onsets,
                "recording": path.name,
            }
        )
        for name, column in zip(RATINGS, ratings.T, strict=True):
            metadata[name] = column[number]
        high = metadata[self.label].to_numpy() > self.threshold
        labels = np.where(high, "high", "low")
        info = make_info(names, video.sfreq)
        return Trials(np.concatenate(parts), labels, metadata, info, self.preparation)

    @property
    def preparation(self) -> Preparation:
        steps = ("the mean of the 3 s before a video subtracted",) * self.subtract_baseline
        return replace(super().preparation, other_steps=steps)

    def _video(self, eeg: NDArray[Any], names: list[str]) -> PreparedRecording:
        """What was recorded during the video, filtered and resampled with what was before."""
        rate = float(self.target_sfreq or SFREQ)
        whole = filter_and_resample(eeg, SFREQ, self.preparation)
        start = round(BASELINE * rate)
        signals = whole[:, start:]
        if self.subtract_baseline:
            signals = signals - whole[:, :start].mean(axis=1, keepdims=True)
        return PreparedRecording(tuple(names), rate, signals.shape[1], ((0.0, signals),))


def read_trials(path: Path) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Read one file of ``data_preprocessed_python``.

    Parameters
    ----------
    path : Path

    Returns
    -------
    data : ndarray, shape (n_trials, 40, n_times)
        In microvolts; the first 32 channels are EEG.
    labels : ndarray of float64, shape (n_trials, 4)
        The ratings in the order of `RATINGS`.

    Raises
    ------
    ValueError
        The file is broken, or asks for anything but arrays; the message names it.
    """
    arrays = read_arrays(path)
    absent = [name for name in ("data", "labels") if name not in arrays]
    if absent:
        raise ValueError(f"{path} holds no array {' and no '.join(absent)}; {AGAIN}")
    data, labels = arrays["data"], arrays["labels"]
    fits = data.ndim == 3 and data.shape[1] == SHAPE[1] and 0 < len(data) <= SHAPE[0]
    if not fits or not BASELINE * SFREQ < data.shape[2] <= SHAPE[2]:
        raise ValueError(
            f"{path} holds data of shape {data.shape}; expected {SHAPE}, or fewer trials or "
            f"samples, but more than {BASELINE:g} s. {AGAIN.capitalize()}"
        )
    if labels.shape != (len(data), len(RATINGS)):
        raise ValueError(
            f"{path} holds labels of shape {labels.shape}; expected {(len(data), len(RATINGS))}. "
            f"{AGAIN.capitalize()}"
        )
    labels = labels.astype(np.float64)
    if not ((labels >= 1) & (labels <= 9)).all():
        raise ValueError(f"{path} holds ratings outside 1 to 9; {AGAIN}")
    return data, labels
