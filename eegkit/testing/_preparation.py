"""The check that a decoder gets what it was fitted on."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from eegkit.persistence import load, save
from eegkit.pipeline import Pipeline
from eegkit.recordings import read_windows
from eegkit.trials import Trials


class _Memory(ClassifierMixin, BaseEstimator):
    """Fitted on anything; the pipeline around it remembers what it was fitted on."""

    def fit(self, X: NDArray[np.float32], y: NDArray[np.generic]) -> _Memory:
        self.classes_ = np.unique(y)
        return self


def check_preparation(
    trials: Trials,
    path: str | os.PathLike[str],
    onsets: Sequence[float] | NDArray[np.float64] | None = None,
) -> None:
    """Windows that a saved and loaded decoder gets of a recording are the trials, by sample.

    Parameters
    ----------
    trials : Trials
        All from one recording, as the data set cut them.
    path : str or path-like
        That recording, in a format that ``eegkit predict`` reads.
    onsets : sequence of float, optional
        Where the trials begin in it, in s; by default windows follow each other from the start
        on, as ``eegkit predict`` cuts them.

    Raises
    ------
    AssertionError
        The samples differ, or the decoder does not remember the preparation.

    See Also
    --------
    eegkit.recordings.read_windows : cuts a recording as the trials were, with an example.
    """
    y = np.arange(len(trials)) % 2
    decoder = Pipeline([_Memory()]).fit(trials[::-1].X, y)
    with tempfile.TemporaryDirectory() as folder:
        save(decoder, Path(folder) / "decoder")
        copy = load(Path(folder) / "decoder", [_Memory])
    assert copy.preparation_ is not None, "trials.preparation is None; expected what was done"
    assert copy.preparation_ == trials.preparation, (
        f"the saved decoder remembers {copy.preparation_}; expected {trials.preparation}"
    )
    windows = read_windows(path, copy.ch_names_, copy.preparation_, onsets)
    assert windows.X.shape == trials.X.shape, (
        f"the windows have the shape {windows.X.shape}; expected that of the trials, "
        f"{trials.X.shape}"
    )
    np.testing.assert_allclose(windows.X, np.asarray(trials.X), rtol=1e-5, atol=2e-3)
