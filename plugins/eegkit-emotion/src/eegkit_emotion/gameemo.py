"""GAMEEMO: emotions in computer games, recorded with a headset."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eegkit import Trials
from eegkit.datasets import Recording
from eegkit.recordings import PreparedRecording, check_signals, make_info, plain_name
from eegkit_emotion._shared import AGAIN, LIMIT, EmotionDataset

FOLDER = "GAMEEMO"
SFREQ = 128.0
GAMES = range(1, 5)

CHANNELS = (
    "AF3", "AF4", "F3", "F4", "F7", "F8", "FC5", "FC6", "O1", "O2", "P7", "P8", "T7", "T8",
)  # fmt: skip

# What each game was to bring about (Alakus et al. 2020), and where that lies in the plane of
# arousal and valence: LA, HA low and high arousal, NV, PV negative and positive valence.
LABELS = {
    "game": {1: "boring", 2: "calm", 3: "horror", 4: "funny"},
    "quadrant": {1: "LANV", 2: "LAPV", 3: "HANV", 4: "HAPV"},
    "valence": {1: "low", 2: "high", 3: "low", 4: "high"},
    "arousal": {1: "low", 2: "low", 3: "high", 4: "high"},
}
# The folder of each version, and how its files are called; the raw ones not all alike.
VERSIONS = {
    "preprocessed": ("Preprocessed EEG Data", ("AllChannels",)),
    "raw": ("Raw EEG Data", ("AllRawChannels", "AllChannels")),
}
CSV = ".csv format"


class GAMEEMO(EmotionDataset):
    """Four computer games, 28 people, a headset of 14 channels (GAMEEMO).

    People played four games of five minutes each, chosen to be boring, calm, frightening and
    funny, with an Emotiv EPOC+ headset on their heads [1]_.

    Parameters
    ----------
    subjects : sequence of int, optional
        The people to load, 1 to 28; all by default.
    path : str or path-like, optional
        The folder ``GAMEEMO`` with the folders ``(S01)`` to ``(S28)``, or the folder that
        holds it; by default the environment variable ``EEGKIT_DATA``, else the cache folder
        of the user.
    label : {"game", "quadrant", "valence", "arousal"}, default "game"
        ``"game"``: boring, calm, horror or funny; ``"quadrant"``: the same as LANV, LAPV, HANV
        and HAPV (low or high arousal, negative or positive valence); ``"valence"`` and
        ``"arousal"``: ``"low"`` or ``"high"``, half of the games each.
    version : {"preprocessed", "raw"}, default "preprocessed"
        Which of the two published versions to read. The raw one can carry a large constant
        offset; set `l_freq` with it.
    window_s : float, default 4.0
        Length of a trial in s; None for whole games, which must then be equally long.
    overlap : float, default 0.0
        Part of a window shared with the next one, from 0 to below 1. Overlapping windows
        share samples: never let them fall on both sides of a split.
    channels : sequence of str, optional
        The channels to load, in that order; all 14 by default.
    target_sfreq : float, optional
        Rate in Hz to resample to; by default the recorded 128 Hz.
    l_freq, h_freq : float, optional
        Edges in Hz of a zero-phase band-pass on the whole recording; by default none.
    download, on_error, n_jobs, cache, progress
        See `RecordedDataset`. There is nothing that a program could download.

    Notes
    -----
    Metadata: ``subject`` (``"S01"`` to ``"S28"``), ``session`` (``"0"``), ``run`` (number of
    the game, ``"1"`` to ``"4"``), ``onset`` (of the window in s from the start of the file),
    ``recording`` (name of the file), ``game`` and ``quadrant``.

    The labels are those of the games, not what people felt: their own ratings are published
    as scanned forms only. There is one recording for each person and game, so whatever else
    differs between two recordings of a person (the fit of the headset, movements that one
    game asks for) is confounded with the label, and all windows of a recording stand
    together: keep people apart.

    Layout: ``(S01)/Preprocessed EEG Data/.csv format/S01G1AllChannels.csv`` and ``(S01)/Raw
    EEG Data/.csv format/S01G1AllRawChannels.csv``, of which some are called
    ``S01G1AllChannels.csv``, too. A file has a line of names and 38,252 lines of samples; all
    lines end in a comma, which makes an empty last column. Columns are found by name.
    Labels, channels, rate and number of samples are from [1]_, the layout from how the files
    are published. The unit is not stated; the values are taken as microvolts, in which the
    headset reports.

    References
    ----------
    .. [1] Alakus, T. B., Gonen, M., & Turkoglu, I. (2020). Database for an emotion
       recognition system based on EEG signals and various computer games - GAMEEMO.
       Biomedical Signal Processing and Control, 60, 101951.
       https://doi.org/10.1016/j.bspc.2020.101951

    Examples
    --------
    >>> from eegkit_emotion import GAMEEMO
    >>> trials = GAMEEMO(label="valence", subjects=[1, 2]).load()  # doctest: +SKIP
    """

    folder_name = FOLDER
    title = "GAMEEMO"
    licence = "none stated; with the paper cited"
    citation = (
        "Alakus et al. (2020), Biomed Signal Process Control 60, 101951, "
        "doi:10.1016/j.bspc.2020.101951"
    )
    url = "https://www.kaggle.com/datasets/sigfest/database-for-emotion-recognition-system-gameemo"
    size_mb = 2000.0  # about, from the number of files
    n_subjects = 28
    n_channels = 14
    recorded_sfreq = SFREQ
    recorded_channels = CHANNELS
    classes = ("boring", "calm", "horror", "funny")
    how_to_get = (
        "Download the archive from the page (an account is needed) and unpack it; pass its folder "
        "'GAMEEMO', or the one around it, as path."
    )

    label: Literal["game", "quadrant", "valence", "arousal"] = "game"
    version: Literal["preprocessed", "raw"] = "preprocessed"
    window_s = 4.0

    def recordings(self) -> list[Recording]:
        return [Recording(p, game, self._file(p, game)) for p in self.people() for game in GAMES]

    def _file(self, person: int, game: int) -> Path:
        """Where the recording is, of the names that are in use, else where it should be."""
        inside, endings = VERSIONS[self.version]
        name = f"S{person:02d}"
        candidates = [
            self.folder() / folder / inside / CSV / f"{name}G{game}{ending}.csv"
            for folder in (f"({name})", name)
            for ending in endings
        ]
        return next((path for path in candidates if path.is_file()), candidates[0])

    def holds_recordings(self, folder: Path) -> bool:
        return folder.name == FOLDER or next(folder.glob("(S[0-9][0-9])"), None) is not None

    def read(self, recording: Recording) -> Trials:
        path = recording.path
        _, names = self.pick_channels()
        preparation = self.preparation
        signals = read_csv(path, names)
        continuous = PreparedRecording.from_signals(signals, SFREQ, names, preparation)
        X, onsets = continuous.windows(preparation, path)
        metadata = pd.DataFrame(
            {
                "subject": f"S{recording.subject:02d}",
                "session": "0",
                "run": str(recording.run),
                "onset": onsets,
                "recording": path.name,
                "game": LABELS["game"][recording.run],
                "quadrant": LABELS["quadrant"][recording.run],
            }
        )
        y = np.full(len(X), LABELS[self.label][recording.run])
        return Trials(X, y, metadata, make_info(names, continuous.sfreq), preparation)


def read_csv(path: Path, names: Sequence[str]) -> NDArray[np.float64]:
    """Read the channels of a file, found by name.

    Parameters
    ----------
    path : Path
    names : sequence of str

    Returns
    -------
    ndarray of float64, shape (n_channels, n_times)
        In microvolts.

    Raises
    ------
    ValueError
        The file is broken or lacks a channel; the message names it.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        header = next(csv.reader(lines[:1]), [])
    except (ValueError, csv.Error) as error:  # of decoding, or a field too long
        raise ValueError(f"{path} is not a table ({error}); {AGAIN}") from error
    columns = [plain_name(name) for name in header]
    absent = [name for name in names if columns.count(plain_name(name)) != 1]
    if absent:
        raise ValueError(
            f"{path} lacks the channels {', '.join(absent)}, or has them twice; its first line has "
            f"{len(header)} fields. {AGAIN.capitalize()}"
        )
    if not any(line.strip() for line in lines[1:]):
        raise ValueError(f"{path} holds no samples; {AGAIN}")
    usecols = [columns.index(plain_name(name)) for name in names]
    try:
        values = np.loadtxt(lines[1:], delimiter=",", usecols=usecols, ndmin=2, comments=None)
    except (ValueError, IndexError, OverflowError) as error:
        raise ValueError(f"{path} is not a table of numbers ({error}); {AGAIN}") from error
    check_signals(values.T, path, limit=LIMIT, part="its table")
    return values.T
