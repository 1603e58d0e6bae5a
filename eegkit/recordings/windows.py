"""From the file of a recording to windows, in one call."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eegkit.recordings.channels import match_channels
from eegkit.recordings.files import naming_the_file, open_recording
from eegkit.recordings.preparation import Preparation
from eegkit.recordings.prepared import prepare_recording
from eegkit.text import no_such

if TYPE_CHECKING:
    import mne


class Windows(NamedTuple):
    """What `read_windows` gives.

    Parameters
    ----------
    X : ndarray of float32, shape (n_windows, n_channels, n_times)
        In microvolts.
    onsets : ndarray, shape (n_windows,)
        In s from the start of the recording.
    channels : dict of str to tuple of str
        The recorded channel for each channel of X, or the two that were subtracted.

    See Also
    --------
    read_windows : with an example.
    """

    X: NDArray[np.float32]
    onsets: NDArray[np.float64]
    channels: dict[str, tuple[str, ...]]


def read_windows(
    recording: str | os.PathLike[str] | mne.io.BaseRaw,
    ch_names: Sequence[str],
    preparation: Preparation,
    onsets: Sequence[float] | NDArray[np.float64] | None = None,
) -> Windows:
    """Windows of a recording, as a data set of that preparation would cut them.

    Parameters
    ----------
    recording : str, path-like or mne.io.BaseRaw
        The file, of a format of `open_recording`, or one that is open and is left as it is.
    ch_names : sequence of str
        The channels of a window, found by `match_channels`.
    preparation : Preparation
        Filter, rate and windows, as a fitted decoder remembers them.
    onsets : sequence of float, optional
        Where windows begin, in s; by default they follow each other from the start on.

    Returns
    -------
    Windows
        Signals, onsets and the channels that were read.

    Raises
    ------
    ValueError
        The recording is broken, too short, lacks channels, or holds NaN.
    FileNotFoundError
        There is no such file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import mne
    >>> import numpy as np
    >>> from eegkit.recordings import Preparation, read_windows
    >>> signals = np.random.default_rng(0).normal(scale=1e-5, size=(2, 1280))  # 10 s, in V
    >>> info = mne.create_info(["C3", "C4"], 128.0, "eeg")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "sub-01_raw.fif"
    ...     raw = mne.io.RawArray(signals, info, verbose="error")
    ...     _ = raw.save(path, verbose="error")
    ...     windows = read_windows(path, ["C4"], Preparation(window_s=2.0, sfreq=64.0))
    >>> windows.X.shape
    (5, 1, 128)
    """
    raw, path = _open(recording)
    # What is read under another name is said by `channels` of the result.
    channels = match_channels(ch_names, raw.ch_names, path, on_several="first")
    with naming_the_file(path):
        continuous = prepare_recording(raw, preparation, channels=channels, source=path)
    if onsets is None:
        return Windows(*continuous.windows(preparation, path), channels)
    X, inside = continuous.cut(onsets, preparation.window_s or continuous.duration)
    return Windows(X, np.asarray(onsets, dtype=float)[inside], channels)


def _open(recording: str | os.PathLike[str] | mne.io.BaseRaw) -> tuple[mne.io.BaseRaw, Path]:
    """A recording and its file; of one that has none, what messages call it."""
    if isinstance(recording, (str, os.PathLike)):
        path = Path(recording)
        if path.is_dir():
            raise ValueError(f"{path} is a folder; expected the file of a recording.")
        if not path.is_file():
            raise no_such(path, "recording")
        return open_recording(path), path
    if not hasattr(recording, "annotations") or not hasattr(recording, "ch_names"):
        raise ValueError(
            f"The recording is {recording!r:.60}; expected the path of one, or mne.io.Raw."
        )
    return recording.copy(), Path(next(filter(None, recording.filenames), "the recording"))
