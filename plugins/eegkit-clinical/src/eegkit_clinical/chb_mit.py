"""CHB-MIT Scalp EEG Database (PhysioNet)."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eegkit import Trials
from eegkit.datasets import Recording, WindowedDataset, choose_subjects
from eegkit.parameters import Count, Interval, NonNegative, ParameterError, Positive
from eegkit.recordings import (
    make_info,
    match_channels,
    naming_the_file,
    open_recording,
    prepare_recording,
    window_onsets,
)
from eegkit_clinical._chb_summary import Span, read_summary, seizures_around, without
from eegkit_clinical._shared import choose

FOLDER = "chbmit"
SFREQ = 256.0
# One volt, in microvolts: beyond any electrode on a head.
LIMIT = 1e6
# chb21 is the patient of chb01, one and a half years later.
SAME_PERSON = {21: 1}
STATES = ("seizure", "pre_ictal", "background")

# The double banana, which all recordings have or (three of chb12) contain.
CHANNELS = (
    "FP1-F7", "F7-T7", "T7-P7", "P7-O1", "FP1-F3", "F3-C3", "C3-P3", "P3-O1", "FP2-F4",
    "F4-C4", "C4-P4", "P4-O2", "FP2-F8", "F8-T8", "T8-P8", "P8-O2", "FZ-CZ", "CZ-PZ",
)  # fmt: skip


class CHBMIT(WindowedDataset):
    """Seizures of children, 23 people, 18 bipolar channels, days long (PhysioNet chbmit).

    Children and young adults with seizures that no medicine stopped were recorded for
    days after their medicine was withdrawn [1]_ [2]_: 24 cases, 198 seizures whose beginnings and
    ends experts marked, and more than 900 hours, most of
    them without any seizure.

    Parameters
    ----------
    subjects : sequence of int, optional
        The cases to load, 1 to 24, the numbers of the folders; all by default.
        Cases 1 and 21 are one person.
    path : str or path-like, optional
        The folder ``chbmit`` with the folders ``chb01`` to ``chb24``, or the folder that
        holds it; by default the environment variable ``EEGKIT_DATA``, else the cache folder
        of the user.
    window_s : float, default 4.0
        Length of a trial in s.
    overlap : float, default 0.0
        Part of a window shared with the next one, from 0 to below 1. Overlapping
        windows share samples: never let them fall on both sides of a split.
    states : sequence of str, default ("seizure", "pre_ictal", "background")
        The states to load windows of.
    preictal : float, default 30.0
        Length of the time before a seizure that counts as pre-ictal, in minutes [3]_.
    horizon : float, default 5.0
        Minutes between the pre-ictal time and the seizure that are left out, as a warning
        in them would come too late [3]_.
    postictal : float, default 30.0
        Minutes after a seizure of which nothing is pre-ictal, nor background.
    distance : float, default 240.0
        Minutes between background and any seizure, before it and after [3]_. Patients with
        many seizures have no background so far away: lower it to detect their seizures.
    max_windows : int or None, default 30
        Windows of background, and as many pre-ictal ones, to take of a recording at most,
        drawn at random; None for all, 900 from each hour. Windows of seizures are all taken.
    random_state : int, default 0
        Seed of that draw.
    channels : sequence of str, default the 18 of the double banana
        Bipolar channels, such as ``"T7-FT9"``, to load; every recording must have them.
    target_sfreq : float, optional
        Rate in Hz to resample the recordings to; by default the recorded 256 Hz.
    l_freq, h_freq : float, optional
        Edges in Hz of a zero-phase band-pass on the whole recording; by default none.
        Line noise is at 60 Hz.
    download, on_error, n_jobs, cache, progress
        See `RecordedDataset`. The loader downloads nothing: the data set has 42.6 GB.

    Notes
    -----
    Metadata: ``subject`` (``"chb01"`` to ``"chb24"``, but ``"chb01"`` for case 21, too),
    ``session`` (the case), ``run`` (the rest of the file's name, ``"03"``, ``"16+"`` or
    ``"a_03"``), ``onset`` (of the window in s from the start of the recording), ``recording``
    (name of the file), ``seizure`` (that the window lies in or before, ``"chb01_03.edf:1"``
    for the first of that file; empty for background) and ``montage`` (``"bipolar"``, or
    ``"derived"``).

    A window of a seizure lies wholly inside it, from its marked beginning on; a rest shorter
    than a window is left out. Pre-ictal time reaches into the file before: files of a
    case are put on one clock by the dates of their headers, which are shifted but keep the time
    between files. A file that has no date is seen alone. Seizures in files that are not there
    cannot be seen either: load whole cases.

    Windows of one seizure, and of the time before it, are alike: split by ``subject``, or at
    least by ``seizure``. A split at random within a patient measures memory. Seizures
    came at certain hours and after medicine was withdrawn, so the time of day, sleep and
    days since admission are confounded with the state.

    Most files have 23 channels, T8-P8 twice, of which the first is taken, and some have ECG or
    dummies named ``-`` besides; montages change within a case. The default 18 channels are in
    all files but chb12_27, chb12_28 and chb12_29, recorded against one reference (named CS2 in
    the first, not named in the others, whose O1 is spelled ``01``): there a bipolar
    channel is the difference of two, and ``montage`` is ``"derived"``. Bipolar channels have no
    position, so `Trials.info` has none.

    The times of seizures are from the ``chbNN-summary.txt``. A file that its summary does not
    name has no seizure; it is refused if a ``.edf.seizures`` lies beside it. Case 24 was added
    later; that it is another person is assumed, as its age and sex were not published.
    Facts from the page and files of the data set, and [3]_.

    References
    ----------
    .. [1] Shoeb, A. H. (2009). Application of machine learning to epileptic seizure onset
       detection and treatment. PhD thesis, Massachusetts Institute of Technology.
       https://hdl.handle.net/1721.1/54669
    .. [2] Goldberger, A. L., et al. (2000). PhysioBank, PhysioToolkit, and PhysioNet.
       Circulation, 101(23), e215-e220. https://doi.org/10.1161/01.CIR.101.23.e215
    .. [3] Truong, N. D., Nguyen, A. D., Kuhlmann, L., Bonyadi, M. R., Yang, J., Ippolito, S.,
       & Kavehei, O. (2018). Convolutional neural networks for seizure prediction using
       intracranial and scalp electroencephalogram. Neural Networks, 105, 104-111.
       https://doi.org/10.1016/j.neunet.2018.04.018

    Examples
    --------
    >>> from eegkit_clinical import CHBMIT
    >>> data = CHBMIT(subjects=[1, 2, 21], states=("seizure", "background"), distance=60.0)
    >>> trials = data.load()  # doctest: +SKIP
    """

    folder_name = FOLDER
    title = "CHB-MIT Scalp EEG Database"
    licence = "ODC-By 1.0"
    citation = "Shoeb (2009), PhD thesis, MIT; Guttag (2010), PhysioNet, doi:10.13026/C2K01R"
    url = "https://physionet.org/content/chbmit/1.0.0/"
    size_mb = 42_600.0
    n_subjects = 23
    n_channels = 18
    recorded_sfreq = SFREQ
    classes = STATES
    how_to_get = (
        "wget -r -N -c -np -nH --cut-dirs=3 -P chbmit https://physionet.org/files/chbmit/1.0.0/ "
        "and pass that folder, which then holds chb01 to chb24 (or some of them), as path."
    )

    window_s = 4.0
    states: Sequence[str] = STATES
    preictal: Positive = 30.0
    horizon: NonNegative = 5.0
    postictal: NonNegative = 30.0
    distance: NonNegative = 240.0
    max_windows: Count | None = 30
    random_state: Annotated[int, Interval(ge=0)] = 0
    channels: Sequence[str] = CHANNELS

    def check_parameters(self) -> None:
        super().check_parameters()
        choose(self.states, STATES, "states", self.title)
        _check_channels(self.channels)
        self.preparation.check_recorded_rate(SFREQ)
        if self.window_s is None:
            raise ParameterError(
                "window_s is None; expected seconds, as no two seizures last as long.", "window_s"
            )

    def recordings(self) -> list[Recording]:
        cases = choose_subjects(self.subjects, range(1, 25), self.title)
        return [recording for case in cases for recording in self._of_case(case)]

    def _of_case(self, case: int) -> list[Recording]:
        folder = self.folder() / _name(case)
        summary = _summary(folder)
        names = {path.name for path in folder.glob(f"{_name(case)}*.edf")}
        if not summary.is_file():
            # Without it nobody knows what is a seizure: it is what is missing.
            return [Recording(case, summary.name, summary)]
        with contextlib.suppress(ValueError):  # `read` tells, of each recording
            names |= set(read_summary(summary))
        return [Recording(case, _run(name), folder / name) for name in sorted(names)]

    def tables(self) -> list[Path]:
        cases = choose_subjects(self.subjects, range(1, 25), self.title)
        summaries = [_summary(self.folder() / _name(case)) for case in cases]
        return [path for path in summaries if path.is_file()]

    def holds_recordings(self, folder: Path) -> bool:
        return folder.name == FOLDER or next(folder.glob("chb??/chb??*.edf"), None) is not None

    def read(self, recording: Recording) -> Trials:
        path = recording.path
        seizures = _seizures(path)
        raw = open_recording(path)
        if raw.info["sfreq"] != SFREQ:
            raise ValueError(
                f"{path} is recorded at {raw.info['sfreq']:g} Hz; expected {SFREQ:g} Hz. Remove "
                "the file and download it again."
            )
        channels = match_channels(self.channels, raw.ch_names, path, on_several="first")
        rate, window_s = float(self.target_sfreq or SFREQ), float(self.window_s or 0)
        windows = self._windows(seizures, raw.n_times / SFREQ, path.name)
        starts = np.array([start for start, _, _ in windows])
        X = np.empty((0, len(channels), round(window_s * rate)), np.float32)
        inside = np.zeros(0, dtype=bool)
        if windows:  # most recordings have none, where only seizures are wanted
            with naming_the_file(path):
                continuous = prepare_recording(
                    raw, self.preparation, channels=channels, source=path, limit=LIMIT
                )
            X, inside = continuous.cut(starts, window_s)
        windows = [window for window, keep in zip(windows, inside, strict=True) if keep]
        case = recording.subject
        metadata = pd.DataFrame(
            {
                "subject": _name(SAME_PERSON.get(case, case)),
                "session": _name(case),
                "run": recording.run,
                "onset": starts[inside],
                "recording": path.name,
                "seizure": np.array([seizure for _, _, seizure in windows], dtype=object),
                "montage": "derived" if any(len(n) > 1 for n in channels.values()) else "bipolar",
            },
            index=range(len(X)),
        )
        labels = np.array([state for _, state, _ in windows], dtype="U10")
        return Trials(X, labels, metadata, make_info(self.channels, rate), self.preparation)

    def complete(self, trials: Trials) -> Trials:
        if not len(trials):
            raise ValueError(
                f"{self.title}: none of the recordings has a window of {', '.join(self.states)}; "
                "load more cases, or lower window or distance."
            )
        return trials

    def _windows(
        self, seizures: dict[str, Span], lasting: float, name: str
    ) -> list[tuple[float, str, str]]:
        """Where windows begin, their state and seizure, ordered in time."""
        rng = np.random.default_rng([self.random_state, zlib.crc32(name.encode())])
        parts = {
            "seizure": [(a, b, seizure) for seizure, (a, b) in seizures.items()],
            "pre_ictal": self._pre_ictal(seizures),
            "background": [(a, b, "") for a, b in self._background(seizures, lasting)],
        }
        selection = []
        for state in STATES:  # in this order, whatever is asked for: the draw stays the same
            windows = [
                (start, state, seizure)
                for low, high, seizure in parts[state]
                for start in self._starts(max(low, 0.0), min(high, lasting))
            ]
            if state != "seizure" and self.max_windows is not None:
                indices = rng.permutation(len(windows))[: self.max_windows]
                windows = [windows[i] for i in indices]
            if state in self.states:
                selection += windows
        return sorted(selection)

    def _starts(self, low: float, high: float) -> NDArray[np.float64]:
        rate = float(self.target_sfreq or SFREQ)
        return window_onsets(low, high, float(self.window_s or 0), self.overlap, rate)

    def _pre_ictal(self, seizures: dict[str, Span]) -> list[tuple[float, float, str]]:
        horizon, preictal, postictal = (
            60 * minutes for minutes in (self.horizon, self.preictal, self.postictal)
        )
        peri_ictal = [(a - horizon, b + postictal) for a, b in seizures.values()]
        spans: list[tuple[float, float, str]] = []
        # A time before two seizures counts for the first of them.
        for seizure, (start, _) in sorted(seizures.items(), key=lambda item: item[1]):
            before = (start - horizon - preictal, start - horizon)
            earlier = [(low, high) for low, high, _ in spans]
            spans += [(low, high, seizure) for low, high in without([before], peri_ictal + earlier)]
        return spans

    def _background(self, seizures: dict[str, Span], lasting: float) -> list[Span]:
        before = 60 * max(self.distance, self.horizon + self.preictal)
        after = 60 * max(self.distance, self.postictal)
        near = [(start - before, end + after) for start, end in seizures.values()]
        return without([(0.0, lasting)], near)


def _name(case: int) -> str:
    return f"chb{case:02d}"


def _summary(folder: Path) -> Path:
    return folder / f"{folder.name}-summary.txt"


def _seizures(path: Path) -> dict[str, Span]:
    """Those of a recording and of the ones around it, by its own clock."""
    summary = read_summary(_summary(path.parent))
    if path.name not in summary and path.with_name(f"{path.name}.seizures").is_file():
        raise ValueError(
            f"{path} has seizures, as {path.name}.seizures lies beside it, but the summary "
            "does not name it; download the summary again."
        )
    return seizures_around(path, summary)


def _run(name: str) -> str:
    """What the name of a file says besides its case: "03", "16+", "a_03"."""
    return name.removesuffix(".edf")[5:].lstrip("_")


def _check_channels(channels: Sequence[str]) -> None:
    names = list(channels) if not isinstance(channels, str) else []
    fine = all(isinstance(name, str) and name.count("-") == 1 for name in names)
    if not names or not fine or len(set(names)) < len(names):
        raise ParameterError(
            f"channels is {channels!r}; expected different bipolar channels, such as 'FP1-F7'.",
            "channels",
        )
