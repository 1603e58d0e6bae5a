"""SEED-IV: four emotions brought about by film clips."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eegkit import Trials
from eegkit.datasets import Recording
from eegkit.parameters import ParameterError
from eegkit.recordings import (
    PreparedRecording,
    check_signals,
    check_whole,
    make_info,
    window_onsets,
)
from eegkit_emotion._shared import AGAIN, LIMIT, EmotionDataset

FOLDER = "SEED_IV"
INSIDE = "eeg_raw_data"
SFREQ = 200.0
SESSIONS = (1, 2, 3)
N_TRIALS = 24
# Ten minutes; no clip lasts as long, and a file that tells of more is broken.
MAX_TIMES = 600 * 200

CHANNELS = (
    "Fp1", "Fpz", "Fp2", "AF3", "AF4", "F7", "F5", "F3", "F1", "Fz", "F2", "F4", "F6", "F8",
    "FT7", "FC5", "FC3", "FC1", "FCz", "FC2", "FC4", "FC6", "FT8", "T7", "C5", "C3", "C1", "Cz",
    "C2", "C4", "C6", "T8", "TP7", "CP5", "CP3", "CP1", "CPz", "CP2", "CP4", "CP6", "TP8", "P7",
    "P5", "P3", "P1", "Pz", "P2", "P4", "P6", "P8", "PO7", "PO5", "PO3", "POz", "PO4", "PO6",
    "PO8", "CB1", "O1", "Oz", "O2", "CB2",
)  # fmt: skip

# The published labels of the 24 clips of each session.
EMOTIONS = ("neutral", "sad", "fear", "happy")
CLIPS = {
    1: (1, 2, 3, 0, 2, 0, 0, 1, 0, 1, 2, 1, 1, 1, 2, 3, 2, 2, 3, 3, 0, 3, 0, 3),
    2: (2, 1, 3, 0, 0, 2, 0, 2, 3, 3, 2, 3, 2, 0, 1, 1, 2, 1, 0, 3, 0, 1, 3, 1),
    3: (1, 2, 2, 1, 3, 3, 3, 1, 1, 2, 1, 0, 2, 3, 3, 0, 2, 3, 0, 0, 2, 0, 1, 0),
}
LABELS: dict[str, dict[str, str]] = {
    "emotion": {name: name for name in EMOTIONS},
    "valence": {"sad": "low", "fear": "low", "happy": "high"},
}
VARIABLE = re.compile(r".*_eeg(\d{1,2})", re.DOTALL)


class SEEDIV(EmotionDataset):
    """Neutral, sad, frightening and happy film clips, 15 people, 62 channels (SEED-IV).

    People watched 24 clips in each of three sessions on different days, six clips for each
    emotion, other clips each time [1]_. This reads the EEG as published, downsampled to
    200 Hz and filtered from 1 to 75 Hz.

    Parameters
    ----------
    subjects : sequence of int, optional
        The people to load, 1 to 15; all by default.
    path : str or path-like, optional
        The folder ``SEED_IV`` or its ``eeg_raw_data``, or the folder that holds ``SEED_IV``;
        by default the environment variable ``EEGKIT_DATA``, else the cache folder of the user.
    label : {"emotion", "valence"}, default "emotion"
        ``"emotion"``: neutral, sad, fear or happy; ``"valence"``: ``"low"`` (sad and fear) or
        ``"high"`` (happy), neutral clips being left out.
    sessions : sequence of int, default (1, 2, 3)
        The sessions to load.
    window_s : float, default 4.0
        Length of a trial in s, as in the paper. No two clips last as long (about two minutes),
        hence no trials of whole clips.
    overlap : float, default 0.0
        Part of a window shared with the next one, from 0 to below 1. Overlapping windows
        share samples, and all windows of a clip share its label: never let them fall on both
        sides of a split.
    channels : sequence of str, optional
        The channels to load, in that order; all 62 by default.
    target_sfreq : float, optional
        Rate in Hz to resample to; by default the 200 Hz of the files.
    l_freq, h_freq : float, optional
        Edges in Hz of a zero-phase band-pass on the whole clip; by default none.
    download, on_error, n_jobs, cache, progress
        See `RecordedDataset`. There is nothing that a program could download.

    Notes
    -----
    Metadata: ``subject`` (``"S01"`` to ``"S15"``), ``session`` (``"1"`` to ``"3"``), ``run``
    (number of the clip in its session, ``"1"`` to ``"24"``), ``onset`` (of the window in s
    from the start of the clip), ``recording`` (name of the file) and ``emotion``.

    Everybody saw the same clips in the same order: a split by person alone tests new people
    on known clips. Keep clips apart (session and run together) to test new clips. The labels
    are what the clips were chosen for, not what people felt.

    The two classes of ``label="valence"`` are not published with the data; they follow the
    plane of pleasure and arousal [2]_, where happiness is pleasant, sadness and fear are not,
    and neutral lies between.

    Layout: ``eeg_raw_data/{1,2,3}/{subject}_{date}.mat``, MATLAB 5 files with 24 variables
    ``{initials}_eeg1`` to ``_eeg24`` of 62 channels by samples. Layout, rate, filter and
    windows of 4 s are from the page of the data set, labels from its readme, the order of the
    channels from its table, where CB1 and CB2, two places below O1 and O2, are not of the
    10-05 system and have no positions here. The unit is not stated; the values, which are of
    that size, are taken as microvolts.

    References
    ----------
    .. [1] Zheng, W.-L., Liu, W., Lu, Y., Lu, B.-L., & Cichocki, A. (2019). EmotionMeter: A
       multimodal framework for recognizing human emotions. IEEE Transactions on Cybernetics,
       49(3), 1110-1122. https://doi.org/10.1109/TCYB.2018.2797176
    .. [2] Russell, J. A. (1980). A circumplex model of affect. Journal of Personality and
       Social Psychology, 39(6), 1161-1178. https://doi.org/10.1037/h0077714

    Examples
    --------
    >>> from eegkit_emotion import SEEDIV
    >>> trials = SEEDIV(subjects=[1, 2], sessions=[1]).load()  # doctest: +SKIP
    """

    folder_name = FOLDER
    title = "SEED-IV"
    licence = "licence agreement of BCMI, Shanghai Jiao Tong University, academic research only"
    citation = "Zheng et al. (2019), IEEE Trans Cybern 49(3), 1110, doi:10.1109/TCYB.2018.2797176"
    url = "https://bcmi.sjtu.edu.cn/home/seed/seed-iv.html"
    size_mb = 10000.0
    n_subjects = 15
    n_channels = 62
    recorded_sfreq = SFREQ
    recorded_channels = CHANNELS
    classes = EMOTIONS
    availability = "on request"
    how_to_get = (
        "Apply on the page, download the archive and unpack it into a folder 'SEED_IV', so that "
        "SEED_IV/eeg_raw_data holds the folders 1, 2 and 3; pass that folder, or the one around "
        "it, as path."
    )

    label: Literal["emotion", "valence"] = "emotion"
    sessions: Sequence[int] = SESSIONS
    window_s = 4.0

    def check_parameters(self) -> None:
        super().check_parameters()
        self._sessions()
        if self.window_s is None:
            raise ParameterError(
                "window_s is None; expected seconds, as no two clips last as long.", "window_s"
            )

    def _sessions(self) -> list[int]:
        request = list(self.sessions) if np.iterable(self.sessions) else [self.sessions]
        fine = [s for s in SESSIONS if s in request and not isinstance(s, bool)]
        if not request or len(fine) != len(request) or any(isinstance(s, bool) for s in request):
            raise ParameterError(
                f"sessions is {self.sessions!r}; expected a sequence of different ones of 1, 2, 3.",
                "sessions",
            )
        return fine

    def recordings(self) -> list[Recording]:
        inside = self.folder()
        if (inside / INSIDE).is_dir():
            inside = inside / INSIDE
        return [
            Recording(person, session, _find(inside / str(session), person))
            for person in self.people()
            for session in self._sessions()
        ]

    def holds_recordings(self, folder: Path) -> bool:
        return folder.name in (FOLDER, INSIDE) or (folder / INSIDE).is_dir()

    def read(self, recording: Recording) -> Trials:
        path = recording.path
        labels = LABELS[self.label]
        picks, names = self.pick_channels()
        preparation = self.preparation
        window_s = float(preparation.window_s or 0)
        parts, rows, longest = [], [], 0.0
        for clip, variable in enumerate(find_clips(path), 1):
            emotion = EMOTIONS[CLIPS[recording.run][clip - 1]]
            if emotion not in labels:
                continue
            signals = read_clip(path, variable)[picks]
            continuous = PreparedRecording.from_signals(signals, SFREQ, names, preparation)
            longest = max(longest, continuous.duration)
            onsets = window_onsets(
                0.0, continuous.duration, window_s, preparation.overlap, continuous.sfreq
            )
            parts.append(continuous.cut(onsets, window_s)[0])
            rows += [{"run": str(clip), "onset": onset, "emotion": emotion} for onset in onsets]
        if not rows:
            raise ValueError(
                f"{path} has nothing as long as one window of {window_s:g} s (the longest lasts "
                f"{longest:g} s); make window_s shorter."
            )
        metadata = pd.DataFrame(rows)
        metadata.insert(0, "subject", f"S{recording.subject:02d}")
        metadata.insert(1, "session", str(recording.run))
        metadata.insert(4, "recording", path.name)
        y = np.array([labels[row["emotion"]] for row in rows])
        info = make_info(names, continuous.sfreq)
        return Trials(np.concatenate(parts), y, metadata, info, preparation)


def _find(folder: Path, person: int) -> Path:
    """The file of a person in a session, whose name has a date, else what it is called."""
    paths = sorted(path for path in folder.glob(f"{person}_*.mat") if path.is_file())
    if len(paths) > 1:
        raise ValueError(
            f"{folder} holds more than one recording of person {person} "
            f"({', '.join(path.name for path in paths)}); keep the one of the data set."
        )
    return paths[0] if paths else folder / f"{person}_DATE.mat"


def find_clips(path: Path) -> list[str]:
    """The names of the 24 variables of a file, in the order of the clips.

    Raises
    ------
    ValueError
        The file is broken, or has not all clips; the message names it.
    """
    import scipy.io

    try:
        check_whole(path)
        variables = scipy.io.whosmat(path, appendmat=False)
    except MemoryError:
        raise
    except Exception as error:  # scipy raises whatever the broken bytes lead to
        raise ValueError(f"{path} cannot be read as a MATLAB 5 file ({error}); {AGAIN}") from error
    clips: dict[int, str] = {}
    for name, shape, kind in variables:
        match = VARIABLE.fullmatch(name)
        if match is None:
            continue
        clip = int(match[1])
        fits = len(shape) == 2 and shape[0] == len(CHANNELS) and 0 < shape[1] <= MAX_TIMES
        if not fits or kind not in ("double", "single"):
            raise ValueError(
                f"{path}: {name} is {kind} of shape {shape}; expected numbers of "
                f"{len(CHANNELS)} channels by samples. {AGAIN.capitalize()}"
            )
        if clip in clips:
            raise ValueError(f"{path} holds clip {clip} twice; {AGAIN}")
        clips[clip] = name
    absent = [clip for clip in range(1, N_TRIALS + 1) if clip not in clips]
    if absent or len(clips) != N_TRIALS:
        raise ValueError(
            f"{path} has {len(clips)} variables named *_eeg1 to *_eeg{N_TRIALS}; expected all "
            f"{N_TRIALS}, lacks {', '.join(map(str, absent)) or 'none'}. {AGAIN.capitalize()}"
        )
    return [clips[clip] for clip in range(1, N_TRIALS + 1)]


def read_clip(path: Path, variable: str) -> NDArray[Any]:
    """Read one clip, shape (62, n_times), in microvolts; ``ValueError`` where it is broken."""
    import scipy.io

    # One at a time: all of them as numbers of 8 bytes are half a gigabyte.
    try:
        signals = scipy.io.loadmat(path, variable_names=[variable], appendmat=False)[variable]
    except MemoryError:
        raise
    except Exception as error:
        raise ValueError(f"{path}: {variable} cannot be read ({error}); {AGAIN}") from error
    if not isinstance(signals, np.ndarray) or signals.dtype.kind not in "fiu":
        raise ValueError(f"{path}: {variable} holds no numbers; {AGAIN}")
    if signals.ndim != 2 or len(signals) != len(CHANNELS):
        raise ValueError(f"{path}: {variable} has shape {signals.shape}; {AGAIN}")
    check_signals(signals, path, limit=LIMIT, part=variable)
    return signals
