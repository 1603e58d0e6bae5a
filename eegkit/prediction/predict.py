"""`predict`: from a fitted decoder and a recording to a table of labels."""

from __future__ import annotations

import os
from collections.abc import Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eegkit.likeness import is_unlike
from eegkit.prediction.calibration import calibrate, statistics_notes
from eegkit.prediction.recordings import recordings_for, renamed

if TYPE_CHECKING:
    import mne


def predict(
    decoder: Any,
    recording: str | os.PathLike[str] | mne.io.BaseRaw,
    *,
    calibration: str | os.PathLike[str] | mne.io.BaseRaw | None = None,
    window_s: float | None = None,
    overlap: float | None = None,
    l_freq: float | None = None,
    h_freq: float | None = None,
    channels: Sequence[str] | None = None,
    sfreq: float | None = None,
) -> pd.DataFrame:
    """Label every window of a recording.

    The recording goes through what those of the training trials went through: the same channels in
    the same order, filter, rate and windows, which a fitted pipeline remembers. What is given here
    says otherwise, or what a decoder does not know.

    Parameters
    ----------
    decoder : estimator
        A fitted classifier, or a pipeline that ends with one; as `eegkit.load` gives it.
    recording : str, path-like or mne.io.BaseRaw
        An EDF, BDF, GDF, BrainVision (``.vhdr``), EEGLAB (``.set``) or FIF file, or what MNE read
        of any. It is left as it is.
    calibration : "self", str, path-like or mne.io.BaseRaw, optional
        Let a decoder that adapts to people learn this one's statistics first, without labels: from
        the recording itself (``"self"``) or from another one of the same person. The decoder given
        does not change.
    window_s : float, optional
        Length of a window in s, where the decoder does not know that of its training trials.
    overlap : float, optional
        Part of a window shared with the next one, from 0 to below 1; by default the training's.
    l_freq, h_freq : float, optional
        Edges of a band-pass in Hz, in place of the training's; 0 and infinity for none.
    channels : sequence of str, optional
        Channels in order, where the decoder does not know them.
    sfreq : float, optional
        Rate in Hz at which the decoder reads, where it does not know it.

    Returns
    -------
    pandas.DataFrame
        A row for each window: ``onset_s``, in s from the start of the recording by its clock;
        ``label``; the probability of each class, ``p_<class>``, where the decoder gives any; and
        ``unlike_training``, true where amplitude or spectrum are nothing like those of the training
        trials, where the decoder remembers them. Its `attrs` say what was done: ``preparation``,
        ``channels`` (the recorded ones for each that the decoder reads) and ``notes``, sentences.

    Raises
    ------
    ValueError
        The decoder is no fitted classifier of signals, something is missing that it does not know,
        or the recording is broken, too short, or lacks channels.
    FileNotFoundError
        There is no such file.

    Warns
    -----
    MissingDataWarning
        Of windows left out, as they have a part in a pause or in a piece that is marked as bad.

    See Also
    --------
    eegkit.load : A decoder from its file.
    eegkit.datasets.from_folder : Trials with labels, to fit and to evaluate on.

    Examples
    --------
    >>> import eegkit
    >>> decoder = eegkit.load("hands.eegkit")  # doctest: +SKIP
    >>> eegkit.predict(decoder, "session.edf")[["onset_s", "label"]]  # doctest: +SKIP
    """
    filters = {"overlap": overlap, "l_freq": l_freq, "h_freq": h_freq}
    recordings = recordings_for(decoder, channels, sfreq, window_s, filters)
    signals, onsets, sources = recordings.read(recording)
    if calibration is not None:
        decoder = deepcopy(decoder)
    basis = calibrate(decoder, signals, calibration, lambda other: recordings.read(other)[0])
    table = _table(decoder, signals, onsets)
    table.attrs = {
        "preparation": str(recordings.preparation),
        "channels": sources,
        "notes": [
            *recordings.notes,
            *renamed(sources),
            *statistics_notes(decoder, signals, basis),
        ],
    }
    return table


def _table(decoder: Any, signals: Any, onsets: Any) -> pd.DataFrame:
    """The windows, with labels, probabilities and likeness where there are any."""
    columns: dict[str, Any] = {"onset_s": onsets}
    if hasattr(decoder, "predict_proba"):
        proba = np.asarray(decoder.predict_proba(signals))
        columns["label"] = np.asarray(decoder.classes_)[proba.argmax(axis=1)]
        columns |= {f"p_{c}": proba[:, i] for i, c in enumerate(decoder.classes_)}
    else:
        columns["label"] = decoder.predict(signals)
    profile = getattr(decoder, "training_profile_", None)
    if profile is not None:
        columns["unlike_training"] = is_unlike(profile, signals.view(np.ndarray))
    return pd.DataFrame(columns)
