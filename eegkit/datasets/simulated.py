"""Simulated EEG of several people, under several conditions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np

from eegkit.datasets._base import Dataset
from eegkit.datasets._head import TEN_TWENTY, Head
from eegkit.datasets._recordings import choose_subjects
from eegkit.datasets._simulation import CONDITIONS, Plan, motor_imagery
from eegkit.parameters import Interval, ParameterError
from eegkit.recordings import make_info
from eegkit.trials import Trials

# Of X, which is made in memory.
MOST_BYTES = 1e11


class Simulated(Dataset, overrides=("n_subjects",)):
    """Simulated motor imagery, seizures, emotions or resting people: no download, known truth.

    Dipoles in a spherical head give the electrodes a background with a 1/f spectrum and
    rhythms that depend on the condition. Blinks, line noise and the noise of the electrodes
    come on top. People differ in the frequencies and strengths of their rhythms, in how far
    the condition changes them, and in the places and directions of their dipoles, so that
    what one learns from some people fits the next one only in part.

    Parameters
    ----------
    subjects : sequence of int, optional
        The people to make, of 1 to `n_subjects`; all by default. A person's trials are the
        same whoever else is made.
    path : None
        Not used, there are no files.
    condition : {"motor_imagery", "seizure", "emotion", "identity"}, default "motor_imagery"
        What the people do or undergo; see the notes.
    n_subjects : int, default 10
        How many people there are.
    n_trials : int, default 40
        Trials per person, spread evenly over the classes, two sessions and four runs.
    n_classes : int, optional
        Motor imagery: the first 2 (the default), 3 or 4 of ``"left_hand"``, ``"right_hand"``,
        ``"feet"``, ``"tongue"``. Seizure: the first 2 (the default) or 3 of ``"background"``,
        ``"seizure"``, ``"preictal"``. Emotion: the first 2 or 3 (the default) of
        ``"negative"``, ``"positive"``, ``"neutral"``. Identity: not used, the label is the
        person.
    sfreq : float, default 128.0
        Sampling rate in Hz, at least 64.
    duration : float, default 3.0
        Length of a trial in s, at least 1. In motor imagery it begins with the cue, and the
        desynchronisation is fully there from about 0.8 s.
    channels : sequence of str, optional
        Electrodes of the 10-05 system; by default the 19 of the 10-20 system.
    difficulty : {"easy", "medium", "hard"}, default "medium"
        How much the condition changes, against what varies without it.
    random_state : int, default 0
        The same number gives the same bytes on one CPU, and on every other the same potentials
        to a millionth of their spread. The global generators are not touched.

    Notes
    -----
    Metadata: ``subject`` (``"S01"``, ...), ``session`` (``"0"``, ``"1"``), ``run`` (``"0"``
    to ``"3"``, two per session), ``trial`` (number within the person), ``onset`` (s from the
    start of the run, in which trials follow each other without a gap) and ``recording``
    (``"S01_run-0"``, ...: a run is one). Between the sessions the gain of every electrode
    changes a little.

    ``"motor_imagery"``
        A mu (8 to 13 Hz) and a beta rhythm (16 to 26 Hz) over the sensorimotor areas lose
        power over the area of the body part whose movement is imagined: event-related
        desynchronisation (ERD) [1]_. Logistic regression on the mu and beta power at C3 and
        C4, trained on nine other people, tells the two hands apart in about 95, 85 and 70 %
        of the trials (easy, medium, hard).
    ``"seizure"``
        Every run is one recording that ends in a seizure, cut into trials: a rhythm that
        stands out from the background and evolves in frequency, size and place [2]_. In
        most people it is focal: it slows down from 5-7 to 3 Hz, grows, and spreads from the
        focus to the other side. In others it is spike-and-wave of 3 Hz, everywhere at once.
        The background holds slow waves and single discharges that are no seizure; before a
        seizure these come more often. That there is a preictal state at all is an
        assumption; whether people have one is disputed [3]_. Metadata: ``focus``
        (an electrode, or ``"generalised"``).
    ``"emotion"``
        Alpha is weaker over the left frontal cortex in positive, over the right in negative
        emotions [4]_; positive ones have more temporal beta, neutral ones more posterior
        alpha [5]_. The changes are much larger than those found in people.
    ``"identity"``
        Resting people, each with an own slope of the 1/f background, an own peak of alpha and
        an own topography, which change less between sessions than between people [6]_.
        Train on one session and test on the other. Metadata: ``alpha_hz``, the peak.

    `BandPower` and logistic regression, trained on nine other people, are right in about 95, 88
    and 71 % of the trials of two classes (seizure) and 98, 82 and 56 % of three (emotion);
    trained on the other session, in 100, 94 and 45 % of ten (identity).

    The potentials are those of MNE's spherical model with skin, skull, fluid and
    brain [7]_, against a reference at infinity. Line noise (50 Hz) is left out where
    `sfreq` is too low to show it.

    References
    ----------
    .. [1] Pfurtscheller, G., & Lopes da Silva, F. H. (1999). Event-related EEG/MEG
       synchronization and desynchronization: basic principles. Clinical Neurophysiology,
       110(11), 1842-1857. https://doi.org/10.1016/S1388-2457(99)00141-8
    .. [2] Hirsch, L. J., et al. (2021). American Clinical Neurophysiology Society's
       standardized critical care EEG terminology: 2021 version. Journal of Clinical
       Neurophysiology, 38(1), 1-29. https://doi.org/10.1097/WNP.0000000000000806
    .. [3] Mormann, F., Andrzejak, R. G., Elger, C. E., & Lehnertz, K. (2007). Seizure
       prediction: the long and winding road. Brain, 130(2), 314-333.
       https://doi.org/10.1093/brain/awl241
    .. [4] Davidson, R. J. (1992). Anterior cerebral asymmetry and the nature of emotion.
       Brain and Cognition, 20(1), 125-151. https://doi.org/10.1016/0278-2626(92)90065-T
    .. [5] Zheng, W.-L., & Lu, B.-L. (2015). Investigating critical frequency bands and
       channels for EEG-based emotion recognition with deep neural networks. IEEE
       Transactions on Autonomous Mental Development, 7(3), 162-175.
       https://doi.org/10.1109/TAMD.2015.2431497
    .. [6] Näpflin, M., Wildi, M., & Sarnthein, J. (2007). Test-retest reliability of resting
       EEG spectra validates a statistical signature of persons. Clinical Neurophysiology,
       118(11), 2519-2524. https://doi.org/10.1016/j.clinph.2007.07.022
    .. [7] Berg, P., & Scherg, M. (1994). A fast method for forward computation of
       multiple-shell spherical head models. Electroencephalography and Clinical
       Neurophysiology, 90(1), 58-64. https://doi.org/10.1016/0013-4694(94)90113-9

    Examples
    --------
    >>> from eegkit.datasets import Simulated
    >>> Simulated(n_subjects=2, n_trials=8).load()
    <Trials: 16 trials of 2 people, 19 channels x 384 samples at 128 Hz; left_hand 8, right_hand 8>
    >>> Simulated(condition="seizure", n_subjects=1, n_trials=8).load().y[:2].tolist()
    ['background', 'seizure']
    """

    title = "Simulated EEG"
    licence = "none needed"
    citation = "Pfurtscheller & Lopes da Silva (1999), doi:10.1016/S1388-2457(99)00141-8"
    url = "https://doi.org/10.1016/S1388-2457(99)00141-8"
    size_mb = 0.0
    n_channels = 19
    recorded_sfreq = 128.0
    classes = motor_imagery.CLASSES[:2]
    availability = "generated"
    how_to_get = "Made when it is loaded."

    condition: Literal["motor_imagery", "seizure", "emotion", "identity"] = "motor_imagery"
    n_subjects: Annotated[int, Interval(ge=1, le=100_000)] = 10  # type: ignore[misc]
    n_trials: Annotated[int, Interval(ge=1, le=10**8)] = 40
    n_classes: int | None = None
    sfreq: Annotated[float, Interval(ge=64)] = 128.0
    duration: Annotated[float, Interval(ge=1)] = 3.0
    channels: Sequence[str] | None = None
    difficulty: Literal["easy", "medium", "hard"] = "medium"
    random_state: Annotated[int, Interval(ge=0)] = 0

    def load(self) -> Trials:
        """Make the trials.

        Returns
        -------
        Trials
            X is float32 in microvolts, shape (n_trials * people, n_channels,
            duration * sfreq). Ordered by person, then as "recorded".

        Raises
        ------
        ValueError
            An option makes no sense.
        """
        classes = self._classes()
        people = choose_subjects(self.subjects, range(1, self.n_subjects + 1), self.title)
        channels = TEN_TWENTY if self.channels is None else tuple(self.channels)
        head = Head(channels)
        simulate = CONDITIONS[self.condition].simulate
        n_times = round(self.duration * self.sfreq)
        info = make_info(channels, self.sfreq)
        parts = []
        for number in people:
            # A generator per person, so that nobody depends on who else is made.
            rng = np.random.default_rng([self.random_state, number])
            name = f"S{number:02d}"
            plan = Plan(name, classes, self.n_trials, n_times, self.sfreq, self.difficulty)
            X, y, metadata = simulate(rng, head, plan)
            metadata.insert(0, "subject", name)
            metadata["recording"] = name + "_run-" + metadata["run"]
            parts.append(Trials(X, y, metadata, info))
        return Trials.concatenate(parts)

    def check_parameters(self) -> None:
        super().check_parameters()
        least = max(1, len(self._classes()))
        if self.n_trials < least:
            raise ParameterError(
                f"n_trials is {self.n_trials!r}; expected a whole number of at least {least}, one "
                "for each class.",
                "n_trials",
            )
        n_people = self.n_subjects if self.subjects is None else len(self.subjects)
        n_channels = len(TEN_TWENTY if self.channels is None else self.channels)
        n_bytes = 4 * n_people * self.n_trials * n_channels * self.duration * self.sfreq
        if n_bytes > MOST_BYTES:
            raise ParameterError(
                f"n_trials is {self.n_trials}, with which X takes {n_bytes / 1e9:.3g} GB; expected "
                f"at most {MOST_BYTES / 1e9:g} GB: make fewer, or shorter ones.",
                "n_trials",
            )

    def _classes(self) -> tuple[str, ...]:
        """The classes of the condition, as many as are asked for."""
        classes, usual, _ = CONDITIONS[self.condition]
        if not classes:
            if self.n_classes is not None:
                raise ParameterError(
                    f"n_classes is {self.n_classes!r}, but the label of {self.condition!r} is the "
                    "person; leave it out and set n_subjects.",
                    "n_classes",
                )
            return ()
        n_classes = usual if self.n_classes is None else self.n_classes
        choices = range(2, len(classes) + 1)
        if n_classes not in choices:
            *first, last = map(str, choices)
            raise ParameterError(
                f"n_classes is {n_classes!r}; expected {', '.join(first)} or {last} for "
                f"{self.condition!r}.",
                "n_classes",
            )
        return classes[:n_classes]
