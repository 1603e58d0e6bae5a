"""PhysioNet "EEG Motor Movement/Imagery Dataset"."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from eegkit.datasets._recordings import Recording, choose_subjects
from eegkit.datasets.recorded import PreparedDataset
from eegkit.parameters import Interval, ParameterError
from eegkit.recordings import (
    Preparation,
    PreparedRecording,
    canonical_names,
    make_info,
    open_recording,
    prepare_recording,
    window_onsets,
)
from eegkit.trials import Trials

if TYPE_CHECKING:
    import mne

FOLDER = "MNE-eegbci-data"
INSIDE = Path("files", "eegmmidb", "1.0.0")

HANDS = {"T1": "left_hand", "T2": "right_hand"}
HANDS_FEET = {"T1": "hands", "T2": "feet"}
# Per task the runs, and in each what its annotations mean.
TASKS: dict[str, dict[int, dict[str, str]]] = {
    "imagine_left_right": dict.fromkeys((4, 8, 12), HANDS),
    "imagine_hands_feet": dict.fromkeys((6, 10, 14), HANDS_FEET),
    "execute_left_right": dict.fromkeys((3, 7, 11), HANDS),
    "execute_hands_feet": dict.fromkeys((5, 9, 13), HANDS_FEET),
    "eyes": {1: {"": "eyes_open"}, 2: {"": "eyes_closed"}},
}


class EEGBCI(PreparedDataset):
    """Imagined and real movements of hands and feet, 109 people, 64 channels (PhysioNet).

    Recorded with BCI2000 [1]_ [2]_: every person did 14 runs, two of one minute of
    rest and twelve of two minutes with about fifteen trials of 4.1 s each, between which
    they rested for 4.2 s.

    Parameters
    ----------
    subjects : sequence of int, optional
        The people to load, 1 to 109; all by default.
    path : str or path-like, optional
        The folder that holds ``MNE-eegbci-data`` (as for ``mne.datasets.eegbci.load_data``),
        or that folder itself; by default the environment variable ``EEGKIT_DATA``, else
        where MNE keeps this data set.
    task : str, default "imagine_left_right"
        ``"imagine_left_right"`` (runs 4, 8, 12), ``"imagine_hands_feet"`` (6, 10, 14),
        ``"execute_left_right"`` (3, 7, 11), ``"execute_hands_feet"`` (5, 9, 13) or
        ``"eyes"`` (baseline, eyes open: run 1, eyes closed: run 2).
    rest : bool, default False
        Also give the pauses between the trials, labelled ``"rest"``. No use with ``"eyes"``.
    tmin, tmax : float, default 0.0 and 4.0
        The trial's bounds in s from the cue; the sample at `tmax` is left out. The task
        ``"eyes"`` has no cues: it is cut into windows of ``tmax - tmin`` s, end to end.
    target_sfreq : float or None, default 128.0
        Rate in Hz to resample the recordings to; None keeps the recorded rate.
    l_freq, h_freq : float, optional
        Edges in Hz of a zero-phase band-pass on the whole recording; by default none.
        The recordings hold slow drifts and line noise at 60 Hz.
    download, on_error, n_jobs, cache, progress
        See `RecordedDataset`.

    Notes
    -----
    Metadata: ``subject`` (``"S001"`` to ``"S109"``), ``session`` (``"0"``), ``run`` (the
    published number), ``onset`` (of the cue or window in s from the start of the
    recording) and ``recording`` (name of the file).

    The files of the people 88, 92 and 100 give 128 Hz and trials of 5.125 s, where all
    others have 160 Hz and 4.1 s (656 samples either way, so which of the two is true
    cannot be told from the files), and 104 has fewer trials. They are
    loaded like the others, resampled to `target_sfreq`; many studies leave these four out.
    With ``target_sfreq=None`` they cannot be joined with the others.

    Zeros that fill up the end of a recording are cut off, and a trial that would
    reach past the end is left out.

    References
    ----------
    .. [1] Schalk, G., McFarland, D. J., Hinterberger, T., Birbaumer, N., & Wolpaw, J. R.
       (2004). BCI2000: a general-purpose brain-computer interface (BCI) system. IEEE
       Transactions on Biomedical Engineering, 51(6), 1034-1043.
       https://doi.org/10.1109/TBME.2004.827072
    .. [2] Goldberger, A. L., et al. (2000). PhysioBank, PhysioToolkit, and PhysioNet.
       Circulation, 101(23), e215-e220. https://doi.org/10.1161/01.CIR.101.23.e215

    Examples
    --------
    >>> from eegkit.datasets import EEGBCI
    >>> trials = EEGBCI(subjects=[1, 2], task="imagine_hands_feet").load()  # doctest: +SKIP
    """

    folder_name = FOLDER
    title = "EEG Motor Movement/Imagery Dataset"
    licence = "ODC-By 1.0"
    citation = (
        "Schalk et al. (2004), IEEE Trans Biomed Eng 51(6), 1034, doi:10.1109/TBME.2004.827072"
    )
    url = "https://physionet.org/content/eegmmidb/1.0.0/"
    size_mb = 3400.0
    n_subjects = 109
    n_channels = 64
    recorded_sfreq = 160.0
    classes = ("left_hand", "right_hand")

    task: Literal[
        "imagine_left_right",
        "imagine_hands_feet",
        "execute_left_right",
        "execute_hands_feet",
        "eyes",
    ] = "imagine_left_right"
    rest: bool = False
    tmin: Annotated[float, Interval()] = 0.0
    tmax: Annotated[float, Interval()] = 4.0
    target_sfreq = 128.0

    @property
    def preparation(self) -> Preparation:
        return replace(super().preparation, window_s=self.tmax - self.tmin)

    def recordings(self) -> list[Recording]:
        people = choose_subjects(self.subjects, range(1, self.n_subjects + 1), self.title)
        inside = self.folder() / INSIDE
        return [
            Recording(subject, run, inside / _name(subject) / f"{_name(subject)}R{run:02d}.edf")
            for subject in people
            for run in TASKS[self.task]
        ]

    def check_parameters(self) -> None:
        super().check_parameters()
        if self.task == "eyes" and self.rest:
            raise ParameterError(
                "task='eyes' is rest throughout and has no pauses; drop rest=True.", "rest"
            )
        if self.tmin >= self.tmax:
            raise ParameterError(
                f"tmin is {self.tmin!r} and tmax {self.tmax!r}; expected tmin below tmax, in s.",
                "tmin",
            )

    def usual_folder(self) -> Path:
        import mne

        data_folder = mne.get_config("MNE_DATASETS_EEGBCI_PATH") or mne.get_config("MNE_DATA")
        return Path(data_folder or "~/mne_data").expanduser() / FOLDER

    def fetch(self, recording: Recording) -> None:
        import mne

        root = self.folder().parent
        root.mkdir(parents=True, exist_ok=True)
        # MNE knows the checksums; update_path=False keeps its configuration as it is.
        mne.datasets.eegbci.load_data(
            recording.subject, recording.run, path=root, update_path=False, verbose="error"
        )

    def read(self, recording: Recording) -> Trials:
        raw = open_recording(recording.path)
        names = canonical_names(raw.ch_names)
        channels = {new: (old,) for new, old in zip(names, raw.ch_names, strict=True)}
        continuous = prepare_recording(
            raw, self.preparation, channels=channels, source=recording.path
        )
        if not any(x.any() for _, x in continuous.stretches):
            raise ValueError(f"{recording.path} holds nothing but zeros; download it again.")
        onsets, labels = self._labelled(raw, continuous, recording.run)
        starts = onsets if self.task == "eyes" else onsets + self.tmin
        X, inside = continuous.cut(starts, self.tmax - self.tmin)
        metadata = recording.metadata(_name(recording.subject), onsets[inside])
        info = make_info(names, continuous.sfreq)
        return Trials(X, labels[inside], metadata, info, self.preparation)

    def _labelled(
        self, raw: mne.io.BaseRaw, continuous: PreparedRecording, run: int
    ) -> tuple[NDArray[np.float64], NDArray[np.str_]]:
        """Where the cues or windows of a run lie, in s, and their labels."""
        meaning = TASKS[self.task][run]
        if self.task == "eyes":
            length = self.tmax - self.tmin
            onsets = window_onsets(0.0, continuous.duration, length, 0.0, continuous.sfreq)
            return onsets, np.full(len(onsets), meaning[""])
        if self.rest:
            meaning = {**meaning, "T0": "rest"}
        cues = [(a["onset"], meaning[a["description"]]) for a in raw.annotations
                if a["description"] in meaning]  # fmt: skip
        return np.array([onset for onset, _ in cues]), np.array([label for _, label in cues], str)


def _name(subject: int) -> str:
    return f"S{subject:03d}"
