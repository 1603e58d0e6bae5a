"""Amplitude and power over the course of a trial."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from eegkit.parameters import Count, ParameterError, Positive
from eegkit.signals import SignalArray
from eegkit.transforms._base import Transformer

# Short parts of a window; the mean of their logarithms minds a burst in one of them little.
N_PARTS = 8


class TimeCourse(Transformer):
    """Mean amplitude, or logarithmic power, of every channel in windows side by side.

    The features of slow potentials: amplitudes averaged over windows in the order of time. For the
    power of a rhythm, put a `BandPass` before.

    Parameters
    ----------
    max_memory_mb, n_jobs
        See `Transformer`.
    n_windows : int, default 7
        Windows that the trial is divided into, as equal as its samples allow.
    output : {"amplitude", "log_power"}, default "amplitude"
        Mean in µV, or the natural logarithm of the mean square in µV². The latter is the mean of
        those of eight short parts of each window, so that a short burst weighs little.
    amin : float, default 1e-6
        Power below which no logarithm is taken, in µV².

    Raises
    ------
    ValueError
        On `fit`: there are more windows, or parts of windows, than samples.

    References
    ----------
    B. Blankertz et al. (2011), Single-trial analysis and classification of ERP components: a
    tutorial, NeuroImage 56(2), 814-825, section "Spatio-temporal features".

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.transforms import TimeCourse
    >>> np.asarray(TimeCourse(n_windows=2).fit_transform(np.arange(4.0).reshape(1, 1, 4)))
    array([[0.5, 2.5]], dtype=float32)
    """

    n_windows: Count = 7
    output: Literal["amplitude", "log_power"] = "amplitude"
    amin: Positive = 1e-6

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {"n_windows": 1}

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        return {"n_windows": [4, 7, 10, 14]}

    def prepare(self, signals: SignalArray) -> None:
        n_channels, n_times = signals.shape[1:]
        n_means = self.n_windows * (N_PARTS if self.output == "log_power" else 1)
        if n_means > n_times:
            raise ParameterError(
                f"n_windows is {self.n_windows}, which takes {n_means} samples or more; the trials "
                f"have {n_times}.",
                "n_windows",
            )
        self.output_shape_ = (n_channels * self.n_windows,)

    def transform_block(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        if self.output == "amplitude":
            means = window_means(block, self.n_windows)
        else:
            power = window_means(np.square(block), self.n_windows * N_PARTS)
            means = window_means(np.log(np.maximum(power, self.amin)), self.n_windows)
        return means.reshape(len(block), -1)

    def output_metadata(self, signals: SignalArray) -> dict[str, Any]:
        return {}


def window_means(block: NDArray[np.float32], n_windows: int) -> NDArray[np.float32]:
    """Means of windows, shape (n_trials, n_channels, n_windows)."""
    windows = np.array_split(block, n_windows, axis=2)
    return np.stack([w.mean(axis=2, dtype=np.float64) for w in windows], 2).astype(np.float32)
