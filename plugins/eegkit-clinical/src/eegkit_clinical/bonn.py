"""The epilepsy data of the University of Bonn: five sets of single-channel segments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eegkit import Trials
from eegkit.datasets import Recording, WindowedDataset
from eegkit.parameters import ParameterError
from eegkit.recordings import PreparedRecording, check_signals, make_info
from eegkit_clinical._shared import choose

FOLDER = "bonn"
N_SAMPLES = 4097
NUMBERS = range(1, 101)
SFREQ = 173.61
# The converter had 12 bits; what is beyond 16 bits is no recorded value.
LIMIT = 32768.0

# Letter of the files, what was recorded, and from whom (Andrzejak et al. 2001, section II A).
SETS = {
    "A": ("Z", "eyes_open", "volunteers"),
    "B": ("O", "eyes_closed", "volunteers"),
    "C": ("N", "opposite", "patients"),
    "D": ("F", "epileptogenic", "patients"),
    "E": ("S", "seizure", "patients"),
}
PEOPLE = ("volunteers", "patients")
FILE_NAME = re.compile(r"([zonfs])(\d{3})\.txt", re.IGNORECASE)

THREE = {"A": "healthy", "B": "healthy", "C": "interictal", "D": "interictal", "E": "ictal"}
LABELS = {
    "sets": {name: name for name in SETS},
    "seizure": {name: "seizure" if name == "E" else "rest" for name in SETS},
    "states": THREE,
}


class Bonn(WindowedDataset):
    """Seizures and other EEG, five sets of 100 segments of one channel (University of Bonn).

    Each segment has 4097 samples (23.6 s), cut out of longer recordings and chosen to be
    free of visible artefacts [1]_. Sets A and B are from the scalp of five healthy
    volunteers with eyes open (A) and closed (B). Sets C, D and E are from electrodes inside
    the heads of five patients: in the hippocampal formation opposite to the epileptogenic
    zone (C), in that zone (D), both between seizures, and during seizures (E).

    Parameters
    ----------
    subjects : sequence of {"volunteers", "patients"}, optional
        The people to load, as far as they can be told apart; all by default.
    path : str or path-like, optional
        The folder ``bonn``, or the folder that holds it; by default the environment variable
        ``EEGKIT_DATA``, else the cache folder of the user. The text files lie in it or in
        folders inside it, of any name.
    label : {"sets", "seizure", "states"}, default "sets"
        What to tell apart: the five sets ``"A"`` to ``"E"``; ``"seizure"`` (E) and ``"rest"``
        (all others); or ``"healthy"`` (A, B), ``"interictal"`` (C, D) and ``"ictal"`` (E).
    sets : sequence of str, default ("A", "B", "C", "D", "E")
        The sets to load.
    window_s : float, optional
        Length of a trial in s; by default the whole segment.
    overlap : float, default 0.0
        Part of a window shared with the next one, from 0 to below 1. Overlapping windows
        share samples, and all windows of a segment share a person: keep segments together
        by the column ``recording`` of the metadata.
    target_sfreq : float, optional
        Rate in Hz to resample the segments to; by default the recorded 173.61 Hz.
    l_freq, h_freq : float, optional
        Edges in Hz of a zero-phase band-pass on the segment; by default none, as the segments
        were recorded through a band-pass of 0.53 to 40 Hz.
    download, on_error, n_jobs, cache, progress
        See `RecordedDataset`. There is nothing that a program could download.

    Notes
    -----
    Metadata: ``subject`` (``"volunteers"`` or ``"patients"``), ``session`` (the set), ``run``
    (number of the segment, ``"001"`` to ``"100"``), ``onset`` (of the window in s from the
    start of the segment), ``recording`` (name of the file) and ``state``.

    Which of the five people a segment is from was never published. All that is known is
    that A and B share five volunteers, and C, D and E five patients; hence two values of
    ``subject``. No split can keep single people apart, and a split that keeps these two
    groups apart has other classes on either side. Random splits put segments of one person
    on both sides, so the accuracies near 100 % of many papers do not tell how well new
    people are decoded.

    The classes also differ in more than their state: A and B were recorded on the scalp
    against an average reference, C to E inside the head. Scalp against depth tells A
    and B from the others without any epilepsy.

    Files: ``Z001.txt`` (A), ``O001.txt`` (B), ``N001.TXT`` (C, upper-case ending as
    published), ``F001.txt`` (D) and ``S001.txt`` (E), one number a line, in microvolts.
    Facts from [1]_ and the page of the data set.

    References
    ----------
    .. [1] Andrzejak, R. G., Lehnertz, K., Mormann, F., Rieke, C., David, P., & Elger, C. E.
       (2001). Indications of nonlinear deterministic and finite-dimensional structures in
       time series of brain electrical activity: Dependence on recording region and brain
       state. Physical Review E, 64(6), 061907. https://doi.org/10.1103/PhysRevE.64.061907

    Examples
    --------
    >>> from eegkit_clinical import Bonn
    >>> trials = Bonn(label="states", window_s=5.0).load()  # doctest: +SKIP
    """

    folder_name = FOLDER
    title = "Bonn epilepsy EEG"
    licence = "none stated; the paper is to be cited"
    citation = "Andrzejak et al. (2001), Phys Rev E 64, 061907, doi:10.1103/PhysRevE.64.061907"
    url = "https://www.upf.edu/web/ntsa/downloads"
    size_mb = 3.1
    n_subjects = 10
    n_channels = 1
    recorded_sfreq = SFREQ
    classes = ("A", "B", "C", "D", "E")
    how_to_get = (
        "Get the five archives (Z, O, N, F and S) from the page and unpack them into a folder "
        "'bonn'; pass that folder, or the one around it, as path."
    )

    label: Literal["sets", "seizure", "states"] = "sets"
    sets: Sequence[str] = tuple(SETS)

    def check_parameters(self) -> None:
        super().check_parameters()
        choose(self.sets, SETS, "sets", self.title)
        self.preparation.check_recorded_rate(SFREQ)
        longest = N_SAMPLES / SFREQ
        if self.window_s is not None and self.window_s > longest:
            raise ParameterError(
                f"window_s is {self.window_s:g} s, but a segment lasts {longest:.1f} s; make "
                "window_s shorter, or None for whole segments.",
                "window_s",
            )

    def recordings(self) -> list[Recording]:
        people = choose(self.subjects, PEOPLE, "subjects", self.title)
        sets = choose(self.sets, SETS, "sets", self.title)
        names = [name for name in SETS if name in sets and SETS[name][2] in people]
        if not names:
            raise ValueError(
                f"None of the sets {', '.join(sets)} is from the {', '.join(people)}; expected "
                "subjects and sets that go together: A, B volunteers; C, D, E patients."
            )
        folder = self.folder()
        files = _find_files(folder)
        segments = [(name, SETS[name][0], i) for name in names for i in NUMBERS]
        return [
            Recording(name, i, files.get((letter, i), folder / letter / f"{letter}{i:03d}.txt"))
            for name, letter, i in segments
        ]

    def holds_recordings(self, folder: Path) -> bool:
        if folder.name == FOLDER or (folder / FOLDER).is_dir():
            return folder.name == FOLDER
        return bool(_find_files(folder, deep=1))

    def read(self, recording: Recording) -> Trials:
        path = recording.path
        _, state, people = SETS[recording.subject]
        continuous = PreparedRecording.from_signals(
            read_segment(path)[np.newaxis], SFREQ, ["EEG"], self.preparation
        )
        X, onsets = continuous.windows(self.preparation, path)
        metadata = pd.DataFrame(
            {
                "subject": people,
                "session": recording.subject,
                "run": f"{recording.run:03d}",
                "onset": onsets,
                "recording": path.name,
                "state": state,
            }
        )
        labels = np.full(len(X), LABELS[self.label][recording.subject])
        info = make_info(continuous.ch_names, continuous.sfreq)
        return Trials(X, labels, metadata, info, self.preparation)


def _find_files(folder: Path, deep: int = 2) -> dict[tuple[str, int], Path]:
    """The segments in and below a folder, by letter and number; the first of each."""
    files: dict[tuple[str, int], Path] = {}
    for pattern in ["*", "*/*", "*/*/*"][: deep + 1]:
        for path in sorted(folder.glob(pattern)):
            match = FILE_NAME.fullmatch(path.name)
            if match and path.is_file():
                files.setdefault((match[1].upper(), int(match[2])), path)
    return files


def read_segment(path: Path) -> NDArray[np.float64]:
    """Read one segment: 4097 numbers, one a line, in microvolts.

    Parameters
    ----------
    path : Path

    Returns
    -------
    ndarray of float64, shape (4097,)

    Raises
    ------
    ValueError
        The file holds something else; the message names it.
    """
    try:
        values = np.array(path.read_text(encoding="ascii").split(), dtype=np.float64)
    except ValueError as error:  # of decoding, too
        raise ValueError(
            f"{path} holds something else than numbers ({error}); remove the file and get it again."
        ) from error
    if len(values) != N_SAMPLES:
        raise ValueError(
            f"{path} holds {len(values)} numbers; expected the {N_SAMPLES} of a segment. Remove "
            "the file and get it again."
        )
    check_signals(values[np.newaxis], path, limit=LIMIT)
    return values
