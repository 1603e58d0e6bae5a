"""PhysioNet "EEG During Mental Arithmetic Tasks"."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from eegkit.datasets._recordings import Recording, choose_subjects
from eegkit.datasets.recorded import WindowedDataset
from eegkit.recordings import make_info, match_channels, open_recording, prepare_recording
from eegkit.trials import Trials

URL = "https://physionet.org/files/eegmat/1.0.0/"
FOLDER = "eegmat"
INFO_FILE = "subject-info.csv"
SUMS_FILE = "SHA256SUMS.txt"

CHANNELS = (
    "Fp1", "Fp2", "F3", "F4", "F7", "F8", "T3", "T4", "C3", "C4",
    "T5", "T6", "P3", "P4", "O1", "O2", "Fz", "Cz", "Pz",
)  # fmt: skip
CONDITIONS = {1: "rest", 2: "arithmetic"}
# The published columns and what they are called in the metadata.
PERSONAL = {
    "Age": "age",
    "Gender": "gender",
    "Number of subtractions": "n_subtractions",
    "Count quality": "count_quality",
}


class MentalArithmetic(WindowedDataset):
    """Rest against serial subtraction, 36 people, 19 EEG channels (PhysioNet eegmat).

    Students rested for three minutes with closed eyes, then subtracted a two-digit
    from a four-digit number in their heads, over and over, for one minute [1]_. The
    recordings were published artefact-free by way of independent component analysis,
    high-passed at 0.5 Hz, low-passed at 45 Hz and notched at 50 Hz; reference: linked ears.

    Parameters
    ----------
    subjects : sequence of int, optional
        The people to load, 0 to 35; all by default.
    path : str or path-like, optional
        The folder ``eegmat`` with the EDF files, or the folder that holds it; by default
        the environment variable ``EEGKIT_DATA``, else the cache folder of the user.
    window_s : float, default 5.0
        Length of a trial in s; None for whole recordings, which must then be equally long.
    overlap : float, default 0.0
        Part of a window shared with the next one, from 0 to below 1. Overlapping
        windows share samples: never let them fall on both sides of a split.
    target_sfreq : float or None, default 128.0
        Rate in Hz to resample the recordings to; None keeps the recorded 500 Hz.
    l_freq, h_freq : float, optional
        Edges in Hz of a zero-phase band-pass on the whole recording; by default none,
        as the recordings were published filtered.
    download, on_error, n_jobs, cache, progress
        See `RecordedDataset`.

    Notes
    -----
    Metadata: ``subject`` (``"S00"`` to ``"S35"``), ``session`` (``"0"``), ``run`` (``"1"``
    rest, ``"2"`` arithmetic, as in the names of the files), ``onset`` (start of the window
    in s from the start of the recording), ``recording`` (name of the file) and, where the
    published table of people lies beside the recordings, ``age``, ``gender``,
    ``n_subtractions`` (per minute) and ``count_quality`` (0: counted badly, 1: well).

    Rest was always recorded first and with closed eyes, one condition per recording:
    whatever else differs between two recordings of a person, drift for one, is
    confounded with the label. There is about three times as much rest as arithmetic.

    References
    ----------
    .. [1] Zyma, I., Tukaev, S., Seleznov, I., Kiyono, K., Popov, A., Chernykh, M., &
       Shpenkov, O. (2019). Electroencephalograms during mental arithmetic task
       performance. Data, 4(1), 14. https://doi.org/10.3390/data4010014

    Examples
    --------
    >>> from eegkit.datasets import MentalArithmetic
    >>> trials = MentalArithmetic(subjects=[0, 1]).load()  # doctest: +SKIP
    """

    folder_name = FOLDER
    title = "EEG During Mental Arithmetic Tasks"
    licence = "ODC-By 1.0"
    citation = "Zyma et al. (2019), Data 4(1), 14, doi:10.3390/data4010014"
    url = "https://physionet.org/content/eegmat/1.0.0/"
    size_mb = 184.0
    n_subjects = 36
    n_channels = 19
    recorded_sfreq = 500.0
    classes = ("rest", "arithmetic")

    window_s = 5.0
    target_sfreq = 128.0

    def recordings(self) -> list[Recording]:
        people = choose_subjects(self.subjects, range(self.n_subjects), self.title)
        return [
            Recording(subject, run, self.folder() / f"Subject{subject:02d}_{run}.edf")
            for subject in people
            for run in CONDITIONS
        ]

    def holds_recordings(self, folder: Path) -> bool:
        return folder.name == FOLDER or next(folder.glob("Subject??_?.edf"), None) is not None

    def fetch(self, recording: Recording) -> None:
        """Download it, and the table of people, checked against PhysioNet's checksums."""
        import pooch

        folder, name = recording.path.parent, recording.path.name
        source = pooch.create(folder, URL, registry=_published_sums(folder), retry_if_failed=2)
        for file in (INFO_FILE, name):
            source.fetch(file)

    def tables(self) -> list[Path]:
        table = self.folder() / INFO_FILE
        return [table] if table.is_file() else []

    def complete(self, trials: Trials) -> Trials:
        trials.metadata = _add_people(trials.metadata, self.folder() / INFO_FILE)
        return trials

    def read(self, recording: Recording) -> Trials:
        raw = open_recording(recording.path)
        channels = match_channels(CHANNELS, raw.ch_names, recording.path)
        continuous = prepare_recording(
            raw, self.preparation, channels=channels, source=recording.path
        )
        X, onsets = continuous.windows(self.preparation, recording.path)
        y = np.full(len(X), CONDITIONS[recording.run])
        metadata = recording.metadata(f"S{recording.subject:02d}", onsets)
        return Trials(X, y, metadata, make_info(CHANNELS, continuous.sfreq), self.preparation)


def _add_people(metadata: pd.DataFrame, table: Path) -> pd.DataFrame:
    """Add what the published table says of every person, if it is there."""
    if not table.is_file():
        return metadata
    people = pd.read_csv(table)
    people = people.rename(columns=lambda name: str(name).strip())
    if "Subject" not in people:
        raise ValueError(
            f"{table} has the columns {', '.join(people.columns)}; expected Subject among them. "
            "Remove the file, or download it again."
        )
    people["subject"] = people["Subject"].str.strip().str.replace("Subject", "S")
    columns = {old: new for old, new in PERSONAL.items() if old in people}
    people = people[["subject", *columns]].rename(columns=columns)
    return metadata.merge(people, on="subject", how="left", validate="many_to_one")


@functools.cache
def _published_sums(folder: Path) -> dict[str, str]:
    """The published checksum of every file, read once for a folder."""
    import pooch

    # Not from the folder: a list lying there may cover only part of the files.
    with tempfile.TemporaryDirectory() as directory:
        sums = pooch.retrieve(URL + SUMS_FILE, known_hash=None, path=directory, fname=SUMS_FILE)
        lines = Path(sums).read_text().splitlines()
    pairs = [line.split() for line in lines if line.strip()]
    return {name: f"sha256:{digest}" for digest, name in pairs}
